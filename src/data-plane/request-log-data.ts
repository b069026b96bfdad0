import { textOfBytes } from "../base/byte-text.ts";
import { GoMap, GoStruct, type Value } from "../base/go-template/values.ts";
import { GoUrl } from "../base/go-url.ts";
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
  /** The same, as later phases leave them: some of their changes show in Knative's log. */
  readonly changed: HeaderBlock;
  /** -1 = of unknown length (errata Q-060). */
  readonly contentLength: number;
  readonly remote: string;
  readonly secure: boolean;
}

export function loggedRequest(exchange: Exchange): LoggedRequest {
  const { method, target, sentTarget, version, headers } = exchange.request;
  const { remoteAddress, remotePort } = exchange;
  const host = remoteAddress.includes(":") ? `[${remoteAddress}]` : remoteAddress;
  return {
    method,
    target: sentTarget ?? target,
    version,
    headers: headers.copy(),
    changed: headers,
    contentLength: exchange.body.length ?? -1,
    remote: remotePort === undefined ? host : `${host}:${remotePort}`,
    secure: exchange.secure ?? false,
  };
}

export function templateRequest(request: LoggedRequest): GoStruct {
  const { method, version, headers } = request;
  const [major = "1", minor = "0"] = version.split(".");
  const target = textOfBytes(request.target);
  const isChunked = request.contentLength < 0 && major === "1";
  const url = () => GoUrl.parse(request.target, { isRequest: true });
  return new GoStruct({
    type: "*http.Request",
    // What templates rarely ask for is made when they do: a line is written for every request.
    fields: {
      Method: method,
      get URL() {
        return urlOf(url(), target);
      },
      Proto: `HTTP/${major}.${minor}`,
      ProtoMajor: Number(major),
      ProtoMinor: Number(minor),
      get Header() {
        return headerOf(request);
      },
      Body: NO_BODY,
      ContentLength: request.contentLength,
      TransferEncoding: isChunked ? ["chunked"] : [],
      get Close() {
        return closes(version, headers);
      },
      Host: textOfBytes(headers.get("host") ?? ""),
      Form: NO_VALUES,
      PostForm: NO_VALUES,
      MultipartForm: null,
      Trailer: new GoMap({ type: "http.Header", entries: {}, zero: [] }),
      RemoteAddr: request.remote,
      RequestURI: target,
      TLS: request.secure ? TLS : null,
      Response: null,
      Pattern: "",
    },
    methods: {
      UserAgent: () => textOfBytes(headers.get("user-agent") ?? ""),
      Referer: () => textOfBytes(headers.get("referer") ?? ""),
      Cookies: () => cookiesOf(headers),
      FormValue: (name) => firstOf(valuesOf(url()?.query ?? ""), name),
      PostFormValue: (_name) => "",
      PathValue: (_name) => "",
      ParseForm: () => null,
    },
  });
}

/** Whether there is one is all that is known of a connection's TLS here. */
const TLS = new GoStruct({ type: "*tls.ConnectionState", fields: { HandshakeComplete: true } });

/** When a line is written the body has been read. */
const NO_BODY = new GoStruct({ type: "http.noBody", fields: {}, methods: { Close: () => null } });
const NO_VALUES = new GoMap({ type: "url.Values", entries: {}, zero: [] });

function closes(version: string, headers: HeaderBlock): boolean {
  const options = headers.all("connection").flatMap((line) => line.split(","));
  const has = (wanted: string) => options.some((option) => option.trim().toLowerCase() === wanted);
  if (version === "1.0") return has("close") || !has("keep-alive");
  return version === "1.1" && has("close");
}

/** Of a target that Go would not have understood, what was sent is all there is. */
function urlOf(url: GoUrl | undefined, sent: string): GoStruct {
  const user = url?.user;
  const query = valuesOf(url?.query ?? "");
  const text = textOfBytes(url?.toString() ?? sent);
  return new GoStruct({
    type: "*url.URL",
    fields: {
      Scheme: url?.scheme ?? "",
      Opaque: textOfBytes(url?.opaque ?? ""),
      User: userOf(user?.name ?? "", user?.password),
      Host: textOfBytes(url?.host ?? ""),
      Path: textOfBytes(url?.path ?? ""),
      RawPath: textOfBytes(url?.rawPath ?? ""),
      OmitHost: url?.omitHost ?? false,
      ForceQuery: url?.forceQuery ?? false,
      RawQuery: textOfBytes(url?.query ?? ""),
      Fragment: "",
      RawFragment: "",
    },
    methods: {
      String: () => text,
      Redacted: () => text,
      RequestURI: () => textOfBytes(url?.requestTarget ?? sent),
      EscapedPath: () => url?.escapedPath ?? "",
      EscapedFragment: () => "",
      Hostname: () => textOfBytes(url?.hostname ?? ""),
      Port: () => url?.port ?? "",
      IsAbs: () => (url?.scheme ?? "") !== "",
      Query: () => query,
    },
  });
}

