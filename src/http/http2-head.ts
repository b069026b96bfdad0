import { HeadFacts } from "./head-facts.ts";
import {
  checkAuthority,
  checkedTarget,
  MalformedMessage,
  noteLength,
  type ParsedRequest,
  TOKEN,
  VALUE,
} from "./head-parser.ts";
import { HeaderBlock, isName } from "./header-block.ts";
import type { RequestHead, ResponseHead } from "./message.ts";

/**
 * Heads of HTTP/2 (RFC 9113 §8) to and from the heads that all phases know. Everything is checked again that an
 * HTTP/1 parser would have checked: what arrives here may leave as HTTP/1.1 text (downgrade smuggling).
 */

/** What node:http2 takes: names in lower case, several lines of one name as a list. */
export type Http2Headers = Record<string, string | number | string[]>;

/** `raw` is [name, value, …] as received, pseudo fields included. Throws MalformedMessage. */
export function requestFromHttp2(raw: readonly string[]): ParsedRequest {
  const pseudo: Record<string, string> = {};
  const facts = new HeadFacts();
  const flat: string[] = ["Host", ""];
  let cookies = "";
  for (let at = 0; at < raw.length; at += 2) {
    const name = raw[at] as string;
    const value = raw[at + 1] as string;
    if (name.charCodeAt(0) === 58) {
      if (pseudo[name] !== undefined) throw new MalformedMessage(`${name} is given twice`);
      pseudo[name] = value;
      continue;
    }
    checkField(name, value);
    if (name === "host") noteHost(facts, value);
    else if (name === "cookie") cookies = cookies === "" ? value : `${cookies}; ${value}`;
    else if (name === "trailer") flat.push(name, canonicalNames(value));
    else {
      noteField(facts, name, value);
      flat.push(name, value);
    }
  }
  if (cookies !== "") flat.push("cookie", cookies);
  const { ":method": method = "", ":path": path = "", ":authority": authority } = pseudo;
  const host = hostOf(authority, facts);
  if (host === undefined) flat.splice(0, 2);
  else flat[1] = host;
  facts.host = host;
  const head: RequestHead = {
    method: checkedMethod(method),
    target: targetOf(method, path),
    version: "2",
    headers: new HeaderBlock(flat),
  };
  return { head, facts };
}

function noteField(facts: HeadFacts, name: string, value: string): void {
  if (name === "content-length") noteLength(facts, value);
  else if (name === "expect") facts.expect = value.toLowerCase() || undefined;
  else if (isConnectionField(name) || (name === "te" && value !== "trailers")) {
    throw new MalformedMessage(
      `request header ${JSON.stringify(canonicalNames(name))} is not valid in HTTP/2`,
    );
  }
}

function noteHost(facts: HeadFacts, value: string): void {
  facts.hostCount++;
  if (facts.hostCount > 1 && value !== facts.host) throw new MalformedMessage("too many Host headers");
  facts.host = value;
}

/** Two names for one request are a riddle that the next hop might solve otherwise (RFC 9113 §8.3.1). */
function hostOf(authority: string | undefined, facts: HeadFacts): string | undefined {
  if (authority === undefined || authority === "") {
    if (facts.host !== undefined) checkAuthority(facts.host);
    return facts.host;
  }
  if (facts.host !== undefined && facts.host !== authority) {
    throw new MalformedMessage(":authority and Host differ");
  }
  checkAuthority(authority);
  return authority;
}

function checkedMethod(method: string): string {
  if (method === "" || !consistsOf(TOKEN, method)) throw new MalformedMessage("malformed request line");
  return method;
}

function targetOf(method: string, path: string): string {
  if (method === "CONNECT") return path;
  if (path.charCodeAt(0) === 47) return checkedTarget(path);
  if (path === "*" && method === "OPTIONS") return path;
  throw new MalformedMessage("malformed request target");
}

function checkField(name: string, value: string): void {
  if (name === "" || !consistsOf(TOKEN, name)) throw new MalformedMessage("invalid header name");
  if (!consistsOf(VALUE, value)) throw new MalformedMessage("malformed header value");
}

function consistsOf(table: Uint8Array, text: string): boolean {
  for (let at = 0; at < text.length; at++) if (table[text.charCodeAt(at)] !== 1) return false;
  return true;
}

/** Fields that speak of one connection: HTTP/2 has frames for what they say. */
function isConnectionField(name: string): boolean {
  switch (name.length) {
    case 7:
      return isName(name, "upgrade");
    case 10:
      return isName(name, "connection") || isName(name, "keep-alive");
    case 14:
      return isName(name, "http2-settings");
    case 16:
      return isName(name, "proxy-connection");
    case 17:
      return isName(name, "transfer-encoding");
    default:
      return false;
  }
}

