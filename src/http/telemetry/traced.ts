import type { Attributes } from "../../base/metrics.ts";
import type { Exchange, ExchangeOutcome } from "../message.ts";
import { setContext } from "./trace-context.ts";
import type { OpenSpan, Tracer } from "./tracer.ts";

/** What a program calls its part of a request. */
export interface SpanNames {
  /** The whole of it. */
  readonly server: string;
  /** Until it may go on. */
  readonly wait: string;
  /** The rest. */
  readonly proxy: string;
}

export interface TracedOptions {
  readonly tracer: Tracer;
  readonly names: SpanNames;
  /** What the program knows of the request. */
  readonly attributes: Attributes;
}

/** The spans of one request that is recorded (spec Q-067, M-022). */
export class Traced {
  readonly #options: TracedOptions;
  readonly #exchange: Exchange;
  readonly #server: OpenSpan;
  #wait: OpenSpan | undefined;
  #proxy: OpenSpan | undefined;
  #client: OpenSpan | undefined;

  /** Undefined when the request is not recorded. To be called before anything of it is changed. */
  static begin(exchange: Exchange, options: TracedOptions): Traced | undefined {
    const server = options.tracer.begin(exchange.request.headers, options.names.server);
    return server && new Traced(exchange, server, options);
  }

  private constructor(exchange: Exchange, server: OpenSpan, options: TracedOptions) {
    this.#options = options;
    this.#exchange = exchange;
    this.#server = server;
    const { method, target, version, headers } = exchange.request;
    const attributes = {
      "http.request.method": method,
      "url.path": pathOf(target),
      "url.scheme": exchange.secure ? "https" : "http",
      "server.address": headers.get("host") ?? "",
      "client.address": exchange.remoteAddress,
      "user_agent.original": headers.get("user-agent") ?? "",
      "network.protocol.version": version,
      ...options.attributes,
    };
    exchange.onFinish((outcome) => this.#finish(outcome, attributes));
  }

  /** It waits for its turn. */
  waiting(): void {
    const { tracer, names } = this.#options;
    this.#wait = tracer.child(this.#server, names.wait, "internal");
  }

  /** It goes on now, to someone who learns of the span that calls him; perhaps not for the first time. */
  forwarded(): void {
    this.#wait?.end();
    this.#proxy?.end();
    const { tracer, names } = this.#options;
    const { method, target, headers } = this.#exchange.request;
    this.#proxy = tracer.child(this.#server, names.proxy, "internal");
    this.#client = tracer.child(this.#proxy, `${method} ${pathOf(target)}`, "client");
    setContext(headers, this.#client.context);
  }

  /** The answer had this status, or the call failed with this kind of error. */
  called(outcome: number | string): void {
    if (typeof outcome === "string") this.#client?.end({ "error.type": outcome }, true);
    else this.#client?.end({ "http.response.status_code": outcome }, outcome >= 400);
  }

  #finish({ status }: ExchangeOutcome, attributes: Attributes): void {
    this.#wait?.end({}, true);
    this.#client?.end({}, true);
    this.#proxy?.end();
    this.#server.end({ ...attributes, "http.response.status_code": status }, status === 0 || status >= 500);
  }
}

function pathOf(target: string): string {
  return target.split("?", 1)[0] ?? "";
}
