import type { Clock } from "../../base/clock.ts";
import { messageOf } from "../../base/errors.ts";
import type { Log } from "../../base/log.ts";
import type { HeaderBlock } from "../../http/header-block.ts";
import type { Exchange, ExchangeOutcome } from "../../http/message.ts";
import type { QueueProxyConfig } from "./config.ts";
import { isProbe } from "./headers.ts";
import { RequestLogTemplate, TemplateError, type TemplateValue } from "./request-log-template.ts";

/** One line for each request, by the operator's template (spec Q-058…Q-062). */

export interface RequestLogOptions {
  readonly config: QueueProxyConfig;
  readonly clock: Clock;
  readonly log: Log;
  /** Takes whole lines, newline included. */
  readonly write: (line: string) => void;
}

/** The log, or undefined when it is off: then a request pays nothing for it. An unreadable template turns it off. */
export function requestLogOf(options: RequestLogOptions): RequestLog | undefined {
  const { template } = options.config.observability.requestLog;
  if (template === "") return undefined;
  try {
    return new RequestLog(new RequestLogTemplate(template), options);
  } catch (thrown) {
    if (!(thrown instanceof TemplateError)) throw thrown;
    options.log.error("the request log is off: its template cannot be read", { error: messageOf(thrown) });
    return undefined;
  }
}

export class RequestLog {
  readonly #template: RequestLogTemplate;
  readonly #options: RequestLogOptions;

  constructor(template: RequestLogTemplate, options: RequestLogOptions) {
    this.#template = template;
    this.#options = options;
  }

  /** To be called before anything of the request is changed. */
  watch(exchange: Exchange): void {
    const { clock, config } = this.#options;
    const { headers } = exchange.request;
    if (!config.observability.requestLog.probes && isProbe(headers)) return;
    const startedMs = clock.monotonic();
    const request = requestFields(exchange);
    const traceId = traceIdOf(headers);
    exchange.onFinish((outcome) => {
      const latency = (clock.monotonic() - startedMs) / 1000;
      this.#note({ request, traceId, latency, outcome });
    });
  }

  #note(seen: { request: Fields; traceId: string; latency: number; outcome: ExchangeOutcome }): void {
    const { config, write } = this.#options;
    const { request, traceId, latency, outcome } = seen;
    const data = {
      Request: request,
      Response: { Code: outcome.status, Size: outcome.responseBytes, Latency: latency },
      Revision: {
        Name: config.revision,
        Namespace: config.namespace,
        Service: config.service,
        Configuration: config.configuration,
        PodName: config.pod,
        PodIP: config.podIp,
      },
      TraceID: traceId,
    };
    let line: string;
    try {
      line = this.#template.execute(data);
    } catch (thrown) {
      if (!(thrown instanceof TemplateError)) throw thrown;
      const response = `response code: ${outcome.status}, latency: ${latency}`;
      line = `Invalid request log template: method: ${request.Method}, ${response}, url: ${request.RequestURI}`;
    }
    write(line.endsWith("\n") ? line : `${line}\n`);
  }
}

type Fields = { readonly Method: string; readonly RequestURI: string } & Readonly<
  Record<string, TemplateValue>
>;

/** What Go calls a Request, as far as templates have been seen to read it. */
function requestFields(exchange: Exchange): Fields {
  const { method, target, version, headers } = exchange.request;
  const [path = "", ...query] = target.split("?");
  const rawQuery = query.join("?");
  const [major = "1", minor = "0"] = version.split(".");
  const port = exchange.remotePort === undefined ? "" : `:${exchange.remotePort}`;
  return {
    Method: method,
    RequestURI: target,
    URL: { Path: path, RawQuery: rawQuery, String: target },
    Host: headers.get("host") ?? "",
    ContentLength: exchange.body.length ?? -1,
    UserAgent: headers.get("user-agent") ?? "",
    Referer: headers.get("referer") ?? "",
    RemoteAddr: `${exchange.remoteAddress}${port}`,
    Proto: `HTTP/${major}.${minor}`,
    ProtoMajor: Number(major),
    ProtoMinor: Number(minor),
    Header: headerFields(headers),
    FormValue: (name) => new URLSearchParams(rawQuery).get(name) ?? "",
  };
}

/** By Go's canonical names, without Host; `Get` is the method. */
function headerFields(headers: HeaderBlock): Readonly<Record<string, TemplateValue>> {
  const copy = headers.copy();
  const fields: Record<string, TemplateValue> = {};
  for (const [name] of copy) {
    const lower = name.toLowerCase();
    if (lower !== "host") fields[canonical(lower)] = copy.all(lower);
  }
  fields.Get = (name) => copy.get(name.toLowerCase()) ?? "";
  return fields;
}

function canonical(lowerName: string): string {
  return lowerName.replace(/(?:^|-)[a-z]/g, (start) => start.toUpperCase());
}

/** The second part of traceparent, else B3's (spec Q-061). */
export function traceIdOf(headers: HeaderBlock): string {
  const parent = headers.get("traceparent")?.split("-") ?? [];
  return parent[1] ?? headers.get("x-b3-traceid") ?? "";
}
