import type { Probe } from "./probe.ts";

/**
 * When to try a probe again: pure. One run is one answer to the health checks that wait for it (spec Q-026…Q-029).
 * An attempt that was refused costs us little and the application nothing, so it is repeated quickly: around the time
 * at which the port is expected every millisecond or two, seldom before it; without such knowledge ever more slowly
 * the longer the wait has been, so that the extra wait stays near 1 % of the start time. Either way the number of
 * attempts is bounded (some 700 in 10 s). An attempt that the application answered is repeated as Knative does.
 */

/** "refused": nobody listens. "failed": somebody does, but the answer was bad or late. */
export type AttemptOutcome = "ready" | "refused" | "failed";

export type NextStep = { readonly over: boolean } | { readonly retryInMs: number };

export interface RunOptions {
  /** How long a run goes on against a port that refuses although the probe is in standard mode; 0 = one attempt. */
  readonly patienceMs: number;
}

/** Aggressive mode (spec Q-028, TM-018). */
const AGGRESSIVE_INTERVAL_MS = 50;
const AGGRESSIVE_ATTEMPT_MS = 100;
const AGGRESSIVE_RUN_MS = 10_000;
const REFUSED_INTERVAL_MIN_MS = 2;
const REFUSED_INTERVAL_SHARE = 0.01;

/** When the port is expected to open, on the clock of the run. */
export interface ExpectedAt {
  readonly fromMs: number;
  readonly untilMs: number;
}

/** Attempts within the time at which the port is expected, and how close they may be. */
const EXPECTED_ATTEMPTS = 200;
const EXPECTED_INTERVAL_MIN_MS = 1;
/** Before and after it, the pause as a share of what has passed. */
const BEFORE_SHARE = 0.05;
const AFTER_SHARE = 0.05;

export class ProbeRun {
  readonly #probe: Probe;
  readonly #startedMs: number;
  readonly #waitingSinceMs: number;
  readonly #patienceMs: number;

  /** `waitingSinceMs`: when the first run of this pod that has not succeeded began. */
  constructor(probe: Probe, times: { startedMs: number; waitingSinceMs: number }, options: RunOptions) {
    this.#probe = probe;
    this.#startedMs = times.startedMs;
    this.#waitingSinceMs = times.waitingSinceMs;
    this.#patienceMs = options.patienceMs;
  }

  /** Infinity = no limit (errata Q-029). */
  get attemptTimeoutMs(): number {
    if (this.#aggressive) return AGGRESSIVE_ATTEMPT_MS;
    const { timeoutSeconds, action } = this.#probe;
    if (timeoutSeconds > 0) return timeoutSeconds * 1000;
    return action.type === "httpGet" ? Number.POSITIVE_INFINITY : 1000;
  }

  /** `consecutive` = successes in a row with this one; it survives between runs (spec Q-028). */
  next(
    outcome: AttemptOutcome,
    consecutive: number,
    now: { readonly ms: number; readonly expected?: ExpectedAt | undefined },
  ): NextStep {
    const nowMs = now.ms;
    const elapsedMs = nowMs - this.#startedMs;
    if (!this.#aggressive) {
      if (outcome === "refused" && elapsedMs < this.#patienceMs) {
        return { retryInMs: this.#refusedIntervalMs(nowMs, now.expected) };
      }
      return { over: outcome === "ready" };
    }
    if (outcome === "ready" && consecutive >= this.#probe.successThreshold) return { over: true };
    const retryInMs =
      outcome === "refused" ? this.#refusedIntervalMs(nowMs, now.expected) : this.#evenIntervalMs(elapsedMs);
    if (elapsedMs + retryInMs > AGGRESSIVE_RUN_MS) return { over: false };
    return { retryInMs };
  }

  get #aggressive(): boolean {
    return this.#probe.periodSeconds === 0;
  }

  #refusedIntervalMs(nowMs: number, expected: ExpectedAt | undefined): number {
    const waitedMs = nowMs - this.#waitingSinceMs;
    const atLeast = (pauseMs: number) =>
      Math.min(AGGRESSIVE_INTERVAL_MS, Math.max(REFUSED_INTERVAL_MIN_MS, pauseMs));
    if (expected === undefined) return atLeast(waitedMs * REFUSED_INTERVAL_SHARE);
    const { fromMs, untilMs } = expected;
    const denseMs = Math.max(EXPECTED_INTERVAL_MIN_MS, (untilMs - fromMs) / EXPECTED_ATTEMPTS);
    // A start that is faster than ever is seen too, only later.
    if (nowMs < fromMs) return Math.min(Math.max(denseMs, fromMs - nowMs), atLeast(waitedMs * BEFORE_SHARE));
    return nowMs <= untilMs ? denseMs : Math.max(denseMs, atLeast((nowMs - untilMs) * AFTER_SHARE));
  }

  /** The next multiple of the interval since the start, as a ticker has it; a timer that was early does not count. */
  #evenIntervalMs(elapsedMs: number): number {
    const leftMs = AGGRESSIVE_INTERVAL_MS - (elapsedMs % AGGRESSIVE_INTERVAL_MS);
    return leftMs < AGGRESSIVE_INTERVAL_MS / 10 ? leftMs + AGGRESSIVE_INTERVAL_MS : leftMs;
  }
}
