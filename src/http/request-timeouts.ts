/** In milliseconds; 0 = none (spec Q-046). */
export interface RequestTimeoutLimits {
  readonly totalMs: number;
  readonly responseStartMs: number;
  readonly idleMs: number;
}

export type RequestTimeoutKind = "total" | "response-start" | "idle";

const NEVER = Number.POSITIVE_INFINITY;

/**
 * When one request has taken too long (spec Q-046…Q-051): a pure machine over times that the caller reads. Ask
 * `nextCheckMs` when to look again and `check` then. Writes need not move a timer: the idle time is looked up when
 * the timer that was set before them fires.
 */
export class RequestTimeouts {
  readonly #totalAtMs: number;
  readonly #startAtMs: number;
  readonly #idleMs: number;
  #lastWriteMs: number;
  #written = false;

  constructor(limits: RequestTimeoutLimits, startedMs: number) {
    this.#totalAtMs = limits.totalMs > 0 ? startedMs + limits.totalMs : NEVER;
    this.#startAtMs = limits.responseStartMs > 0 ? startedMs + limits.responseStartMs : NEVER;
    this.#idleMs = limits.idleMs > 0 ? limits.idleMs : NEVER;
    // Idle counts from the start of the request until something is written.
    this.#lastWriteMs = startedMs;
  }

  /** A part of the answer was written (head or body). */
  wrote(nowMs: number): void {
    this.#written = true;
    this.#lastWriteMs = nowMs;
  }

  /** A 101 was sent: response-start no longer counts; bytes of the tunnel count as writes by `wrote`. */
  upgraded(nowMs: number): void {
    this.wrote(nowMs);
  }

  /** Monotonic time of the next possible time-out; Infinity when there is none. */
  nextCheckMs(): number {
    const startAtMs = this.#written ? NEVER : this.#startAtMs;
    return Math.min(this.#totalAtMs, startAtMs, this.#lastWriteMs + this.#idleMs);
  }

  check(nowMs: number): RequestTimeoutKind | undefined {
    if (nowMs >= this.#totalAtMs) return "total";
    if (!this.#written && nowMs >= this.#startAtMs) return "response-start";
    if (nowMs >= this.#lastWriteMs + this.#idleMs) return "idle";
    return undefined;
  }
}
