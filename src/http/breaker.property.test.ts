import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { Cancel } from "../base/cancel.ts";
import { Breaker, type Slot } from "./breaker.ts";

/** What a breaker must do, said as plainly as possible: lists and counting. */
interface Model {
  capacity: number;
  running: number[];
  waiting: number[];
}

type Step = ["enter"] | ["reserve"] | ["release", number] | ["cancel", number] | ["capacity", number];

const steps = fc.array(
  fc.oneof(
    fc.tuple(fc.constant("enter" as const)),
    fc.tuple(fc.constant("reserve" as const)),
    fc.tuple(fc.constant("release" as const), fc.nat(30)),
    fc.tuple(fc.constant("cancel" as const), fc.nat(30)),
    fc.tuple(fc.constant("capacity" as const), fc.nat(6)),
  ),
  { maxLength: 120 },
);

class Run {
  readonly breaker: Breaker;
  readonly model: Model;
  readonly totalMax: number;
  readonly cancels: Cancel[] = [];
  readonly slots = new Map<number, Slot>();
  readonly admitted: number[] = [];
  readonly expected: number[] = [];
  next = 0;

  constructor(queueDepth: number, maxConcurrency: number, initialCapacity: number) {
    this.breaker = new Breaker({ queueDepth, maxConcurrency, initialCapacity });
    this.model = { capacity: Math.min(initialCapacity, maxConcurrency), running: [], waiting: [] };
    this.totalMax = queueDepth + maxConcurrency;
  }

  take(step: Step, maxConcurrency: number): void {
    const { model } = this;
    switch (step[0]) {
      case "enter":
        this.#enter();
        return;
      case "reserve": {
        const slot = this.breaker.reserve();
        const free = model.waiting.length === 0 && model.running.length < model.capacity;
        assert.equal(slot !== undefined, free);
        if (!slot) return;
        const id = this.#id();
        model.running.push(id);
        this.slots.set(id, slot);
        return;
      }
      case "release": {
        const id = step[1];
        this.slots.get(id)?.release();
        this.slots.get(id)?.release();
        model.running = model.running.filter((other) => other !== id);
        break;
      }
      case "cancel":
        this.cancels[step[1]]?.raise(new Error("gone"));
        model.waiting = model.waiting.filter((other) => other !== step[1]);
        break;
      case "capacity":
        this.breaker.setCapacity(step[1]);
        model.capacity = Math.min(step[1], maxConcurrency);
    }
    this.#admit();
  }

  #id(): number {
    this.cancels[this.next] ??= new Cancel();
    return this.next++;
  }

  #enter(): void {
    const { model } = this;
    const id = this.#id();
    const result = this.breaker.enter(this.cancels[id] as Cancel, (slot) => {
      this.slots.set(id, slot);
      this.admitted.push(id);
    });
    if (model.running.length + model.waiting.length >= this.totalMax) {
      assert.equal(result, "full");
      return;
    }
    model.waiting.push(id);
    this.#admit();
    assert.equal(result, model.waiting.includes(id) ? "waiting" : "admitted");
  }

  #admit(): void {
    const { model } = this;
    while (model.waiting.length > 0 && model.running.length < model.capacity) {
      const id = model.waiting.shift() as number;
      model.running.push(id);
      this.expected.push(id);
    }
  }
}

test("a breaker does what its model does, in the same order", () => {
  const sizes = fc.record({
    queueDepth: fc.nat(4),
    maxConcurrency: fc.integer({ min: 1, max: 4 }),
    initial: fc.nat(5),
  });
  fc.assert(
    fc.property(sizes, steps, ({ queueDepth, maxConcurrency, initial }, taken) => {
      const run = new Run(queueDepth, maxConcurrency, initial);
      for (const step of taken) {
        run.take(step as Step, maxConcurrency);
        assert.deepEqual(run.admitted, run.expected);
        assert.equal(run.breaker.running, run.model.running.length);
        assert.equal(run.breaker.waiting, run.model.waiting.length);
        assert.equal(run.breaker.capacity, run.model.capacity);
      }
    }),
    { numRuns: 500 },
  );
});

test("admits everyone when the capacity is infinite", () => {
  const breaker = new Breaker({
    queueDepth: 10,
    maxConcurrency: Number.POSITIVE_INFINITY,
    initialCapacity: 0,
  });
  let admitted = 0;
  for (let index = 0; index < 1_000; index++) breaker.enter(new Cancel(), () => admitted++);
  assert.equal(admitted, 0);
  breaker.setCapacity(Number.POSITIVE_INFINITY);
  assert.equal(admitted, 1_000);
});

test("admits the next in line when one releases within its own admission", () => {
  const breaker = new Breaker({ queueDepth: 100_000, maxConcurrency: 1, initialCapacity: 0 });
  const order: number[] = [];
  for (let index = 0; index < 50_000; index++) {
    breaker.enter(new Cancel(), (slot) => {
      order.push(index);
      slot.release();
    });
  }
  breaker.setCapacity(1);
  assert.equal(order.length, 50_000);
  assert.equal(breaker.running, 0);
});
