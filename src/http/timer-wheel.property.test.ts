import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { VirtualClock } from "../../sim/virtual-clock.ts";
import { TimerWheel, WheelEntry } from "./timer-wheel.ts";

const TICK_MS = 20;

const plans = fc.array(
  fc.record({
    atMs: fc.nat(5_000),
    delayMs: fc.nat(30_000),
    /** Cancelled or moved at this time, if ever. */
    changeMs: fc.option(fc.nat(20_000), { nil: undefined }),
    movedBy: fc.option(fc.nat(15_000), { nil: undefined }),
  }),
  { maxLength: 40 },
);

test("every entry fires once, never early and at most a tick late", async () => {
  await fc.assert(
    fc.asyncProperty(plans, async (planned) => {
      const clock = new VirtualClock();
      const wheel = new TimerWheel(clock, { tickMs: TICK_MS });
      const checks: (() => void)[] = [];
      for (const plan of planned) {
        let dueMs: number | undefined;
        const firedMs: number[] = [];
        const entry = new WheelEntry(() => firedMs.push(clock.monotonic()));
        clock.schedule(plan.atMs, () => {
          dueMs = clock.monotonic() + plan.delayMs;
          wheel.arm(entry, plan.delayMs);
        });
        if (plan.changeMs !== undefined) {
          clock.schedule(plan.atMs + plan.changeMs, () => {
            if (firedMs.length > 0) return;
            entry.cancel();
            dueMs = undefined;
            if (plan.movedBy === undefined) return;
            dueMs = clock.monotonic() + plan.movedBy;
            wheel.arm(entry, plan.movedBy);
          });
        }
        checks.push(() => {
          if (dueMs === undefined) return assert.deepEqual(firedMs, []);
          assert.equal(firedMs.length, 1);
          const lateMs = (firedMs[0] as number) - dueMs;
          // Due at once still means the next tick.
          assert.ok(lateMs >= 0 && lateMs <= TICK_MS, `late by ${lateMs} ms`);
        });
      }
      await clock.runUntil(() => false, { limitMs: 100_000 });
      for (const check of checks) check();
      assert.equal(wheel.size, 0);
      assert.equal(clock.pending, 0);
    }),
    { numRuns: 100 },
  );
});

test("an entry may arm itself again and cancel others while it fires", async () => {
  const clock = new VirtualClock();
  const wheel = new TimerWheel(clock, { tickMs: TICK_MS });
  let fired = 0;
  const other = wheel.schedule(100, () => assert.fail("was cancelled"));
  const entry = new WheelEntry(() => {
    other.cancel();
    if (++fired < 5) wheel.arm(entry, 50);
  });
  wheel.arm(entry, 100);
  await clock.advance(1_000);
  assert.equal(fired, 5);
});

test("ten thousand time-outs cost one timer of the clock", () => {
  const clock = new VirtualClock();
  const wheel = new TimerWheel(clock, { tickMs: TICK_MS });
  for (let index = 0; index < 10_000; index++) wheel.schedule(1_000 + index, () => {});
  assert.equal(clock.pending, 1);
});
