import { type Clock, sleep } from "../../base/clock.ts";
import type { Probe } from "./probe.ts";
import { type AttemptOutcome, ProbeRun } from "./probe-run.ts";

/** Makes one attempt; never rejects. `timeoutMs` may be Infinity. */
export type Attempt = (probe: Probe, timeoutMs: number) => Promise<AttemptOutcome>;

export interface ReadinessOptions {
  readonly probes: readonly Probe[];
  readonly attempt: Attempt;
  readonly clock: Clock;
  /**
   * How long a health check waits for a port that refuses in standard mode. 0 (one attempt, spec Q-029) in a cluster;
   * a hosted queue-proxy waits, so that the one who asks learns of the listening port without asking again.
   */
  readonly patienceMs: number;
  /** The application was seen to listen for the first time. */
  readonly onPortOpen?: () => void;
  /** All probes succeeded for the first time. */
  readonly onReady?: () => void;
}

/**
 * Answers "is the user container ready?" on demand: all probes in parallel (spec Q-030), and whoever asks while a run
 * is under way shares it and its result (spec Q-027). The run goes on when its askers have gone.
 */
export class Readiness {
  readonly #options: ReadinessOptions;
  readonly #abort = new AbortController();
  /** Successes in a row, by probe. */
  readonly #consecutive: number[];
  #run: Promise<boolean> | undefined;
  #waitingSinceMs: number | undefined;
  #portSeen = false;
  #everReady = false;

  constructor(options: ReadinessOptions) {
    this.#options = options;
    this.#consecutive = options.probes.map(() => 0);
  }

  /** True once a run has succeeded: what may be forwarded to (DESIGN §2). */
  get everReady(): boolean {
    return this.#everReady;
  }

  ask(): Promise<boolean> {
    if (this.#options.probes.length === 0) {
      this.#noteReady();
      return Promise.resolve(true);
    }
    this.#run ??= this.#runAll().finally(() => {
      this.#run = undefined;
    });
    return this.#run;
  }

  /** Ends a run that is under way as "not ready". */
  close(): void {
    this.#abort.abort();
  }

  async #runAll(): Promise<boolean> {
    this.#waitingSinceMs ??= this.#options.clock.monotonic();
    const results = await Promise.all(this.#options.probes.map((probe, index) => this.#runOne(probe, index)));
    const ready = results.every((result) => result);
    if (ready) this.#noteReady();
    return ready;
  }

  async #runOne(probe: Probe, index: number): Promise<boolean> {
    if (probe.action.type === "none") return false;
    const { clock, patienceMs } = this.#options;
    const startedMs = clock.monotonic();
    const waitingSinceMs = this.#waitingSinceMs ?? startedMs;
    const run = new ProbeRun(probe, { startedMs, waitingSinceMs }, { patienceMs });
    while (!this.#abort.signal.aborted) {
      const outcome = await this.#options.attempt(probe, run.attemptTimeoutMs);
      if (outcome !== "refused") this.#notePortOpen();
      const consecutive = outcome === "ready" ? (this.#consecutive[index] ?? 0) + 1 : 0;
      this.#consecutive[index] = consecutive;
      const step = run.next(outcome, consecutive, clock.monotonic());
      if ("over" in step) return step.over;
      await sleep(clock, step.retryInMs, this.#abort.signal);
    }
    return false;
  }

  #notePortOpen(): void {
    if (this.#portSeen) return;
    this.#portSeen = true;
    this.#options.onPortOpen?.();
  }

  #noteReady(): void {
    this.#waitingSinceMs = undefined;
    if (this.#everReady) return;
    this.#everReady = true;
    this.#options.onReady?.();
  }
}
