import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import type { Clock } from "../base/clock.ts";
import { WorkQueue } from "./work-queue.ts";

/** Time that moves only when told to. */
class ManualClock implements Clock {
  #nowMs = 0;
  #tasks: { atMs: number; task: () => void }[] = [];
  wall = () => this.#nowMs;
  monotonic = () => this.#nowMs;
  schedule(delayMs: number, task: () => void) {
    const entry = { atMs: this.#nowMs + delayMs, task };
    this.#tasks.push(entry);
    return {
      cancel: () => {
        this.#tasks = this.#tasks.filter((other) => other !== entry);
      },
    };
  }
  async advance(byMs: number): Promise<void> {
    const untilMs = this.#nowMs + byMs;
    for (;;) {
      await settle();
      const next = this.#tasks.filter((t) => t.atMs <= untilMs).sort((a, b) => a.atMs - b.atMs)[0];
      if (!next) break;
      this.#tasks = this.#tasks.filter((other) => other !== next);
      this.#nowMs = next.atMs;
      next.task();
    }
    this.#nowMs = untilMs;
  }
}

async function settle(): Promise<void> {
  for (let turn = 0; turn < 20; turn++) await Promise.resolve();
}

const command = fc.oneof(
  fc.record({ verb: fc.constant("add" as const), key: fc.nat(3) }),
  fc.record({ verb: fc.constant("slow" as const), key: fc.nat(3) }),
  fc.record({ verb: fc.constant("after" as const), key: fc.nat(3), delayMs: fc.nat(50) }),
  fc.record({ verb: fc.constant("finish" as const), key: fc.nat(3) }),
  fc.record({ verb: fc.constant("advance" as const), byMs: fc.nat(40) }),
);

test("every add is followed by a start, no key runs twice at once and no more than the workers run", async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(command, { maxLength: 60 }),
      fc.integer({ min: 1, max: 3 }),
      async (commands, workersMax) => {
        const clock = new ManualClock();
        const running = new Map<string, () => void>();
        /** Keys whose last add has not been seen by a start yet: the model. */
        const owed = new Set<string>();
        const work = (key: string) => {
          assert.ok(!running.has(key), `${key} runs twice`);
          assert.ok(running.size < workersMax, "more work than workers");
          owed.delete(key);
          return new Promise<void>((resolve) => running.set(key, resolve));
        };
        const queue = new WorkQueue({ clock, work, workersMax });
        queue.start();
        const finish = async (key: string) => {
          const done = running.get(key);
          running.delete(key);
          done?.();
          await clock.advance(0);
        };
        for (const step of commands) {
          if (step.verb === "advance") await clock.advance(step.byMs);
          else if (step.verb === "finish") await finish(`k${step.key}`);
          else {
            owed.add(`k${step.key}`);
            if (step.verb === "add") queue.add(`k${step.key}`);
            else if (step.verb === "slow") queue.addSlow(`k${step.key}`);
            else queue.addAfter(`k${step.key}`, step.delayMs);
          }
        }
        await clock.advance(100);
        for (let round = 0; round < 20 && running.size > 0; round++)
          for (const key of [...running.keys()]) await finish(key);
        assert.deepEqual([...owed], []);
        assert.ok(queue.idle);
      },
    ),
    { numRuns: 200 },
  );
});

test("a key added many times while it waits is worked on once", async () => {
  const clock = new ManualClock();
  let runs = 0;
  const queue = new WorkQueue({ clock, work: async () => void runs++ });
  queue.start();
  for (let time = 0; time < 5; time++) queue.add("a");
  await clock.advance(10);
  assert.equal(runs, 1);
});

test("failures come back later each time until the key is forgotten", () => {
  const queue = new WorkQueue({
    clock: new ManualClock(),
    work: async () => {},
    backOff: { firstMs: 10, maxMs: 50 },
  });
  assert.deepEqual(
    [1, 2, 3, 4].map(() => queue.addRateLimited("a")),
    [10, 20, 40, 50],
  );
  queue.forget("a");
  assert.equal(queue.addRateLimited("a"), 10);
});

test("what changed goes before a look at everything, and is not looked at twice", async () => {
  const clock = new ManualClock();
  const order: string[] = [];
  const work = async (key: string) => void order.push(key);
  const queue = new WorkQueue({ clock, work, workersMax: 1 });
  for (const key of ["a", "b", "c"]) queue.addSlow(key);
  for (const key of ["d", "c"]) queue.add(key);
  queue.addSlow("d");
  queue.start();
  await clock.advance(10);
  assert.deepEqual(order, ["d", "c", "a", "b"]);
  assert.ok(queue.idle);
});
