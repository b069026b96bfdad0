import assert from "node:assert/strict";
import { test } from "node:test";
import { metricsText } from "../../base/metrics-text.ts";
import { type DeciderView, deciderMetrics } from "./autoscaler-metrics.ts";

const SPEC: DeciderView["spec"] = {
  maxScaleUpRate: 1000,
  maxScaleDownRate: 2,
  scalingMetric: "concurrency",
  targetValue: 70,
  totalValue: 100,
  targetBurstCapacity: 211,
  activatorCapacity: 100,
  panicThreshold: 2,
  stableWindowMs: 60_000,
  scaleDownDelayMs: 0,
  initialScale: 1,
  reachable: true,
  activationScale: 1,
};

function told(...views: DeciderView[]): string[] {
  const metrics = deciderMetrics({
    views: () => views,
    attributesOf: ({ name }) => ({ "kn.revision.name": name }),
  });
  const lines = metricsText({ resource: {}, metrics }).split("\n");
  return lines
    .filter((line) => line.startsWith("kn_"))
    .map((line) => line.replace(/,?otel_scope_\w+="[^"]*"/g, ""));
}

test("a decision is told with what it was made of, in the unit that the revision scales by", () => {
  const decision = { desiredPodCount: 3, excessBurstCapacity: -11 };
  const averages = { stable: 1.5, panic: 4 };
  const of = (name: string, scalingMetric: string, panicking: boolean): DeciderView => ({
    key: { namespace: "default", name },
    spec: { ...SPEC, scalingMetric },
    decision,
    panicking,
    averages,
  });
  assert.deepEqual(told(of("a", "concurrency", true)), [
    'kn_revision_pods_desired{kn_revision_name="a"} 3',
    'kn_revision_capacity_excess{kn_revision_name="a"} -11',
    'kn_revision_panic_mode{kn_revision_name="a"} 1',
    'kn_revision_concurrency_stable{kn_revision_name="a"} 1.5',
    'kn_revision_concurrency_panic{kn_revision_name="a"} 4',
    'kn_revision_concurrency_target{kn_revision_name="a"} 70',
  ]);
  assert.deepEqual(told(of("b", "rps", false)).slice(2), [
    'kn_revision_panic_mode{kn_revision_name="b"} 0',
    'kn_revision_rps_stable_per_second{kn_revision_name="b"} 1.5',
    'kn_revision_rps_panic_per_second{kn_revision_name="b"} 4',
    'kn_revision_rps_target_per_second{kn_revision_name="b"} 70',
  ]);
});

test("nothing is told of a decision that has not been made", () => {
  const decision = { desiredPodCount: -1, excessBurstCapacity: -111 };
  const key = { namespace: "default", name: "a" };
  assert.deepEqual(told({ key, spec: SPEC, decision, panicking: false, averages: undefined }), [
    'kn_revision_panic_mode{kn_revision_name="a"} 0',
  ]);
});
