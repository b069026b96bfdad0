import type { Clock } from "../base/clock.ts";
import { EbbError } from "../base/errors.ts";
import { HeaderBlock } from "../http/header-block.ts";
import type { Exchange } from "../http/message.ts";
import {
  type RequestTimeoutKind,
  type RequestTimeoutLimits,
  RequestTimeouts,
} from "../http/request-timeouts.ts";
import { respondWith } from "../http/responses.ts";
import { type TimerWheel, WheelEntry } from "../http/timer-wheel.ts";
import { noteOrigin } from "./error-answer.ts";

export interface TimeLimitOptions {
  readonly clock: Clock;
  readonly timers: TimerWheel;
  readonly limits: RequestTimeoutLimits;
  /** What the client reads; appended to an answer that has begun (spec Q-047). No newline (errata Q-047). */
  readonly text: string;
}

const UNUSED = (): void => {};

/** The three time-outs of one request (spec Q-046…Q-051): the timer of the pure `RequestTimeouts`. hot path */
export class TimeLimit extends WheelEntry {
  readonly #exchange: Exchange;
  readonly #options: TimeLimitOptions;
  readonly #timeouts: RequestTimeouts;
  #over = false;

  /** Starts now and ends by itself with the exchange. */
  constructor(exchange: Exchange, options: TimeLimitOptions) {
    super(UNUSED);
    this.#exchange = exchange;
    this.#options = options;
    const nowMs = options.clock.monotonic();
    this.#timeouts = new RequestTimeouts(options.limits, nowMs);
    this.#watch(nowMs);
    if (options.limits.idleMs > 0) exchange.onProgress(() => this.wrote());
    exchange.onFinish(() => this.cancel());
  }

  /** The limit was passed: the client has its answer, whatever the upstream says now. */
  get over(): boolean {
    return this.#over;
  }

  wrote(): void {
    this.#timeouts.wrote(this.#options.clock.monotonic());
  }

  upgraded(): void {
    this.#timeouts.upgraded(this.#options.clock.monotonic());
  }

  #watch(nowMs: number): void {
    const dueMs = this.#timeouts.nextCheckMs();
    if (dueMs < Number.POSITIVE_INFINITY) this.#options.timers.arm(this, dueMs - nowMs, nowMs);
  }

  override fire(): void {
    const nowMs = this.#options.clock.monotonic();
    const kind = this.#timeouts.check(nowMs);
    if (kind === undefined) this.#watch(nowMs);
    else this.#end(kind);
  }

  #end(kind: RequestTimeoutKind): void {
    const exchange = this.#exchange;
    this.#over = true;
    const error = new EbbError(`timeout-${kind}`, `the request exceeded its ${kind} time-out`);
    if (exchange.responded) {
      exchange.abort(error, this.#options.text);
    } else {
      const headers = new HeaderBlock();
      noteOrigin(exchange, headers, error.code);
      respondWith(exchange, { status: 504, headers, body: this.#options.text });
    }
    exchange.cancel.raise(error);
  }
}
