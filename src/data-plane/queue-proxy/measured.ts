import type { Clock } from "../../base/clock.ts";
import type { Exchange, ExchangeOutcome } from "../../http/message.ts";
import type { RequestMetrics, RouteMetrics } from "./request-metrics.ts";

/** One request as the metrics see it. Made before anything of the request is changed. */
export class Measured {
  readonly #metrics: RequestMetrics;
  readonly #clock: Clock;
  readonly #route: RouteMetrics;
  /** undefined = chunked. */
  readonly #requestBytes: number | undefined;
  readonly #startedMs: number;
  #forwardedMs: number | undefined;
  #isCalled = false;

  constructor(exchange: Exchange, { metrics, clock }: { metrics: RequestMetrics; clock: Clock }) {
    this.#metrics = metrics;
    this.#clock = clock;
    this.#route = metrics.routeOf(exchange.request, exchange.secure ? "https" : "http");
    this.#requestBytes = exchange.body.length;
    this.#startedMs = clock.monotonic();
    exchange.onFinish((outcome) => this.#finish(outcome));
  }

  /** The request goes to the application now. */
  forwarded(): void {
    this.#forwardedMs = this.#clock.monotonic();
  }

  /** The application answered with this status, or failed with this kind of error. */
  called(outcome: number | string): void {
    if (this.#isCalled || this.#forwardedMs === undefined) return;
    this.#isCalled = true;
    const seconds = (this.#clock.monotonic() - this.#forwardedMs) / 1000;
    this.#route.called(outcome, seconds, this.#requestBytes);
  }

  #finish(outcome: ExchangeOutcome): void {
    const nowMs = this.#clock.monotonic();
    const seconds = (nowMs - this.#startedMs) / 1000;
    const { status, responseBytes } = outcome;
    this.#route.served({ status, seconds, responseBytes, requestBytes: this.#requestBytes });
    if (this.#forwardedMs === undefined) return;
    // Ended by a time-out or by its client: Go's transport says `context canceled`.
    this.called("errors.errorString");
    this.#metrics.invocation(status, (nowMs - this.#forwardedMs) / 1000);
  }
}
