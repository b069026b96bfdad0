import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { BucketRing } from "./bucket-ring.ts";

const windowSeconds = fc.integer({ min: 1, max: 90 });
const writes = fc.array(
  fc.record({ afterMs: fc.integer({ min: 0, max: 40_000 }), value: fc.integer({ min: 0, max: 1000 }) }),
  { minLength: 1, maxLength: 60 },
);
const EPOCH_MS = 1_700_000_000_123;

/** The same average from the plain list of writes, in order of time. */
function naiveAverage(all: readonly { second: number; value: number }[], size: number, now: number): number {
  const last = all.at(-1)?.second ?? 0;
  let first = all[0]?.second ?? 0;
  for (const [index, { second }] of all.entries()) {
    const before = all[index - 1]?.second;
    if (before !== undefined && second - before >= size) first = second;
  }
  if (now - last >= size) return 0;
  const kept = all.filter(({ second }) => second > now - size && second >= first);
  const sum = kept.reduce((total, { value }) => total + value, 0);
  return sum / Math.min(last - first + 1, size - Math.max(0, now - last));
}

test("the linear average agrees with a recomputation from all writes", () => {
  fc.assert(
    fc.property(windowSeconds, writes, fc.integer({ min: 0, max: 100_000 }), (size, steps, laterMs) => {
      const ring = new BucketRing(size * 1000);
      const all: { second: number; value: number }[] = [];
      let atMs = EPOCH_MS;
      for (const { afterMs, value } of steps) {
        atMs += afterMs;
        ring.record(atMs, value);
        all.push({ second: Math.floor(atMs / 1000), value });
      }
      const askedMs = atMs + laterMs;
      const naive = naiveAverage(all, size, Math.floor(askedMs / 1000));
      assert.ok(Math.abs(ring.linearAverage(askedMs) - naive) < 1e-5);
    }),
  );
});

test("no average is above the largest second or below zero", () => {
  fc.assert(
    fc.property(windowSeconds, writes, (size, steps) => {
      const ring = new BucketRing(size * 1000);
      const bySecond = new Map<number, number>();
      let atMs = EPOCH_MS;
      for (const { afterMs, value } of steps) {
        atMs += afterMs;
        ring.record(atMs, value);
        const second = Math.floor(atMs / 1000);
        bySecond.set(second, (bySecond.get(second) ?? 0) + value);
      }
      const most = Math.max(...bySecond.values());
      for (const average of [ring.linearAverage(atMs), ring.weightedAverage(atMs)])
        assert.ok(average >= -1e-6 && average <= most + 1e-6);
    }),
  );
});

test("resizing to another window and at once back keeps what lay in both", () => {
  fc.assert(
    fc.property(windowSeconds, windowSeconds, fc.integer({ min: 0, max: 500 }), (size, other, value) => {
      const ring = new BucketRing(size * 1000);
      ring.record(EPOCH_MS, value);
      ring.resize(other * 1000, EPOCH_MS);
      ring.resize(size * 1000, EPOCH_MS);
      const total = ring.linearAverage(EPOCH_MS) * Math.min(size, Math.max(other, 1));
      assert.ok(ring.isEmpty(EPOCH_MS) === false && total <= value * size + 1e-3);
    }),
  );
});
