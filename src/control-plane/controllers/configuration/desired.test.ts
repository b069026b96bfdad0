import assert from "node:assert/strict";
import { test } from "node:test";
import type { Configuration, ConfigurationStatus } from "../../../api/configuration/kind.ts";
import type { Condition, Stored, StoredMeta } from "../../../api/object.ts";
import type { Revision } from "../../../api/revision/kind.ts";
import { desiredConfiguration } from "./desired.ts";

function meta(name: string, more: Partial<StoredMeta> = {}): StoredMeta {
  const fixed = { namespace: "default", generation: 1, creationTimestamp: "2030-01-01T00:00:00Z" };
  return { name, uid: `uid-${name}`, resourceVersion: "1", ...fixed, ...more };
}

const spec = { template: { spec: { containers: [{ name: "user-container" }] } } };

function decide(status: ConfigurationStatus, ready: Condition) {
  const configuration: Stored<Configuration> = { metadata: meta("hello"), spec, status };
  const labels = { "serving.knative.dev/configurationGeneration": "1" };
  const revision: Stored<Revision> = {
    metadata: meta("hello-00001", { labels }),
    spec: spec.template.spec,
    status: { observedGeneration: 1, conditions: [ready] },
  };
  const desired = desiredConfiguration(configuration, { revisions: [revision] }, { nowMs: 0 });
  const found = desired.status?.conditions?.find(({ type }) => type === "Ready");
  const told = [found?.status, found?.reason, found?.message].filter((text) => text !== undefined);
  return {
    ready: told.join(" "),
    reasons: desired.events?.map(({ reason }) => reason),
    status: desired.status,
  };
}

const failed: Condition = { type: "Ready", status: "False", reason: "ExitCode5", message: "no database" };

test("a Configuration becomes ready with its newest Revision, and says so once (A-048, C-018)", () => {
  const first = decide({}, { type: "Ready", status: "True" });
  assert.equal(first.ready, "True");
  assert.deepEqual(first.reasons, ["ConfigurationReady", "LatestReadyUpdate"]);
  const again = decide(first.status ?? {}, { type: "Ready", status: "True" });
  assert.deepEqual(again.reasons, []);
});

test("why the newest Revision failed is told, and whether it is one that served (A-048, C-018)", () => {
  const text = 'False RevisionFailed Revision "hello-00001" failed with message: no database.';
  const never = decide({}, failed);
  assert.equal(never.ready, text);
  assert.deepEqual(never.reasons, ["LatestCreatedFailed"]);
  const served = decide(
    { latestCreatedRevisionName: "hello-00001", latestReadyRevisionName: "hello-00001" },
    failed,
  );
  assert.equal(served.ready, text);
  assert.deepEqual(served.reasons, ["LatestReadyFailed"]);
});

test("a Revision that is not ready yet leaves the Configuration waiting without a word (A-048)", () => {
  assert.equal(decide({}, { type: "Ready", status: "Unknown", reason: "Deploying" }).ready, "Unknown");
});
