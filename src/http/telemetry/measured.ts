import type { Clock } from "../../base/clock.ts";
import type { BodySource, Exchange, ExchangeOutcome } from "../message.ts";
import type { Callee, RouteMetrics } from "./http-metrics.ts";

export interface MeasuredOptions {
  readonly clock: Clock;
  readonly route: RouteMetrics;
  /** Told of each request that was forwarded: the status that its client got, and the time since it was forwarded. */
  readonly onInvocation?: (status: number, seconds: number) => void;
}

/** One request as the metrics see it. Made before anything of the request is changed. */
export class Measured {
  readonly #options: MeasuredOptions;
  readonly #body: BodySource;
  readonly #startedMs: number;
  #forwardedMs = 0;
  /** Who has been called and has not answered. */
  #calling: Callee | undefined;
  #isForwarded = false;

  constructor(exchange: Exchange, options: MeasuredOptions) {
    this.#options = options;
    this.#body = exchange.body;
    this.#startedMs = options.clock.monotonic();
    exchange.onFinish((outcome) => this.#finish(outcome));
  }

  /** The request goes to `callee` now, perhaps not for the first time. */
  forwarded(callee: Callee): void {
    this.#forwardedMs = this.#options.clock.monotonic();
    this.#calling = callee;
    this.#isForwarded = true;
  }

  /** The callee answered with this status, or failed with this kind of error. */
  called(outcome: number | string): void {
    const callee = this.#calling;
    if (callee === undefined) return;
    this.#calling = undefined;
    const { clock, route } = this.#options;
    const seconds = (clock.monotonic() - this.#forwardedMs) / 1000;
    route.called({ callee, outcome, seconds, requestBytes: this.#requestBytes });
  }

  /** What it said, or what came where it said nothing (chunked). */
  get #requestBytes(): number | undefined {
    return this.#body.length ?? this.#body.receivedBytes;
  }

  #finish({ status, responseBytes }: ExchangeOutcome): void {
    const { clock, route, onInvocation } = this.#options;
    const nowMs = clock.monotonic();
    const seconds = (nowMs - this.#startedMs) / 1000;
    route.served({ status, seconds, responseBytes, requestBytes: this.#requestBytes });
    // Ended by a time-out or by its client: Go's transport says `context canceled`.
    this.called("errors.errorString");
    if (this.#isForwarded) onInvocation?.(status, (nowMs - this.#forwardedMs) / 1000);
  }
}
