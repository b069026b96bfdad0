import assert from "node:assert/strict";
import { test } from "node:test";
import { Processor, type Slice } from "./processor.ts";
import { VirtualClock } from "./virtual-clock.ts";

function machine() {
  const clock = new VirtualClock();
  const slices: Slice[] = [];
  const ports = { clock, onSlice: (slice: Slice) => void slices.push(slice) };
  return { clock, slices, engine: new Processor("engine", ports), other: new Processor("other", ports) };
}

test("a slow slice delays what its process does next, in order, and no other process", async () => {
  const { clock, engine, other } = machine();
  const seen: [string, number][] = [];
  const note = (what: string) => seen.push([what, Math.floor(clock.monotonic())]);
  engine.clock.schedule(1, () => engine.spend(50));
  engine.clock.schedule(10, () => note("first"));
  engine.clock.schedule(20, () => note("second"));
  other.clock.schedule(20, () => note("other"));
  await clock.advance(100);
  assert.deepEqual(seen, [
    ["other", 20],
    ["first", 51],
    ["second", 51],
  ]);
});

test("what follows in microtasks belongs to the slice, and the process sees its time pass", async () => {
  const { clock, slices, engine } = machine();
  let seenMs = 0;
  engine.clock.schedule(1, async () => {
    engine.spend(3);
    await Promise.resolve();
    engine.spend(4);
    seenMs = engine.clock.monotonic();
  });
  await clock.advance(10);
  assert.equal(Math.floor(seenMs), 8);
  assert.deepEqual(
    slices.map(({ process, costMs }) => [process, Math.floor(costMs)]),
    [["engine", 7]],
  );
});

test("a timer that is cancelled while it waits for the processor never runs", async () => {
  const { clock, engine, other } = machine();
  engine.clock.schedule(1, () => engine.spend(50));
  const timer = engine.clock.schedule(10, () => assert.fail("it was cancelled"));
  other.clock.schedule(20, () => timer.cancel());
  await clock.advance(100);
});

test("methods are charged at the call or by what they resolve to", async () => {
  const { clock, slices, engine } = machine();
  const store = engine.charging(
    { write: () => "written", read: async () => [1, 2, 3] },
    { write: 2, read: (found: readonly number[]) => found.length },
  );
  engine.clock.schedule(1, () => assert.equal(store.write(), "written"));
  engine.clock.schedule(20, () => void store.read());
  await clock.advance(50);
  assert.deepEqual(
    slices.map(({ costMs }) => Math.floor(costMs)),
    [2, 3],
  );
});
