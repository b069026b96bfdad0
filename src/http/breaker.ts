import { assert } from "../base/assert.ts";
import type { Cancel } from "../base/cancel.ts";

export interface BreakerOptions {
  /** Waiters allowed beyond `maxConcurrency` (spec Q-038, T-016, T-019). */
  readonly queueDepth: number;
  /** Most slots there can ever be; Infinity is allowed. */
  readonly maxConcurrency: number;
  /** Slots to begin with; default `maxConcurrency`; 0 = everyone waits. */
  readonly initialCapacity?: number;
}

/** A slot that is held; `release` gives it back exactly once however often it is called. */
export interface Slot {
  release(): void;
}

interface Waiter {
  readonly admit: (slot: Slot) => void;
  stopListening: () => void;
}

/** Limits how many run at a time; the rest wait first come, first served. Pure: no clock, no I/O. */
export class Breaker {
  readonly #maxConcurrency: number;
  readonly #totalMax: number;
  /** In the order in which they came; a Set, because those who leave do so from anywhere. */
  readonly #waiters = new Set<Waiter>();
  #capacity: number;
  #running = 0;
  #admitting = false;

  constructor(options: BreakerOptions) {
    const { queueDepth, maxConcurrency, initialCapacity = maxConcurrency } = options;
    assert(queueDepth >= 0 && maxConcurrency >= 1, "a breaker has at least one slot");
    this.#maxConcurrency = maxConcurrency;
    this.#totalMax = queueDepth + maxConcurrency;
    this.#capacity = Math.min(initialCapacity, maxConcurrency);
  }

  get capacity(): number {
    return this.#capacity;
  }

  get running(): number {
    return this.#running;
  }

  get waiting(): number {
    return this.#waiters.size;
  }

  /**
   * "admitted": `admit` was called before the return. "waiting": it is called when a slot is free, unless `cancel` is
   * raised first. "full": running + waiting = queueDepth + maxConcurrency (spec Q-039); `admit` is never called.
   */
  enter(cancel: Cancel, admit: (slot: Slot) => void): "admitted" | "waiting" | "full" {
    if (this.#running + this.#waiters.size >= this.#totalMax) return "full";
    if (this.#waiters.size === 0 && this.#running < this.#capacity) {
      admit(this.#take());
      return "admitted";
    }
    const waiter: Waiter = { admit, stopListening: () => {} };
    this.#waiters.add(waiter);
    waiter.stopListening = cancel.onRaise(() => this.#waiters.delete(waiter));
    return "waiting";
  }

  /** A slot at once, past nobody who waits, or nothing (spec T-019). */
  reserve(): Slot | undefined {
    if (this.#waiters.size > 0 || this.#running >= this.#capacity) return undefined;
    return this.#take();
  }

  /** At most `maxConcurrency`. Never takes a slot from one that runs (spec Q-039). */
  setCapacity(capacity: number): void {
    this.#capacity = Math.max(0, Math.min(capacity, this.#maxConcurrency));
    this.#admitWaiters();
  }

  #take(): Slot {
    this.#running++;
    return new HeldSlot(this.#giveBack);
  }

  readonly #giveBack = (): void => {
    this.#running--;
    this.#admitWaiters();
  };

  /** A loop rather than recursion: those admitted may give their slot back at once. */
  #admitWaiters(): void {
    if (this.#admitting) return;
    this.#admitting = true;
    try {
      while (this.#running < this.#capacity) {
        const { value: waiter } = this.#waiters.values().next();
        if (!waiter) break;
        this.#waiters.delete(waiter);
        waiter.stopListening();
        waiter.admit(this.#take());
      }
    } finally {
      this.#admitting = false;
    }
  }
}

class HeldSlot implements Slot {
  #giveBack: (() => void) | undefined;

  constructor(giveBack: () => void) {
    this.#giveBack = giveBack;
  }

  release(): void {
    const giveBack = this.#giveBack;
    this.#giveBack = undefined;
    giveBack?.();
  }
}
