import type { Clock } from "../base/clock.ts";
import { messageOf } from "../base/errors.ts";
import { GoTemplate } from "../base/go-template/go-template.ts";
import { TemplateError } from "../base/go-template/template-error.ts";
import { Float, GoStruct } from "../base/go-template/values.ts";
import type { Log } from "../base/log.ts";
import type { HeaderBlock } from "../http/header-block.ts";
import type { Exchange, ExchangeOutcome } from "../http/message.ts";
import { isProbe } from "./probe-headers.ts";
import { type LoggedRequest, loggedRequest, templateRequest } from "./request-log-data.ts";

/** One line for each request, by the operator's template (spec Q-058…Q-062). */

export interface RequestLogSettings {
  /** "" = no request log (spec Q-058). */
  readonly template: string;
  /** Probes are logged too. */
  readonly probes: boolean;
}

export interface RequestLogOptions {
  readonly settings: RequestLogSettings;
  readonly clock: Clock;
  readonly log: Log;
  /** Takes whole lines, newline included. */
  readonly write: (line: string) => void;
}

/** The log, or undefined when it is off: then a request pays nothing for it. An unreadable template turns it off. */
export function requestLogOf(options: RequestLogOptions): RequestLog | undefined {
  const { template: text } = options.settings;
  if (text === "") return undefined;
  try {
    return new RequestLog(new GoTemplate({ name: "requestLog", text }), options);
  } catch (thrown) {
    if (!(thrown instanceof TemplateError)) throw thrown;
    options.log.error("the request log is off: its template cannot be read", { error: messageOf(thrown) });
    return undefined;
  }
}

/** A revision as templates see it, and the pod that writes the log: made once, for many requests. */
export function loggedRevision(names: {
  readonly name: string;
  readonly namespace: string;
  readonly service: string;
  readonly configuration: string;
  readonly podName: string;
  readonly podIp: string;
}): GoStruct {
  return new GoStruct({
    type: "*http.RequestLogRevision",
    fields: {
      Name: names.name,
      Namespace: names.namespace,
      Service: names.service,
      Configuration: names.configuration,
      PodName: names.podName,
      PodIP: names.podIp,
    },
  });
}

interface Finished {
  readonly request: LoggedRequest;
  readonly revision: GoStruct;
  readonly latencySeconds: number;
  readonly outcome: ExchangeOutcome;
}

export class RequestLog {
  readonly #template: GoTemplate;
  readonly #options: RequestLogOptions;

  constructor(template: GoTemplate, options: RequestLogOptions) {
    this.#template = template;
    this.#options = options;
  }

  /** To be called before anything of the request is changed. */
  watch(exchange: Exchange, revision: GoStruct): void {
    const { clock, settings } = this.#options;
    if (!settings.probes && isProbe(exchange.request.headers)) return;
    const startedMs = clock.monotonic();
    const request = loggedRequest(exchange);
    exchange.onFinish((outcome) => {
      const latencySeconds = (clock.monotonic() - startedMs) / 1000;
      this.#note({ request, revision, latencySeconds, outcome });
    });
  }

  #note(finished: Finished): void {
    let line: string;
    try {
      line = this.#template.execute(this.#data(finished));
    } catch (thrown) {
      if (!(thrown instanceof TemplateError)) throw thrown;
      const { request, latencySeconds, outcome } = finished;
      const response = `response code: ${outcome.status}, latency: ${latencySeconds}`;
      line = `Invalid request log template: method: ${request.method}, ${response}, url: ${request.target}`;
    }
    this.#options.write(line.endsWith("\n") ? line : `${line}\n`);
  }

  #data({ request, revision, latencySeconds, outcome }: Finished): GoStruct {
    const fields = { Code: outcome.status, Size: outcome.responseBytes, Latency: new Float(latencySeconds) };
    return new GoStruct({
      type: "*http.RequestLogTemplateInput",
      fields: {
        Request: templateRequest(request),
        Response: new GoStruct({ type: "*http.RequestLogResponse", fields }),
        Revision: revision,
        TraceID: traceIdOf(request.headers),
      },
    });
  }
}

/** The second part of traceparent, else B3's (spec Q-061). */
function traceIdOf(headers: HeaderBlock): string {
  const parent = headers.get("traceparent")?.split("-") ?? [];
  return parent[1] ?? headers.get("x-b3-traceid") ?? "";
}
