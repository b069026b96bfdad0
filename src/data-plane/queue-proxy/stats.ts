import type { Stat } from "../../api/wire/stat.ts";

/** As long as the autoscaler's own bucket (spec TM-013, Q-042). */
const PERIOD_MS = 1000;

interface Totals {
  averageConcurrency: number;
  averageProxiedConcurrency: number;
  requests: number;
  proxiedRequests: number;
}

/**
 * Time-weighted concurrency and request counts in periods of one second (spec Q-042). Periods are closed when someone
 * looks or something happens, with the same result as a timer would give and without one.
 */
export class RequestStats {
  readonly #startedMs: number;
  #periodStartMs: number;
  #changedMs: number;
  #running = 0;
  #proxiedRunning = 0;
  /** Concurrency × milliseconds of the open period. */
  #integral = 0;
  #proxiedIntegral = 0;
  #requests = 0;
  #proxiedRequests = 0;
  #closed: Totals = { averageConcurrency: 0, averageProxiedConcurrency: 0, requests: 0, proxiedRequests: 0 };

  constructor(nowMs: number) {
    this.#startedMs = nowMs;
    this.#periodStartMs = nowMs;
    this.#changedMs = nowMs;
  }

  get running(): number {
    return this.#running;
  }

  enter(nowMs: number, proxied: boolean): void {
    this.#advance(nowMs);
    this.#running += 1;
    this.#requests += 1;
    if (!proxied) return;
    this.#proxiedRunning += 1;
    this.#proxiedRequests += 1;
  }

  leave(nowMs: number, proxied: boolean): void {
    this.#advance(nowMs);
    this.#running -= 1;
    if (proxied) this.#proxiedRunning -= 1;
  }

  /** The last whole period, with the uptime at its end, by which readers know a report again. No timestamp. */
  report(podName: string, nowMs: number): Stat {
    this.#advance(nowMs);
    return {
      podName,
      averageConcurrentRequests: this.#closed.averageConcurrency,
      averageProxiedConcurrentRequests: this.#closed.averageProxiedConcurrency,
      requestCount: this.#closed.requests,
      proxiedRequestCount: this.#closed.proxiedRequests,
      processUptime: (this.#periodStartMs - this.#startedMs) / 1000,
      timestamp: 0,
    };
  }

  #advance(nowMs: number): void {
    const periodEndMs = this.#periodStartMs + PERIOD_MS;
    if (nowMs >= periodEndMs) {
      this.#accrue(periodEndMs);
      this.#close();
      const quietPeriods = Math.floor((nowMs - periodEndMs) / PERIOD_MS);
      this.#periodStartMs = periodEndMs + quietPeriods * PERIOD_MS;
      if (quietPeriods > 0) {
        this.#accrue(periodEndMs + PERIOD_MS);
        this.#close();
        this.#changedMs = this.#periodStartMs;
      }
    }
    this.#accrue(nowMs);
  }

  #accrue(untilMs: number): void {
    const spanMs = untilMs - this.#changedMs;
    this.#integral += this.#running * spanMs;
    this.#proxiedIntegral += this.#proxiedRunning * spanMs;
    this.#changedMs = untilMs;
  }

  #close(): void {
    this.#closed = {
      averageConcurrency: this.#integral / PERIOD_MS,
      averageProxiedConcurrency: this.#proxiedIntegral / PERIOD_MS,
      requests: this.#requests,
      proxiedRequests: this.#proxiedRequests,
    };
    this.#integral = 0;
    this.#proxiedIntegral = 0;
    this.#requests = 0;
    this.#proxiedRequests = 0;
  }
}
