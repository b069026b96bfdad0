/** In milliseconds; 0 = none (spec Q-046). */
export interface RequestTimeoutLimits {
  readonly totalMs: number;
  readonly responseStartMs: number;
  readonly idleMs: number;
}

export type RequestTimeoutKind = "total" | "response-start" | "idle";

/**
 * When one request has taken too long (spec Q-046…Q-051): a pure machine over times that the caller reads. Ask
 * `nextCheckMs` when to look again and `check` then.
 */
export class RequestTimeouts {
  constructor(_limits: RequestTimeoutLimits, _startedMs: number) {}

  /** A part of the answer was written (head or body). */
  wrote(_nowMs: number): void {}

  /** A 101 was sent: response-start no longer counts; bytes of the tunnel count as writes by `wrote`. */
  upgraded(_nowMs: number): void {}

  /** Monotonic time of the next possible time-out; Infinity when there is none. */
  nextCheckMs(): number {
    throw new Error("not built yet");
  }

  check(_nowMs: number): RequestTimeoutKind | undefined {
    throw new Error("not built yet");
  }
}
