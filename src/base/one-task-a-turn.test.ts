import assert from "node:assert/strict";
import { test } from "node:test";
import { systemClock } from "./clock.ts";
import { oneTaskATurn } from "./one-task-a-turn.ts";

const turn = () => new Promise((resolve) => setImmediate(resolve));

test("tasks put off to the next turn run in order, one in each", async () => {
  const clock = oneTaskATurn(systemClock);
  const ran: string[] = [];
  const note = (name: string) => () => void ran.push(name);
  clock.schedule(0, note("a"));
  clock.schedule(0, () => {
    ran.push("b");
    clock.schedule(0, note("d"));
  });
  const cancelled = clock.schedule(0, note("never"));
  clock.schedule(0, note("c"));
  cancelled.cancel();
  const seen: number[] = [];
  for (let count = 0; count < 8; count++) {
    await turn();
    seen.push(ran.length);
  }
  assert.deepEqual(ran, ["a", "b", "c", "d"]);
  seen.reduce((before, after) => {
    assert.ok(after - before <= 1, seen.join());
    return after;
  }, 0);
});

test("a task that fails holds up none of those behind it", async () => {
  const tasks: (() => void)[] = [];
  const clock = oneTaskATurn({
    wall: () => 0,
    monotonic: () => 0,
    schedule(_delayMs, task) {
      tasks.push(task);
      return { cancel() {} };
    },
  });
  let ran = 0;
  clock.schedule(0, () => {
    throw new Error("broken");
  });
  clock.schedule(0, () => void ran++);
  assert.throws(() => tasks.shift()?.(), /broken/);
  tasks.shift()?.();
  assert.equal(ran, 1);
  clock.schedule(0, () => void ran++);
  tasks.shift()?.();
  assert.equal(ran, 2);
  clock.schedule(5, () => void ran++);
  assert.equal(tasks.length, 1, "what waits for a time is the clock's own matter");
});
