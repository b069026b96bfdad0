import type { Clock, Timer } from "../base/clock.ts";

/** Told of what a queue does, see `WorkQueueMetrics`. */
export interface QueueMeter {
  added(): void;
  retried(): void;
  /** Work on a key begins that has waited so long. */
  begun(waitedMs: number): void;
  done(tookMs: number): void;
}

/**
 * A level-triggered queue of keys: a key waits at most once, is never worked on twice at the same time, and one that
 * is added while being worked on is worked on once more afterwards. Failures come back with exponential back-off.
 */
export class WorkQueue {
  readonly #clock: Clock;
  readonly #work: (key: string) => Promise<void>;
  readonly #workersMax: number;
  readonly #backOff: BackOff;
  readonly #isUrgent: boolean;
  readonly #courtesyMs: () => number;
  readonly #meter: QueueMeter | undefined;
  /** Waiting keys in the order they came, and when. */
  readonly #waiting = new Map<string, number>();
  /** As above, of keys that come after all those. */
  readonly #waitingSlow = new Map<string, number>();
  /** Since when. */
  readonly #working = new Map<string, number>();
  /** Added while being worked on. */
  readonly #dirty = new Set<string>();
  readonly #delayed = new Map<string, { dueMs: number; timer: Timer }>();
  readonly #failures = new Map<string, number>();
  #started = false;
  #stopped = false;
  #pumpIsDue = false;

  /**
   * `work` must not reject. An urgent queue works in the turn in which a key comes: for what lies between a waiting
   * request and its process. All others begin in the next turn, or `courtesyMs` later, so that they come after it.
   */
  constructor(options: {
    clock: Clock;
    work: (key: string) => Promise<void>;
    workersMax?: number;
    backOff?: BackOff;
    isUrgent?: boolean;
    courtesyMs?: (() => number) | undefined;
    meter?: QueueMeter | undefined;
  }) {
    this.#clock = options.clock;
    this.#work = options.work;
    this.#workersMax = options.workersMax ?? 2;
    this.#backOff = options.backOff ?? { firstMs: 5, maxMs: 1_000_000 };
    this.#isUrgent = options.isUrgent ?? false;
    this.#courtesyMs = options.courtesyMs ?? (() => 0);
    this.#meter = options.meter;
  }

  start(): void {
    this.#started = true;
    this.#pumpSoon();
  }

  /** Forgets all that waits; what is being worked on ends by itself. */
  stop(): void {
    this.#stopped = true;
    for (const { timer } of this.#delayed.values()) timer.cancel();
    this.#delayed.clear();
    this.#waiting.clear();
    this.#waitingSlow.clear();
    this.#dirty.clear();
  }

  add(key: string): void {
    if (this.#stopped) return;
    if (this.#working.has(key)) {
      if (!this.#dirty.has(key)) this.#meter?.added();
      this.#dirty.add(key);
      return;
    }
    if (!this.#waiting.has(key) && !this.#waitingSlow.has(key)) this.#meter?.added();
    this.#enqueue(key);
  }

  /** For a look at everything: such keys are worked on while no other waits (spec C-001). */
  addSlow(key: string): void {
    if (this.#stopped || this.#waiting.has(key) || this.#waitingSlow.has(key)) return;
    if (this.#working.has(key)) {
      this.add(key);
      return;
    }
    this.#meter?.added();
    this.#waitingSlow.set(key, this.#clock.monotonic());
    this.#pumpSoon();
  }

  /** Of several delays for one key the shortest counts. */
  addAfter(key: string, delayMs: number): void {
    if (this.#stopped) return;
    if (delayMs <= 0) {
      this.add(key);
      return;
    }
    const dueMs = this.#clock.monotonic() + delayMs;
    const known = this.#delayed.get(key);
    if (known && known.dueMs <= dueMs) return;
    known?.timer.cancel();
    const timer = this.#clock.schedule(delayMs, () => {
      this.#delayed.delete(key);
      this.add(key);
    });
    this.#delayed.set(key, { dueMs, timer });
  }

  /** Adds the key after a delay that doubles with each call since the last `forget`; returns the delay. */
  addRateLimited(key: string): number {
    const failures = this.#failures.get(key) ?? 0;
    this.#failures.set(key, failures + 1);
    const delayMs = Math.min(this.#backOff.firstMs * 2 ** failures, this.#backOff.maxMs);
    this.#meter?.retried();
    this.addAfter(key, delayMs);
    return delayMs;
  }

  /** The key succeeded: its next failure waits the shortest time again. */
  forget(key: string): void {
    this.#failures.delete(key);
  }

  /** Nothing waits and nothing is being worked on; delayed keys may exist. */
  get idle(): boolean {
    return this.depth === 0 && this.#working.size === 0;
  }

  /** Keys that wait. */
  get depth(): number {
    return this.#waiting.size + this.#waitingSlow.size;
  }

  /** How long the work under way has taken: all of it together, and the oldest. */
  get unfinished(): { totalMs: number; longestMs: number } {
    const nowMs = this.#clock.monotonic();
    let totalMs = 0;
    let longestMs = 0;
    for (const sinceMs of this.#working.values()) {
      totalMs += nowMs - sinceMs;
      longestMs = Math.max(longestMs, nowMs - sinceMs);
    }
    return { totalMs, longestMs };
  }

  #enqueue(key: string): void {
    if (!this.#waiting.has(key)) {
      this.#waiting.set(key, this.#waitingSlow.get(key) ?? this.#clock.monotonic());
      this.#waitingSlow.delete(key);
    }
    this.#pumpSoon();
  }

  /** One microtask or turn later, so that the events of one turn make one round of work. */
  #pumpSoon(): void {
    if (this.#pumpIsDue || !this.#started) return;
    this.#pumpIsDue = true;
    const pump = () => {
      this.#pumpIsDue = false;
      this.#pump();
    };
    if (this.#isUrgent) queueMicrotask(pump);
    else this.#clock.schedule(this.#courtesyMs(), pump);
  }

  #pump(): void {
    for (const lane of [this.#waiting, this.#waitingSlow]) {
      for (const [key, sinceMs] of lane) {
        if (this.#stopped || this.#working.size >= this.#workersMax) return;
        lane.delete(key);
        this.#begin(key, sinceMs);
      }
    }
  }

  #begin(key: string, sinceMs: number): void {
    const nowMs = this.#clock.monotonic();
    this.#working.set(key, nowMs);
    this.#meter?.begun(nowMs - sinceMs);
    this.#work(key).then(
      () => this.#done(key),
      () => this.#done(key),
    );
  }

  /**
   * Work on the next key starts in a new turn: a burst of thousands of keys against an API in this process would
   * otherwise be one endless run of microtasks (DESIGN §4, slices).
   */
  #done(key: string): void {
    const sinceMs = this.#working.get(key) ?? 0;
    this.#working.delete(key);
    this.#meter?.done(this.#clock.monotonic() - sinceMs);
    if (this.#dirty.delete(key)) this.#enqueue(key);
    if (this.depth > 0) this.#clock.schedule(0, () => this.#pump());
  }
}

export interface BackOff {
  readonly firstMs: number;
  readonly maxMs: number;
}
