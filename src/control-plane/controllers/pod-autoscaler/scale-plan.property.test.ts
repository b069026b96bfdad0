import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { defaultConfig } from "../../../api/config/config.ts";
import { planScale, type ScaleFacts } from "./scale-plan.ts";

const { autoscaler: config } = defaultConfig();

const facts: fc.Arbitrary<ScaleFacts> = fc.record({
  source: fc.record({
    annotations: fc.record(
      {
        "autoscaling.knative.dev/min-scale": fc.integer({ min: 0, max: 3 }).map(String),
        "autoscaling.knative.dev/max-scale": fc.integer({ min: 3, max: 9 }).map(String),
        "autoscaling.knative.dev/scale-to-zero-pod-retention-period": fc.constantFrom("0s", "90s"),
        "autoscaling.knative.dev/target-burst-capacity": fc.constantFrom("-1", "0", "211"),
      },
      { requiredKeys: [] },
    ),
    containerConcurrency: fc.constant(0),
    reachability: fc.constantFrom("Reachable", "Unreachable", ""),
  }),
  config: fc.boolean().map((enableScaleToZero) => ({ ...config, enableScaleToZero })),
  progressDeadlineMs: fc.constant(600_000),
  activity: fc.constantFrom("active" as const, "activating" as const, "inactive" as const),
  activityForMs: fc.integer({ min: 0, max: 1_000_000 }),
  scaleTargetInitialized: fc.boolean(),
  desiredScale: fc.integer({ min: -1, max: 20 }),
  proxyMode: fc.boolean(),
  inProxyForMs: fc.integer({ min: 0, max: 100_000 }),
  activatorConfirmed: fc.constantFrom(undefined, true, false),
});

test("the last pod goes when the activator was seen, or after a failed activation", () => {
  fc.assert(
    fc.property(facts, (one) => {
      const plan = planScale(one);
      if (!plan.apply || plan.want !== 0) return;
      assert.ok(one.config.enableScaleToZero);
      if (one.activity === "activating") return assert.ok(one.activityForMs > 630_000);
      assert.equal(one.activity, "inactive");
      const burst = one.source.annotations["autoscaling.knative.dev/target-burst-capacity"];
      assert.ok(burst === "-1" || one.activatorConfirmed === true);
      assert.ok(one.activityForMs >= 30_000 || one.inProxyForMs >= 30_000);
    }),
  );
});

test("what is applied lies within the bounds of a reachable revision", () => {
  fc.assert(
    fc.property(facts, (one) => {
      const { apply, want } = planScale(one);
      if (!apply) return;
      const { annotations, reachability } = one.source;
      const max = Number(annotations["autoscaling.knative.dev/max-scale"] ?? 0);
      const min = Number(annotations["autoscaling.knative.dev/min-scale"] ?? 0);
      if (max > 0) assert.ok(want <= max);
      if (reachability !== "Unreachable") assert.ok(want >= min);
    }),
  );
});

test("who must wait is told when to look again, or asks the activator", () => {
  fc.assert(
    fc.property(facts, (one) => {
      const plan = planScale(one);
      if (plan.apply || plan.activatorProbe || plan.want < 0) return;
      const settles = one.activity === "active" && !one.proxyMode;
      assert.ok(settles || (plan.reconcileAfterMs ?? 0) > 0, JSON.stringify(plan));
    }),
  );
});
