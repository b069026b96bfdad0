import { type Clock, sleep } from "../../base/clock.ts";
import type { Probe } from "./probe.ts";
import { type AttemptOutcome, type ExpectedAt, ProbeRun } from "./probe-run.ts";

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
  /** When the port is expected to open, on this clock; asked after each refused attempt. */
  readonly expectedAt?: () => ExpectedAt | undefined;
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
  /** The application was started again and has not been proven since. */
  #isUnprovenAgain = false;

  constructor(options: ReadinessOptions) {
    this.#options = options;
    this.#consecutive = options.probes.map(() => 0);
  }

  /** False between a restart of the application and the next success: its port may be open long before it is ready. */
  get mayForward(): boolean {
    return !this.#isUnprovenAgain;
  }

  /** The application has answered its probe well since its last start. */
  get isProven(): boolean {
    return this.#everReady && !this.#isUnprovenAgain;
  }

  /** Takes over what another process has seen of the application. */
  inherit({ isProven, wasProven }: { readonly isProven: boolean; readonly wasProven: boolean }): void {
    this.#portSeen = wasProven;
    this.#everReady = wasProven;
    this.#isUnprovenAgain = wasProven && !isProven;
  }

  /** What was learnt of a life before does not count any more, nor does a run that is under way. */
  applicationStarted(): void {
    if (!this.#everReady || this.#options.probes.length === 0) return;
    this.#isUnprovenAgain = true;
    this.#consecutive.fill(0);
    this.#run = undefined;
  }

  ask(): Promise<boolean> {
    if (this.#options.probes.length === 0) {
      this.#noteReady();
      return Promise.resolve(true);
    }
    if (this.#run) return this.#run;
    const run: Promise<boolean> = this.#runAll().then((ready) => {
      const isCurrent = this.#run === run;
      if (isCurrent) this.#run = undefined;
      if (isCurrent && ready) this.#noteReady();
      return isCurrent && ready;
    });
    this.#run = run;
    return run;
  }

  /** Ends a run that is under way as "not ready". */
  close(): void {
    this.#abort.abort();
  }

  async #runAll(): Promise<boolean> {
    this.#waitingSinceMs ??= this.#options.clock.monotonic();
    const results = await Promise.all(this.#options.probes.map((probe, index) => this.#runOne(probe, index)));
    return results.every((result) => result);
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
      const expected = outcome === "refused" ? this.#options.expectedAt?.() : undefined;
      const step = run.next(outcome, consecutive, { ms: clock.monotonic(), expected });
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
    this.#isUnprovenAgain = false;
    if (this.#everReady) return;
    this.#everReady = true;
    this.#options.onReady?.();
  }
}
