import { setImmediate as nextTurn } from "node:timers/promises";
import { assert } from "../src/base/assert.ts";
import type { Clock, Timer } from "../src/base/clock.ts";
import type { Random } from "../src/base/random.ts";

export interface VirtualClockOptions {
  /** Wall time at the start; default 2030-01-01T00:00:00Z. */
  readonly startWallMs?: number;
  /** Breaks ties between timers of the same moment; without it they run in the order in which they were made. */
  readonly random?: Random;
}

interface Entry {
  readonly dueMs: number;
  readonly tie: number;
  readonly sequence: number;
  task: (() => void) | undefined;
}

/** More timers than this at one moment means that something reschedules itself without end. */
const TIMERS_PER_MOMENT_MAX = 1_000_000;

/** Time that moves only when told to: between two timers every microtask runs, so that a run is reproducible. */
export class VirtualClock implements Clock {
  readonly #startWallMs: number;
  readonly #random: Random | undefined;
  readonly #heap: Entry[] = [];
  #nowMs = 0;
  #wallOffsetMs = 0;
  #sequence = 0;
  readonly #turnEnds: (() => void)[] = [];

  constructor(options: VirtualClockOptions = {}) {
    this.#startWallMs = options.startWallMs ?? Date.UTC(2030, 0, 1);
    this.#random = options.random;
  }

  wall(): number {
    return this.#startWallMs + this.#wallOffsetMs + this.#nowMs;
  }

  monotonic(): number {
    return this.#nowMs;
  }

  schedule(delayMs: number, task: () => void): Timer {
    const entry: Entry = {
      dueMs: this.#nowMs + Math.max(0, delayMs),
      tie: this.#random?.next() ?? 0,
      sequence: this.#sequence++,
      task,
    };
    push(this.#heap, entry);
    return {
      cancel: () => {
        entry.task = undefined;
      },
    };
  }

  /** Timers that wait. */
  get pending(): number {
    return this.#heap.reduce((count, entry) => count + (entry.task ? 1 : 0), 0);
  }

  /** The wall clock jumps, as when somebody sets it; monotonic time does not. */
  jumpWall(byMs: number): void {
    this.#wallOffsetMs += byMs;
  }

  /** Calls `listener` when a task and every microtask that followed from it are over. */
  onTurnEnd(listener: () => void): void {
    this.#turnEnds.push(listener);
  }

  /** Runs everything that is due within the next `ms`; the clock stands exactly there afterwards. */
  async advance(ms: number): Promise<void> {
    const untilMs = this.#nowMs + ms;
    await this.runUntil(() => false, { limitMs: ms });
    this.#nowMs = Math.max(this.#nowMs, untilMs);
  }

  /**
   * Runs timers until `done` holds, none is left, or the next one lies beyond `limitMs` from now. Returns whether
   * `done` held.
   */
  async runUntil(done: () => boolean, options: { limitMs?: number } = {}): Promise<boolean> {
    const untilMs = this.#nowMs + (options.limitMs ?? Number.POSITIVE_INFINITY);
    let momentMs = this.#nowMs;
    let atThisMoment = 0;
    await this.#turn();
    while (!done()) {
      const entry = this.#takeDue(untilMs);
      if (!entry) return false;
      atThisMoment = entry.dueMs === momentMs ? atThisMoment + 1 : 0;
      momentMs = entry.dueMs;
      assert(atThisMoment < TIMERS_PER_MOMENT_MAX, `timers without end at ${momentMs} ms`);
      this.#nowMs = Math.max(this.#nowMs, entry.dueMs);
      entry.task?.();
      await this.#turn();
    }
    return true;
  }

  /** Drives the clock until `promise` is settled; throws when time cannot bring that about. */
  async until<Result>(promise: Promise<Result>, options: { limitMs?: number } = {}): Promise<Result> {
    let settled = false;
    const mark = () => {
      settled = true;
    };
    promise.then(mark, mark);
    if (!(await this.runUntil(() => settled, options))) {
      throw new Error(`virtual time stands at ${this.#nowMs} ms and nothing can settle the promise`);
    }
    return promise;
  }

  async #turn(): Promise<void> {
    await nextTurn();
    for (const listener of this.#turnEnds) listener();
  }

  #takeDue(untilMs: number): Entry | undefined {
    for (;;) {
      const first = this.#heap[0];
      if (!first || first.dueMs > untilMs) return undefined;
      pop(this.#heap);
      if (first.task) return first;
    }
  }
}

function before(left: Entry, right: Entry): boolean {
  if (left.dueMs !== right.dueMs) return left.dueMs < right.dueMs;
  if (left.tie !== right.tie) return left.tie < right.tie;
  return left.sequence < right.sequence;
}

function push(heap: Entry[], entry: Entry): void {
  let index = heap.length;
  heap.push(entry);
  while (index > 0) {
    const parent = (index - 1) >> 1;
    if (!before(entry, heap[parent] as Entry)) break;
    heap[index] = heap[parent] as Entry;
    index = parent;
  }
  heap[index] = entry;
}

function pop(heap: Entry[]): void {
  const last = heap.pop() as Entry;
  if (heap.length === 0) return;
  let index = 0;
  for (;;) {
    let child = 2 * index + 1;
    if (child >= heap.length) break;
    if (child + 1 < heap.length && before(heap[child + 1] as Entry, heap[child] as Entry)) child++;
    if (!before(heap[child] as Entry, last)) break;
    heap[index] = heap[child] as Entry;
    index = child;
  }
  heap[index] = last;
}
