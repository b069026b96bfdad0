import type { Clock, Timer } from "../base/clock.ts";

/** What waits in a wheel; an object may implement it and be armed again and again without an allocation. */
export class WheelEntry implements Timer {
  readonly #run: () => void;
  /** @internal */
  wheel: TimerWheel | undefined;
  previous: WheelEntry | undefined;
  next: WheelEntry | undefined;
  dueTick = 0;

  constructor(run: () => void) {
    this.#run = run;
  }

  get armed(): boolean {
    return this.wheel !== undefined;
  }

  cancel(): void {
    this.wheel?.disarm(this);
  }

  fire(): void {
    this.#run();
  }
}

const SLOTS = 512;

/**
 * Thousands of time-outs on one timer of the clock: never early, late by at most one tick and what the clock adds.
 * Arming and cancelling cost a list operation.
 */
export class TimerWheel {
  readonly #clock: Clock;
  readonly #tickMs: number;
  readonly #slots: (WheelEntry | undefined)[] = new Array(SLOTS).fill(undefined);
  #count = 0;
  /** Every entry due at or before this tick has fired. */
  #tick = 0;
  #timer: Timer | undefined;
  #timerTick = 0;

  constructor(clock: Clock, options: { tickMs?: number } = {}) {
    this.#clock = clock;
    this.#tickMs = options.tickMs ?? 20;
  }

  get size(): number {
    return this.#count;
  }

  schedule(delayMs: number, task: () => void): Timer {
    const entry = new WheelEntry(task);
    this.arm(entry, delayMs);
    return entry;
  }

  /** Sets or moves `entry` to `delayMs` from now, which the caller may have read already. */
  arm(entry: WheelEntry, delayMs: number, nowMs = this.#clock.monotonic()): void {
    entry.cancel();
    if (this.#count === 0) this.#tick = Math.floor(nowMs / this.#tickMs);
    entry.dueTick = Math.max(this.#tick + 1, Math.ceil((nowMs + Math.max(0, delayMs)) / this.#tickMs));
    entry.wheel = this;
    const slot = entry.dueTick % SLOTS;
    const head = this.#slots[slot];
    entry.previous = undefined;
    entry.next = head;
    if (head) head.previous = entry;
    this.#slots[slot] = entry;
    this.#count++;
    if (!this.#timer || entry.dueTick < this.#timerTick) this.#setTimer(entry.dueTick, nowMs);
  }

  disarm(entry: WheelEntry): void {
    if (entry.wheel !== this) return;
    if (entry.previous) entry.previous.next = entry.next;
    else this.#slots[entry.dueTick % SLOTS] = entry.next;
    if (entry.next) entry.next.previous = entry.previous;
    entry.wheel = undefined;
    entry.next = undefined;
    entry.previous = undefined;
    this.#count--;
    if (this.#count === 0) this.#dropTimer();
  }

  #dropTimer(): void {
    this.#timer?.cancel();
    this.#timer = undefined;
  }

  #setTimer(tick: number, nowMs: number): void {
    this.#timer?.cancel();
    this.#timerTick = tick;
    this.#timer = this.#clock.schedule(Math.max(0, tick * this.#tickMs - nowMs), this.#onTimer);
  }

  readonly #onTimer = (): void => {
    this.#timer = undefined;
    const nowMs = this.#clock.monotonic();
    const nowTick = Math.floor(nowMs / this.#tickMs);
    const due = this.#takeDue(nowTick);
    this.#tick = Math.max(this.#tick, nowTick);
    // Earliest first, so that a late clock does not change the order between ticks.
    due.sort((left, right) => left.dueTick - right.dueTick);
    for (const entry of due) {
      // One that fired before may have cancelled or moved this one.
      if (entry.wheel !== this || entry.dueTick > nowTick) continue;
      this.disarm(entry);
      entry.fire();
    }
    if (this.#count > 0) this.#setTimer(this.#nextTick(), this.#clock.monotonic());
  };

  #takeDue(nowTick: number): WheelEntry[] {
    const due: WheelEntry[] = [];
    const last = Math.min(nowTick, this.#tick + SLOTS);
    for (let tick = this.#tick + 1; tick <= last; tick++) {
      for (let entry = this.#slots[tick % SLOTS]; entry; entry = entry.next) {
        if (entry.dueTick <= nowTick) due.push(entry);
      }
    }
    return due;
  }

  /** The next tick at which something is due; one turn of the wheel ahead when all of it lies beyond. */
  #nextTick(): number {
    for (let tick = this.#tick + 1; tick <= this.#tick + SLOTS; tick++) {
      for (let entry = this.#slots[tick % SLOTS]; entry; entry = entry.next) {
        if (entry.dueTick === tick) return tick;
      }
    }
    return this.#tick + SLOTS;
  }
}
