import { sleep } from "../../base/clock.ts";
import type { Backend } from "../backend.ts";
import { attemptProbe, type ProbeAttemptOptions, type ProbeOutcome } from "./probe-attempt.ts";
import { podKey } from "./throttle.ts";

export interface PodProberOptions extends ProbeAttemptOptions {
  /** From the start of a failed probe to the next one (spec TM-010: 200 ms). */
  readonly intervalMs: number;
  /** The first one while a request waits; it grows to `intervalMs`. */
  readonly urgentIntervalMs: number;
}

/** What a prober tells its revision, and asks it. */
export interface ProbedRevision {
  /** False: the pod is to be probed again after a while. */
  onProven(backend: Backend): boolean;
  onFailed(backend: Backend, outcome: ProbeOutcome): void;
  /** Somebody waits. */
  urgent(): boolean;
}

/**
 * Probes the unproven pods of one revision until each has passed or is gone (spec T-031, T-032, H-007). A queue-proxy
 * keeps a probe until its user container answers, so the answer usually comes the moment the pod is ready.
 */
export class PodProber {
  readonly #options: PodProberOptions;
  readonly #revision: ProbedRevision;
  readonly #running = new Map<string, AbortController>();

  constructor(options: PodProberOptions, revision: ProbedRevision) {
    this.#options = options;
    this.#revision = revision;
  }

  /** Exactly these are being probed from now on. */
  probe(unproven: readonly Backend[]): void {
    const wanted = new Set(unproven.map(podKey));
    for (const [key, abort] of this.#running) if (!wanted.has(key)) this.#stop(key, abort);
    for (const backend of unproven) {
      const key = podKey(backend);
      if (this.#running.has(key)) continue;
      const abort = new AbortController();
      this.#running.set(key, abort);
      void this.#untilProven(backend, abort);
    }
  }

  close(): void {
    for (const [key, abort] of this.#running) this.#stop(key, abort);
  }

  /** Whether this pod needs no further probe. Off the list while the revision hears of it, in case it asks anew. */
  #prove(backend: Backend, abort: AbortController): boolean {
    const key = podKey(backend);
    this.#running.delete(key);
    if (this.#revision.onProven(backend) || this.#running.has(key)) return true;
    this.#running.set(key, abort);
    return false;
  }

  #stop(key: string, abort: AbortController): void {
    this.#running.delete(key);
    abort.abort();
  }

  async #untilProven(backend: Backend, abort: AbortController): Promise<void> {
    const { clock, intervalMs, urgentIntervalMs } = this.#options;
    for (let failures = 0; !abort.signal.aborted; failures++) {
      const startedMs = clock.monotonic();
      const outcome = await attemptProbe(this.#options, backend, abort.signal);
      if (abort.signal.aborted) return;
      const passed = outcome === "passed";
      if (passed && this.#prove(backend, abort)) return;
      if (!passed) this.#revision.onFailed(backend, outcome);
      // Ever slower, so that an application that answers "not yet" is not asked fifty times a second for long.
      const urgentMs = Math.min(intervalMs, urgentIntervalMs * 1.5 ** failures);
      const pauseMs = this.#revision.urgent() && !passed ? urgentMs : intervalMs;
      await sleep(clock, Math.max(0, startedMs + pauseMs - clock.monotonic()), abort.signal);
    }
  }
}
