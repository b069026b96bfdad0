import type { Clock, Timer } from "../base/clock.ts";

/** Thousands of time-outs on one timer of the clock: never early, late by at most one tick. */
export class TimerWheel {
  constructor(_clock: Clock, _options: { tickMs?: number } = {}) {}

  schedule(_delayMs: number, _task: () => void): Timer {
    throw new Error("not built yet");
  }
}
