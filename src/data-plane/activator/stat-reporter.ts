import type { Stat, StatMessage } from "../../api/wire/stat.ts";
import type { Clock, Timer } from "../../base/clock.ts";
import { messageOf } from "../../base/errors.ts";
import type { Log } from "../../base/log.ts";

export interface StatReporterOptions {
  readonly clock: Clock;
  readonly log: Log;
  /** Of this activator; the autoscaler tells reporters apart by it. */
  readonly podName: string;
  /** Throws when the autoscaler cannot be reached: what it would have told is lost, requests go on (spec T-042). */
  readonly report: (messages: StatMessage[]) => void;
}

/** spec T-038, TM-009. */
const PERIOD_MS = 1000;

/** Requests of one revision in the activator, waiting or running. */
export interface RevisionTraffic {
  readonly namespace: string;
  readonly name: string;
  running: number;
  requests: number;
  integral: number;
  changedMs: number;
  /** What the poke has already told of the running period (spec T-039). */
  poked: number;
  /** The average of the last period. */
  concurrency: number;
}

/**
 * Tells the autoscaler what the activator holds and forwards: at once when a revision wakes (spec T-039), then every
 * second while it has traffic (T-038). A revision without any has no entry, and without entries there is no timer.
 */
export class StatReporter {
  readonly #options: StatReporterOptions;
  readonly #traffic = new Map<string, RevisionTraffic>();
  #periodStartMs = 0;
  #timer: Timer | undefined;
  #errorCount = 0;

  constructor(options: StatReporterOptions) {
    this.#options = options;
  }

  /** Reports that could not be sent (spec M-009). */
  get errorCount(): number {
    return this.#errorCount;
  }

  /** Requests at a time in the last period that was reported (spec M-005). */
  concurrencyOf(namespace: string, name: string): number {
    return this.#traffic.get(`${namespace}/${name}`)?.concurrency ?? 0;
  }

  /** Returns what `leave` wants. */
  enter(namespace: string, name: string): RevisionTraffic {
    const nowMs = this.#options.clock.monotonic();
    const key = `${namespace}/${name}`;
    let traffic = this.#traffic.get(key);
    if (traffic === undefined) {
      traffic = {
        namespace,
        name,
        running: 0,
        requests: 0,
        integral: 0,
        changedMs: nowMs,
        poked: 1,
        concurrency: 0,
      };
      this.#traffic.set(key, traffic);
      this.#report([this.#message(traffic, 1, 1)]);
      this.#start(nowMs);
    }
    accrue(traffic, nowMs);
    traffic.running += 1;
    traffic.requests += 1;
    return traffic;
  }

  leave(traffic: RevisionTraffic): void {
    accrue(traffic, this.#options.clock.monotonic());
    traffic.running -= 1;
  }

  close(): void {
    this.#timer?.cancel();
    this.#timer = undefined;
  }

  #start(nowMs: number): void {
    if (this.#timer !== undefined) return;
    this.#periodStartMs = nowMs;
    this.#timer = this.#options.clock.schedule(PERIOD_MS, () => this.#tick());
  }

  #tick(): void {
    this.#timer = undefined;
    const nowMs = this.#options.clock.monotonic();
    const spanMs = Math.max(1, nowMs - this.#periodStartMs);
    const messages: StatMessage[] = [];
    for (const [key, traffic] of this.#traffic) {
      accrue(traffic, nowMs);
      const average = traffic.integral / spanMs;
      traffic.concurrency = average;
      const concurrency = Math.max(0, average - traffic.poked);
      messages.push(this.#message(traffic, concurrency, Math.max(0, traffic.requests - traffic.poked)));
      if (average === 0 && traffic.running === 0) this.#traffic.delete(key);
      traffic.integral = 0;
      traffic.requests = 0;
      traffic.poked = 0;
    }
    if (messages.length > 0) this.#report(messages);
    if (this.#traffic.size > 0) this.#start(nowMs);
  }

  #report(messages: StatMessage[]): void {
    try {
      this.#options.report(messages);
    } catch (thrown) {
      this.#errorCount += 1;
      this.#options.log.warn("a report did not reach the autoscaler", { error: messageOf(thrown) });
    }
  }

  #message(traffic: RevisionTraffic, concurrency: number, requests: number): StatMessage {
    const stat: Stat = {
      podName: this.#options.podName,
      averageConcurrentRequests: concurrency,
      averageProxiedConcurrentRequests: 0,
      requestCount: requests,
      proxiedRequestCount: 0,
      processUptime: 0,
      timestamp: 0,
    };
    return { namespace: traffic.namespace, name: traffic.name, stat };
  }
}

function accrue(traffic: RevisionTraffic, nowMs: number): void {
  traffic.integral += traffic.running * (nowMs - traffic.changedMs);
  traffic.changedMs = nowMs;
}
