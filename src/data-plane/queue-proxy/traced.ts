import type { Exchange, ExchangeOutcome } from "../../http/message.ts";
import { setContext } from "../../http/telemetry/trace-context.ts";
import type { OpenSpan, Tracer } from "../../http/telemetry/tracer.ts";
import { routeTagOf } from "./request-metrics.ts";

/** The spans of one request that is recorded, with Knative's names (spec Q-067, M-022). */
export class Traced {
  readonly #tracer: Tracer;
  readonly #exchange: Exchange;
  readonly #server: OpenSpan;
  #wait: OpenSpan | undefined;
  #proxy: OpenSpan | undefined;
  #client: OpenSpan | undefined;

  constructor(exchange: Exchange, tracer: Tracer, server: OpenSpan) {
    this.#tracer = tracer;
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
      "kn.route.tag": routeTagOf(headers),
    };
    exchange.onFinish((outcome) => this.#finish(outcome, attributes));
  }

  /** It waits for its turn. */
  waiting(): void {
    this.#wait = this.#tracer.child(this.#server, "kn.queueproxy.wait", "internal");
  }

  /** It goes to the application now, which learns of the span that calls it. */
  forwarded(): void {
    this.#wait?.end();
    const { method, target, headers } = this.#exchange.request;
    this.#proxy = this.#tracer.child(this.#server, "kn.queueproxy.proxy", "internal");
    this.#client = this.#tracer.child(this.#proxy, `${method} ${pathOf(target)}`, "client");
    setContext(headers, this.#client.context);
  }

  /** The application answered with this status, or failed with this kind of error. */
  called(outcome: number | string): void {
    if (typeof outcome === "string") this.#client?.end({ "error.type": outcome }, true);
    else this.#client?.end({ "http.response.status_code": outcome }, outcome >= 400);
  }

  #finish({ status }: ExchangeOutcome, attributes: Readonly<Record<string, string>>): void {
    this.#wait?.end({}, true);
    this.#client?.end({}, true);
    this.#proxy?.end();
    this.#server.end({ ...attributes, "http.response.status_code": status }, status === 0 || status >= 500);
  }
}

function pathOf(target: string): string {
  return target.split("?", 1)[0] ?? "";
}