/** Go spells the names in `Trailer` its own way, and applications compare with that. */
function canonicalNames(names: string): string {
  return names.toLowerCase().replace(/(?<![a-z0-9])[a-z]/g, (letter) => letter.toUpperCase());
}

export interface Http2ResponseFacts {
  /** Of the body that is sent; undefined = unknown or none is sent. */
  readonly length: number | undefined;
  /** Value of Date for heads that have none. */
  readonly date: string;
}

export function responseToHttp2(head: ResponseHead, { length, date }: Http2ResponseFacts): Http2Headers {
  const headers: Http2Headers = { ":status": head.status };
  addFields(headers, head.headers);
  if (head.status === 204) delete headers["content-length"];
  else if (length !== undefined) headers["content-length"] = String(length);
  headers.date ??= date;
  return headers;
}

/** A status that HTTP/2 servers of this kind cannot send (only 200…599 are defined) is a broken answer. */
export function fitsHttp2(status: number): boolean {
  return status >= 200 && status <= 599;
}

export interface Http2RequestFacts {
  readonly scheme: "http" | "https";
  /** Of the body; undefined when unknown. */
  readonly length: number | undefined;
  readonly defaultHost: string;
}

export function requestToHttp2(head: RequestHead, facts: Http2RequestFacts): Http2Headers {
  const isConnect = head.method === "CONNECT";
  const headers: Http2Headers = {
    ":method": head.method,
    ":authority": head.headers.get("host") ?? facts.defaultHost,
  };
  if (!isConnect) {
    headers[":scheme"] = facts.scheme;
    headers[":path"] = head.target;
  }
  const lengthSaid = head.headers.has("content-length");
  addFields(headers, head.headers);
  delete headers.host;
  if (headers.te !== undefined && headers.te !== "trailers") headers.te = "trailers";
  if (facts.length === undefined || (facts.length === 0 && !lengthSaid)) delete headers["content-length"];
  else headers["content-length"] = String(facts.length);
  return headers;
}

function addFields(headers: Http2Headers, block: HeaderBlock): void {
  const flat = block.flat;
  for (let at = 0; at < flat.length; at += 2) {
    const name = (flat[at] as string).toLowerCase();
    if (isConnectionField(name)) continue;
    const value = flat[at + 1] as string;
    const before = headers[name];
    if (before === undefined) headers[name] = value;
    else if (Array.isArray(before)) before.push(value);
    else headers[name] = [String(before), value];
  }
}

export interface ReceivedHttp2Response {
  readonly head: ResponseHead;
  /** -1: not said. */
  readonly contentLength: number;
}

/** Throws MalformedMessage. */
export function responseFromHttp2(raw: readonly string[]): ReceivedHttp2Response {
  const facts = new HeadFacts();
  const flat: string[] = [];
  let status = 0;
  for (let at = 0; at < raw.length; at += 2) {
    const name = raw[at] as string;
    const value = raw[at + 1] as string;
    if (name === ":status") status = /^[1-9][0-9][0-9]$/.test(value) ? Number(value) : 0;
    if (name.charCodeAt(0) === 58) continue;
    checkField(name, value);
    if (isConnectionField(name)) continue;
    if (name === "content-length") noteLength(facts, value);
    flat.push(name, name === "trailer" ? canonicalNames(value) : value);
  }
  if (status === 0) throw new MalformedMessage("malformed HTTP response: no valid :status");
  return { head: { status, reason: "", headers: new HeaderBlock(flat) }, contentLength: facts.contentLength };
}

/** Fields that decide about framing or routing have no business behind a body (RFC 9110 §6.5.1). */
const NEVER_TRAILERS = new Set([
  ..."content-length content-encoding content-type content-range host te trailer expect authorization".split(
    " ",
  ),
  ..."set-cookie cache-control range max-forwards pragma".split(" "),
]);

/** undefined when nothing is left. */
export function trailersFromHttp2(raw: readonly string[]): HeaderBlock | undefined {
  const flat: string[] = [];
  for (let at = 0; at < raw.length; at += 2) {
    const name = raw[at] as string;
    const value = raw[at + 1] as string;
    if (isConnectionField(name) || NEVER_TRAILERS.has(name)) continue;
    if (name.charCodeAt(0) === 58 || !consistsOf(TOKEN, name) || !consistsOf(VALUE, value)) continue;
    flat.push(name, value);
  }
  return flat.length === 0 ? undefined : new HeaderBlock(flat);
}

export function trailersToHttp2(block: HeaderBlock): Http2Headers {
  const headers: Http2Headers = {};
  addFields(headers, block);
  return headers;
}
