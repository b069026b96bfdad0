import assert from "node:assert/strict";
import { test } from "node:test";
import { EngineLogs, zapLog } from "./json-log.ts";

test("a line of the engine says level, time, program, all fields, and the message", () => {
  const lines: string[] = [];
  const log = new EngineLogs("info").of("gateway", (text) => lines.push(text));
  log.with({ component: "routes", pod: "a" }).warn("no pod answers", { pod: "b", tried: 3 });
  log.debug("below the level");
  assert.equal(lines.length, 1);
  const { time, ...rest } = JSON.parse(lines[0] ?? "");
  assert.ok(Math.abs(Date.now() - time) < 60_000);
  const fields = { component: "routes", pod: "b", tried: 3 };
  assert.deepEqual(rest, { level: 40, program: "gateway", ...fields, msg: "no pod answers" });
  assert.match(lines[0] ?? "", /\}\n$/);
});

test("a line of the lone queue-proxy has the names that Knative's have", () => {
  const lines: string[] = [];
  zapLog("queueproxy", "info", (text) => lines.push(text)).error("it broke", { code: 7 });
  const { timestamp, ...rest } = JSON.parse(lines[0] ?? "");
  assert.match(timestamp, /^\d{4}-\d\d-\d\dT[\d:.]+Z$/);
  assert.deepEqual(rest, { severity: "ERROR", logger: "queueproxy", code: 7, message: "it broke" });
});

test("fields that JSON cannot say are left out of their line, and the line says why", () => {
  const lines: string[] = [];
  const circle: Record<string, unknown> = {};
  circle.self = circle;
  zapLog("queueproxy", "info", (text) => lines.push(text)).info("odd", { circle, count: 1n, name: "x" });
  const { unwritable, ...rest } = JSON.parse(lines[0] ?? "");
  assert.match(unwritable, /circular|BigInt/i);
  assert.equal(rest.name, "x");
  assert.equal(rest.message, "odd");
  assert.equal(rest.circle, undefined);
});