function userOf(name: string, password: string | undefined): GoStruct {
  return new GoStruct({
    type: "*url.Userinfo",
    fields: {},
    methods: {
      Username: () => textOfBytes(name),
      String: () => textOfBytes(password === undefined ? name : `${name}:${password}`),
    },
  });
}

/** A query as Go parses it: pairs with a semicolon or a broken escape are left out. */
function valuesOf(query: string): GoMap {
  const entries: Record<string, string[]> = Object.create(null);
  for (const pair of query.split("&")) {
    if (pair === "" || pair.includes(";") || /%(?![0-9A-Fa-f]{2})/.test(pair)) continue;
    const equals = pair.indexOf("=");
    const name = decoded(equals < 0 ? pair : pair.slice(0, equals));
    const values = entries[name] ?? [];
    values.push(equals < 0 ? "" : decoded(pair.slice(equals + 1)));
    entries[name] = values;
  }
  const map: GoMap = new GoMap({
    type: "url.Values",
    entries,
    zero: [],
    methods: {
      Get: (name) => firstOf(map, name),
      Has: (name) => Object.hasOwn(entries, String(name)),
      Encode: () => encoded(entries),
    },
  });
  return map;
}

function firstOf(values: GoMap, name: Value): Value {
  const found = values.get(String(name));
  return Array.isArray(found) ? found[0] : "";
}

function decoded(text: string): string {
  const bytes = text
    .replaceAll("+", " ")
    .replace(/%([0-9A-Fa-f]{2})/g, (_all, hex: string) => String.fromCharCode(Number.parseInt(hex, 16)));
  return textOfBytes(bytes);
}

function encoded(entries: Readonly<Record<string, readonly string[]>>): string {
  const pairs = Object.keys(entries)
    .sort()
    .flatMap((name) => (entries[name] ?? []).map((value) => [name, value]));
  return new URLSearchParams(pairs).toString().replaceAll("%7E", "~").replaceAll("*", "%2A");
}

function cookiesOf(headers: HeaderBlock): readonly GoStruct[] {
  const pairs = headers.all("cookie").flatMap((line) => line.split(";"));
  return pairs
    .map((pair) => pair.trim())
    .filter((pair) => /^[!#$%&'*+\-.^_`|~0-9A-Za-z]+=[^"\\,\s]*$/.test(pair))
    .map((pair) => {
      const equals = pair.indexOf("=");
      const fields = { Name: pair.slice(0, equals), Value: textOfBytes(pair.slice(equals + 1)) };
      return new GoStruct({ type: "*http.Cookie", fields, methods: { String: () => textOfBytes(pair) } });
    });
}

/** Go's server keeps them beside the header. */
const BESIDE = new Set(["host", "transfer-encoding", "trailer"]);

/** By Go's canonical names. What a queue-proxy adds and takes before it logs is K-Original-Host and Forwarded. */
function headerOf({ headers, changed }: LoggedRequest): GoMap {
  const entries: Record<string, Value> = Object.create(null);
  const originalHost = changed.get("k-original-host");
  for (const [name] of headers) {
    const lower = name.toLowerCase();
    if (BESIDE.has(lower) || (lower === "k-original-host" && originalHost === undefined)) continue;
    entries[canonicalName(name)] ??= headers.all(lower).map(textOfBytes);
  }
  const forwarded = changed.get("forwarded");
  if (forwarded !== undefined) entries.Forwarded = [textOfBytes(forwarded)];
  const all = (name: Value) => entries[canonicalName(String(name))] ?? [];
  const map: GoMap = new GoMap({
    type: "http.Header",
    entries,
    zero: [],
    methods: {
      Get: (name) => firstOf(map, canonicalName(String(name))),
      Values: all,
      Clone: () => map,
    },
  });
  return map;
}
