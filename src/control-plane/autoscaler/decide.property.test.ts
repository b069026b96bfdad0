import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import type { DeciderSpec } from "../../api/wire/decider.ts";
import { type DeciderState, decide, initialState, type Observation } from "./decide.ts";

const spec = fc.record({
  maxScaleUpRate: fc.double({ min: 1.1, max: 1000, noNaN: true }),
  maxScaleDownRate: fc.double({ min: 1.1, max: 100, noNaN: true }),
  scalingMetric: fc.constantFrom("concurrency", "rps"),
  targetValue: fc.double({ min: 0.01, max: 500, noNaN: true }),
  totalValue: fc.double({ min: 0.01, max: 500, noNaN: true }),
  targetBurstCapacity: fc.constantFrom(-1, 0, 10, 211),
  activatorCapacity: fc.constant(100),
  panicThreshold: fc.double({ min: 1.1, max: 10, noNaN: true }),
  stableWindowMs: fc.constantFrom(6_000, 60_000),
  scaleDownDelayMs: fc.constantFrom(0, 10_000),
  initialScale: fc.integer({ min: 0, max: 5 }),
  reachable: fc.boolean(),
  activationScale: fc.integer({ min: 0, max: 5 }),
});
const observation = fc.record({
  readyPods: fc.integer({ min: 0, max: 200 }),
  stable: fc.double({ min: 0, max: 20_000, noNaN: true }),
  panic: fc.double({ min: 0, max: 20_000, noNaN: true }),
});
const START_MS = 1_700_000_000_000;

function decideAll(scaleSpec: DeciderSpec, seen: readonly Observation[]) {
  let state: DeciderState = initialState(scaleSpec, 0, START_MS);
  return seen.map((one, index) => {
    const nowMs = START_MS + 2_000 * (index + 1);
    const next = decide({ state, spec: scaleSpec, observation: one, nowMs });
    state = next.state;
    return { ...next.decision, state };
  });
}

test("more load never means fewer pods", () => {
  fc.assert(
    fc.property(spec, observation, fc.double({ min: 1, max: 10, noNaN: true }), (scaleSpec, low, factor) => {
      const high = { ...low, stable: low.stable * factor, panic: low.panic * factor };
      const [less] = decideAll(scaleSpec, [low]);
      const [more] = decideAll(scaleSpec, [high]);
      assert.ok((more?.desiredPodCount ?? 0) >= (less?.desiredPodCount ?? 0));
    }),
  );
});

test("one decision never goes beyond the rates, the activation scale apart", () => {
  fc.assert(
    fc.property(spec, observation, (scaleSpec, one) => {
      const [decision] = decideAll(scaleSpec, [one]);
      const ready = Math.max(1, one.readyPods);
      const most = Math.max(Math.ceil(scaleSpec.maxScaleUpRate * ready), scaleSpec.activationScale);
      const least = scaleSpec.reachable ? Math.floor(ready / scaleSpec.maxScaleDownRate) : 0;
      const desired = decision?.desiredPodCount ?? -1;
      assert.ok(desired <= most && desired >= least, `${desired} outside ${least}…${most}`);
    }),
  );
});

test("in panic the scale never falls", () => {
  fc.assert(
    fc.property(spec, fc.array(observation, { minLength: 2, maxLength: 30 }), (scaleSpec, seen) => {
      const decisions = decideAll({ ...scaleSpec, scaleDownDelayMs: 0 }, seen);
      for (const [index, { state, desiredPodCount }] of decisions.entries()) {
        const before = decisions[index - 1];
        if (before?.state.panicAtMs !== undefined && state.panicAtMs !== undefined)
          assert.ok(desiredPodCount >= before.desiredPodCount);
      }
    }),
  );
});

test("panic ends only when a stable window has passed without being over the threshold", () => {
  fc.assert(
    fc.property(spec, fc.array(observation, { minLength: 2, maxLength: 60 }), (scaleSpec, seen) => {
      let overAtMs: number | undefined;
      for (const [index, { state }] of decideAll(scaleSpec, seen).entries()) {
        const nowMs = START_MS + 2_000 * (index + 1);
        if (state.panicAtMs === nowMs) overAtMs = nowMs;
        if (overAtMs !== undefined && nowMs - overAtMs <= scaleSpec.stableWindowMs)
          assert.ok(state.panicAtMs !== undefined);
      }
    }),
  );
});

test("a scale-down delay only ever keeps more pods", () => {
  fc.assert(
    fc.property(spec, fc.array(observation, { minLength: 1, maxLength: 30 }), (scaleSpec, seen) => {
      const plain = decideAll({ ...scaleSpec, scaleDownDelayMs: 0 }, seen);
      const delayed = decideAll({ ...scaleSpec, scaleDownDelayMs: 10_000 }, seen);
      for (const [index, { desiredPodCount }] of plain.entries())
        assert.ok((delayed[index]?.desiredPodCount ?? -1) >= desiredPodCount);
    }),
  );
});
