import assert from "node:assert/strict";
import { test } from "node:test";
import type { Metric } from "../../../api/metric/kind.ts";
import type { Stored } from "../../../api/object.ts";
import { collectorSpec, desired } from "./controller.ts";

const metric: Stored<Metric> = {
  metadata: {
    name: "hello-00001",
    namespace: "default",
    uid: "u",
    resourceVersion: "1",
    creationTimestamp: "2030-01-01T00:00:00Z",
    annotations: { "autoscaling.knative.dev/metric-aggregation-algorithm": "weighted-exponential" },
  },
  spec: { stableWindow: 60e9, panicWindow: 6e9, scrapeTarget: "hello-00001-private" },
};

test("windows come from nanoseconds and the algorithm from the annotation", () => {
  assert.deepEqual(collectorSpec(metric), {
    stableWindowMs: 60_000,
    panicWindowMs: 6_000,
    scrapeTarget: "hello-00001-private",
    aggregation: "weighted",
  });
});

test("a Metric is ready while collection works, and says why when it does not", () => {
  assert.deepEqual(desired({ fault: undefined }).status?.conditions, [{ type: "Ready", status: "True" }]);
  assert.deepEqual(desired({ fault: { failed: "pods exhausted" } }).status?.conditions, [
    {
      type: "Ready",
      status: "False",
      reason: "CollectionFailed",
      message: "Failed to reconcile metric collection: pods exhausted",
    },
  ]);
  assert.equal(desired({ fault: "didNotReceiveStat" }).status?.conditions?.[0]?.reason, "DidNotReceiveStat");
  const [ready] = desired({ fault: "noEndpoints" }).status?.conditions ?? [];
  assert.deepEqual([ready?.status, ready?.reason], ["Unknown", "NoEndpoints"]);
});
