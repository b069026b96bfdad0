import assert from "node:assert/strict";
import { test } from "node:test";
import { LiveConfig } from "./live-config.ts";

test("a ConfigMap that cannot be read keeps its last good contents, and holds no other one up", () => {
  const config = new LiveConfig();
  const take = (maps: Record<string, Record<string, string>>) =>
    config.replace(new Map(Object.entries(maps)));
  assert.deepEqual(take({ "config-gc": { "min-non-active-revisions": "5" } }), []);
  const problems = take({
    "config-gc": { "min-non-active-revisions": "many" },
    "config-network": { "rollout-duration": "7" },
    "config-unknown": { anything: "goes" },
  });
  assert.deepEqual(
    problems.map(({ name }) => name),
    ["config-gc"],
  );
  assert.match(problems[0]?.why ?? "", /many/);
  assert.equal(config.current.gc.minNonActiveRevisions, 5);
  assert.equal(config.current.network.rolloutDurationSeconds, 7);
});

test("one that goes means its defaults again, also after it could not be read", () => {
  const config = new LiveConfig();
  config.replace(new Map([["config-gc", { "min-non-active-revisions": "5" }]]));
  config.replace(new Map([["config-gc", { "min-non-active-revisions": "many" }]]));
  config.replace(new Map());
  assert.equal(config.current.gc.minNonActiveRevisions, 20);
});

test("one that never could be read counts as empty", () => {
  const config = new LiveConfig({ queueSidecarImage: "queue" });
  assert.equal(config.replace(new Map([["config-deployment", {}]])).length, 1);
  assert.equal(config.current.deployment.queueSidecarImage, "queue");
});
