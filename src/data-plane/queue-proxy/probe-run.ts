import type { Probe } from "./probe.ts";

/**
 * When to try a probe again: pure. One run is one answer to the health checks that wait for it (spec Q-026…Q-029).
 * An attempt that was refused costs us little and the application nothing, so it is repeated quickly, ever more slowly
 * the longer the wait has been: the extra wait stays near 1 % of the start time at a bounded number of attempts (some
 * 500 in 10 s). An attempt that the application answered is repeated as Knative does.
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
  next(outcome: AttemptOutcome, consecutive: number, nowMs: number): NextStep {
    const elapsedMs = nowMs - this.#startedMs;
    if (!this.#aggressive) {
      if (outcome === "refused" && elapsedMs < this.#patienceMs) {
        return { retryInMs: this.#refusedIntervalMs(nowMs) };
      }
      return { over: outcome === "ready" };
    }
    if (outcome === "ready" && consecutive >= this.#probe.successThreshold) return { over: true };
    const retryInMs =
      outcome === "refused" ? this.#refusedIntervalMs(nowMs) : this.#evenIntervalMs(elapsedMs);
    if (elapsedMs + retryInMs > AGGRESSIVE_RUN_MS) return { over: false };
    return { retryInMs };
  }

  get #aggressive(): boolean {
    return this.#probe.periodSeconds === 0;
  }

  #refusedIntervalMs(nowMs: number): number {
    const waitedMs = nowMs - this.#waitingSinceMs;
    const share = Math.max(REFUSED_INTERVAL_MIN_MS, waitedMs * REFUSED_INTERVAL_SHARE);
    return Math.min(AGGRESSIVE_INTERVAL_MS, share);
  }

  /** The next multiple of the interval since the start, as a ticker has it; a timer that was early does not count. */
  #evenIntervalMs(elapsedMs: number): number {
    const leftMs = AGGRESSIVE_INTERVAL_MS - (elapsedMs % AGGRESSIVE_INTERVAL_MS);
    return leftMs < AGGRESSIVE_INTERVAL_MS / 10 ? leftMs + AGGRESSIVE_INTERVAL_MS : leftMs;
  }
}
