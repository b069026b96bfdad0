import { GoMap, GoStruct, type Value } from "../base/go-template/values.ts";
import { percentDecoded } from "../base/percent.ts";
import { canonicalName } from "../http/canonical-name.ts";
import type { HeaderBlock } from "../http/header-block.ts";
import type { Exchange } from "../http/message.ts";

/** A request as templates of the request log see it: Go's http.Request (spec Q-059). */

/** What must be kept of a request while it runs, since later phases change it. */
export interface LoggedRequest {
  readonly method: string;
  /** As it was sent. */
  readonly target: string;
  readonly version: string;
  readonly headers: HeaderBlock;
  /** -1 = chunked (errata Q-060). */
  readonly contentLength: number;
  readonly remote: string;
  readonly secure: boolean;
}

export function loggedRequest(exchange: Exchange): LoggedRequest {
  const { method, target, absoluteTarget, version, headers } = exchange.request;
  const { remoteAddress, remotePort } = exchange;
  const host = remoteAddress.includes(":") ? `[${remoteAddress}]` : remoteAddress;
  return {
    method,
    target: absoluteTarget ?? target,
    version,
    headers: headers.copy(),
    contentLength: exchange.body.length ?? -1,
    remote: remotePort === undefined ? host : `${host}:${remotePort}`,
    secure: exchange.secure ?? false,
  };
}

export function templateRequest(request: LoggedRequest): GoStruct {
  const { method, target, version, headers } = request;
  const [major = "1", minor = "0"] = version.split(".");
  const query = queryOf(target);
  return new GoStruct({
    type: "*http.Request",
    // What templates rarely ask for is made when they do: a line is written for every request.
    fields: {
      Method: method,
      get URL() {
        return urlOf(target);
      },
      Proto: `HTTP/${major}.${minor}`,
      ProtoMajor: Number(major),
      ProtoMinor: Number(minor),
      get Header() {
        return headerOf(headers);
      },
      ContentLength: request.contentLength,
      TransferEncoding: request.contentLength < 0 ? ["chunked"] : [],
      get Close() {
        return /(?:^|,)\s*close\s*(?:,|$)/i.test(headers.get("connection") ?? "");
      },
      Host: headers.get("host") ?? "",
      RemoteAddr: request.remote,
      RequestURI: target,
      TLS: request.secure ? TLS : null,
      Pattern: "",
    },
    methods: {
      UserAgent: () => headers.get("user-agent") ?? "",
      Referer: () => headers.get("referer") ?? "",
      FormValue: (name) => new URLSearchParams(query).get(String(name)) ?? "",
      PostFormValue: (_name) => "",
    },
  });
}

/** Whether there is one is all that is known of a connection's TLS here. */
const TLS = new GoStruct({ type: "*tls.ConnectionState", fields: { HandshakeComplete: true } });

function queryOf(target: string): string {
  const at = target.indexOf("?");
  return at < 0 ? "" : target.slice(at + 1);
}

function urlOf(target: string): GoStruct {
  const [, scheme = "", host = "", rest = ""] =
    /^(?:([a-z][a-z0-9+.-]*):\/\/([^/?]*))?(.*)$/is.exec(target) ?? [];
  const [rawPath = ""] = rest.split("?", 1);
  const query = queryOf(rest);
  const path = percentDecoded(rawPath);
  return new GoStruct({
    type: "*url.URL",
    fields: {
      Scheme: scheme.toLowerCase(),
      Opaque: "",
      Host: host,
      Path: path,
      RawPath: "",
      RawQuery: query,
      Fragment: "",
    },
    methods: {
      String: () => target,
      RequestURI: () => `${rawPath || "/"}${rest.includes("?") ? `?${query}` : ""}`,
      EscapedPath: () => rawPath,
      Hostname: () => host.replace(/:\d*$/, ""),
      Port: () => /:(\d*)$/.exec(host)?.[1] ?? "",
      IsAbs: () => scheme !== "",
    },
  });
}

/** By Go's canonical names, without Host. */
function headerOf(headers: HeaderBlock): GoMap {
  const entries: Record<string, Value> = {};
  for (const [name] of headers) {
    const lower = name.toLowerCase();
    if (lower !== "host") entries[canonicalName(name)] ??= headers.all(lower);
  }
  const first = (name: Value) => headers.get(String(name).toLowerCase()) ?? "";
  const all = (name: Value) => headers.all(String(name).toLowerCase());
  return new GoMap({ type: "http.Header", entries, zero: [], methods: { Get: first, Values: all } });
}
