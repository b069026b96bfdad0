import assert from "node:assert/strict";
import { test } from "node:test";
import type { Log } from "../base/log.ts";
import { filteredLog, LogLevels } from "./log-levels.ts";

function written() {
  const lines: string[] = [];
  const raw = (component: unknown): Log => {
    const write = (level: string) => (message: string) => void lines.push(`${component} ${level} ${message}`);
    return {
      debug: write("debug"),
      info: write("info"),
      warn: write("warn"),
      error: write("error"),
      with: (fields) => raw(fields.component ?? component),
    };
  };
  return { lines, log: raw("engine") };
}

test("a component's lines follow its own level, all others the level of the start", () => {
  const { lines, log: raw } = written();
  const levels = new LogLevels("warn");
  const log = filteredLog(raw, levels);
  const activator = log.with({ component: "activator" });
  activator.info("one");
  levels.apply({ components: { activator: "debug", autoscaler: "error" } });
  activator.with({ revision: "hello" }).debug("two");
  log.info("three");
  log.with({ component: "autoscaler" }).warn("four");
  levels.apply({ components: {} });
  activator.info("five");
  log.with({ component: "autoscaler" }).warn("six");
  assert.deepEqual(lines, ["activator debug two", "autoscaler warn six"]);
});

test("Knative's names of components reach ebb's: controllers together, or one of them by its own name", () => {
  const levels = new LogLevels("warn");
  levels.apply({ components: { controller: "info", "route-controller": "error", queueproxy: "debug" } });
  assert.equal(levels.allows("service-controller", "info"), true);
  assert.equal(levels.allows("route-controller", "warn"), false);
  assert.equal(levels.allows("queue-proxy", "debug"), true);
  assert.equal(levels.allows("podautoscaler-controller", "info"), false, "it is the autoscaler's");
});

test("the zap configuration's level is that of all components without their own", () => {
  const levels = new LogLevels("warn");
  levels.apply({ base: "info", components: { activator: "fatal" } });
  assert.equal(levels.allows("gateway", "info"), true);
  assert.equal(levels.allows("activator", "error"), false);
});
