import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import type { DeploymentSpec } from "../../api/deployment/kind.ts";
import { bounds, rolloutSizes, type SetSize } from "./rollout.ts";

const limit = fc.oneof(
  fc.integer({ min: 0, max: 4 }),
  fc.integer({ min: 0, max: 100 }).map((percent) => `${percent}%`),
);

function specOf(
  replicas: number,
  maxSurge: number | string,
  maxUnavailable: number | string,
): DeploymentSpec {
  const template = { spec: { containers: [] } };
  const strategy = { type: "RollingUpdate" as const, rollingUpdate: { maxSurge, maxUnavailable } };
  return { replicas, selector: {}, template, strategy };
}

const set = (name: string): fc.Arbitrary<SetSize> =>
  fc
    .record({ wanted: fc.nat(6), available: fc.nat(6) })
    .map(({ wanted, available }) => ({ name, wanted, available: Math.min(wanted, available) }));

const sum = (sizes: Iterable<number>) => [...sizes].reduce((total, size) => total + size, 0);

test("no step takes a pod that is needed, none goes over the surge, and old sets never grow", () => {
  fc.assert(
    fc.property(
      fc.record({ replicas: fc.nat(8), surge: limit, unavailable: limit }),
      set("new"),
      fc.tuple(set("a"), set("b")),
      ({ replicas, surge, unavailable }, newSet, oldSets) => {
        const spec = specOf(replicas, surge, unavailable);
        const { newSize, oldSizes } = rolloutSizes(spec, newSet, oldSets);
        const { surgeMax, unavailableMax } = bounds(spec);
        const before = newSet.wanted + sum(oldSets.map(({ wanted }) => wanted));
        assert.ok(newSize + sum(oldSizes.values()) <= Math.max(before, replicas + surgeMax));
        assert.ok(newSize <= Math.max(replicas, 0));
        for (const { name, wanted } of oldSets) assert.ok((oldSizes.get(name) ?? 0) <= wanted);
        const serving =
          Math.min(newSet.available, newSize) +
          sum(oldSets.map(({ name, available }) => Math.min(available, oldSizes.get(name) ?? 0)));
        const servedBefore = newSet.available + sum(oldSets.map(({ available }) => available));
        const needed = Math.max(0, replicas - unavailableMax);
        assert.ok(serving >= Math.min(needed, servedBefore), `${serving} serve, ${needed} are needed`);
      },
    ),
    { numRuns: 2_000 },
  );
});

test("every rollout ends, with whatever pods become ready first", () => {
  fc.assert(
    fc.property(
      fc.integer({ min: 1, max: 8 }),
      fc.tuple(limit, limit),
      fc.array(fc.nat(3), { minLength: 1, maxLength: 5 }),
      (replicas, [surge, unavailable], pace) => {
        const spec = specOf(replicas, surge, unavailable);
        let newSet: SetSize = { name: "new", wanted: 0, available: 0 };
        let old: SetSize = { name: "old", wanted: replicas, available: replicas };
        for (let round = 0; round < 200; round++) {
          const { newSize, oldSizes } = rolloutSizes(spec, newSet, [old]);
          const oldSize = oldSizes.get("old") ?? 0;
          const readied = newSet.available + Math.max(1, pace[round % pace.length] ?? 1);
          newSet = { name: "new", wanted: newSize, available: Math.min(newSize, readied) };
          old = { name: "old", wanted: oldSize, available: Math.min(oldSize, old.available) };
        }
        assert.deepEqual([newSet.available, old.wanted], [replicas, 0]);
      },
    ),
    { numRuns: 300 },
  );
});
