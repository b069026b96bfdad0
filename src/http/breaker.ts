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

/** Limits how many run at a time; the rest wait first come, first served. Pure: no clock, no I/O. */
export class Breaker {
  constructor(_options: BreakerOptions) {}

  get capacity(): number {
    return 0;
  }

  get running(): number {
    return 0;
  }

  get waiting(): number {
    return 0;
  }

  /**
   * "admitted": `admit` was called before the return. "waiting": it is called when a slot is free, unless `cancel` is
   * raised first. "full": running + waiting = queueDepth + maxConcurrency (spec Q-039); `admit` is never called.
   */
  enter(_cancel: Cancel, _admit: (slot: Slot) => void): "admitted" | "waiting" | "full" {
    throw new Error("not built yet");
  }

  /** A slot at once, past nobody who waits, or nothing (spec T-019). */
  reserve(): Slot | undefined {
    throw new Error("not built yet");
  }

  /** At most `maxConcurrency`. Never takes a slot from one that runs. */
  setCapacity(_capacity: number): void {}
}
