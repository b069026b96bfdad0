import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { assignSlice, positionAmong } from "./subset.ts";

const PODS = ["a", "b", "c", "d", "e"];

test("pods are dealt in runs, the rest one by one from the tail", () => {
  assert.deepEqual(assignSlice(PODS, { count: 2, index: 0 }, 1), ["a", "b", "e"]);
  assert.deepEqual(assignSlice(PODS, { count: 2, index: 1 }, 1), ["c", "d"]);
});

test("more activators than pods share pods", () => {
  assert.deepEqual(assignSlice(["a", "b"], { count: 3, index: 2 }, 1), ["a"]);
});

test("without a limit, alone or unlisted, an activator uses all pods", () => {
  assert.deepEqual(assignSlice(PODS, { count: 2, index: 0 }, 0), PODS);
  assert.deepEqual(assignSlice(PODS, { count: 1, index: 0 }, 1), PODS);
  assert.deepEqual(assignSlice(PODS, { count: 2, index: -1 }, 1), PODS);
});

test("every pod belongs to exactly one activator when there are enough pods", () => {
  fc.assert(
    fc.property(fc.integer({ min: 2, max: 40 }), fc.integer({ min: 2, max: 10 }), (pods, activators) => {
      fc.pre(pods >= activators);
      const all = Array.from({ length: pods }, (_, index) => index);
      const dealt = Array.from({ length: activators }, (_, index) =>
        assignSlice(all, { count: activators, index }, 1),
      ).flat();
      assert.deepEqual(
        [...dealt].sort((a, b) => a - b),
        all,
      );
    }),
  );
});

test("Endpoints without our own address say nothing about us", () => {
  assert.equal(positionAmong(["10.0.0.1"], "10.0.0.2"), undefined);
  assert.deepEqual(positionAmong(["10.0.0.3", "10.0.0.2"], "10.0.0.2"), { count: 2, index: 0 });
});
