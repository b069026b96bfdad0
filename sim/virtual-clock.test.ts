import assert from "node:assert/strict";
import { test } from "node:test";
import { seededRandom } from "../src/base/random.ts";
import { VirtualClock } from "./virtual-clock.ts";

test("runs timers by time and then by the order in which they were made", async () => {
  const clock = new VirtualClock();
  const seen: string[] = [];
  for (const [delayMs, name] of [
    [20, "c"],
    [10, "a"],
    [10, "b"],
    [30, "d"],
  ] as const) {
    clock.schedule(delayMs, () => seen.push(`${name}@${clock.monotonic()}`));
  }
  await clock.advance(25);
  assert.deepEqual(seen, ["a@10", "b@10", "c@20"]);
  assert.equal(clock.monotonic(), 25);
  assert.equal(clock.pending, 1);
});

test("runs every microtask between two timers of one moment", async () => {
  const clock = new VirtualClock();
  const seen: string[] = [];
  clock.schedule(5, () => {
    void (async () => {
      for (let step = 0; step < 5; step++) await Promise.resolve();
      seen.push("chain");
    })();
  });
  clock.schedule(5, () => seen.push("second"));
  await clock.advance(5);
  assert.deepEqual(seen, ["chain", "second"]);
});

test("never runs a cancelled timer", async () => {
  const clock = new VirtualClock();
  const timer = clock.schedule(5, () => assert.fail("ran"));
  timer.cancel();
  timer.cancel();
  await clock.advance(10);
});

test("a seed decides ties, and the same seed decides them alike", async () => {
  const order = async (seed: number) => {
    const clock = new VirtualClock({ random: seededRandom(seed) });
    const seen: number[] = [];
    for (let index = 0; index < 20; index++) clock.schedule(1, () => seen.push(index));
    await clock.advance(1);
    return seen.join();
  };
  assert.equal(await order(7), await order(7));
  assert.notEqual(await order(7), await order(8));
});

test("a wall jump leaves monotonic time alone", async () => {
  const clock = new VirtualClock({ startWallMs: 1_000 });
  await clock.advance(10);
  clock.jumpWall(-500);
  assert.deepEqual([clock.wall(), clock.monotonic()], [510, 10]);
});

test("keeps the order of a large random set", async () => {
  const clock = new VirtualClock();
  const random = seededRandom(3);
  const seen: number[] = [];
  for (let index = 0; index < 2_000; index++) {
    const delayMs = Math.floor(random.next() * 500);
    clock.schedule(delayMs, () => seen.push(delayMs));
  }
  assert.equal(await clock.runUntil(() => seen.length === 2_000), true);
  assert.deepEqual(
    seen,
    seen.toSorted((left, right) => left - right),
  );
});
