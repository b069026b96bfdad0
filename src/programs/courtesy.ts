import type { Clock } from "../base/clock.ts";

/** About the time in which a small program comes up: measured 4–8 ms. */
const COURTESY_MS = 12;
/** A stream of starts must not hold up everything else for ever. */
const PERIOD_MS = 50;

/**
 * For a moment after a process was wanted, work that nobody waits for (statuses, endpoints) stands back: on two
 * processors it would take one from the program that is starting.
 */
export class Courtesy {
  readonly #clock: Clock;
  #sinceMs = Number.NEGATIVE_INFINITY;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  begin(): void {
    const nowMs = this.#clock.monotonic();
    if (nowMs - this.#sinceMs > PERIOD_MS) this.#sinceMs = nowMs;
  }

  readonly leftMs = (): number => Math.max(0, this.#sinceMs + COURTESY_MS - this.#clock.monotonic());
}
