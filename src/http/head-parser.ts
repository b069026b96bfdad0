import { EbbError } from "../base/errors.ts";
import { goQuoted } from "../base/go-quoted.ts";
import { HeadFacts } from "./head-facts.ts";
import { HeaderBlock, isName } from "./header-block.ts";
import type { RequestHead, ResponseHead } from "./message.ts";

/**
 * Strict parsing of complete heads (RFC 9112). What one server reads differently from another is refused: bare LF,
 * folded lines, space before the colon, two Content-Lengths, Content-Length with Transfer-Encoding.
 */

/** A message that breaks the grammar; `status` is what a server answers. */
export class MalformedMessage extends EbbError {
  readonly status: number;

  constructor(message: string, status = 400) {
    super("malformed-message", message);
    this.status = status;
  }
}

/** Not a request of HTTP/1 but the first line that every HTTP/2 connection with prior knowledge begins with. */
export class Http2Preface extends MalformedMessage {
  constructor() {
    super("unsupported protocol version", 505);
  }
}

/** RFC 9113 §3.4, up to its first empty line; what follows it is `SM` and another one. */
export const HTTP2_PREFACE_HEAD = "PRI * HTTP/2.0\r\n\r\n";

export interface ParsedRequest {
  readonly head: RequestHead;
  readonly facts: HeadFacts;
}

export interface ParsedResponse {
  readonly head: ResponseHead;
  readonly facts: HeadFacts;
}

const CR = 13;
const LF = 10;
const SPACE = 32;
const TAB = 9;
const COLON = 58;

function table(accepts: (code: number) => boolean): Uint8Array {
  return Uint8Array.from({ length: 256 }, (_, code) => (accepts(code) ? 1 : 0));
}

export const TOKEN = table((code) => /[!#$%&'*+\-.^_`|~0-9A-Za-z]/.test(String.fromCharCode(code)));
export const VALUE = table((code) => code === TAB || (code >= SPACE && code !== 127));
const TARGET = table((code) => code > SPACE && code !== 127);
/** Characters of a target that have to be looked at: escapes, and what must be one. */
const TARGET_SPECIAL = table((code) => code > 126 || '%"#<>\\^`{|}'.includes(String.fromCharCode(code)));
const HOST = table((code) => /[A-Za-z0-9!$%&'()*+,\-.;=_~]/.test(String.fromCharCode(code)));
const OPENING_BRACKET = 91;
/** An IPv6 address in brackets, a port, or both. */
const HOST_END = /^(?:\[[0-9A-Za-z:.%~_-]+\])?(?::\d*)?$/;

/** `text` is a whole head in latin1, both ends of line included. `headerCountMax` bounds its fields. */
export function parseRequestHead(text: string, headerCountMax: number): ParsedRequest {
  let at = 0;
  while (TOKEN[text.charCodeAt(at)] === 1) at++;
  if (at === 0 || text.charCodeAt(at) !== SPACE) throw new MalformedMessage("malformed request line");
  const method = text.slice(0, at);
  const targetFrom = at + 1;
  at = targetFrom;
  let special = 0;
  for (let code = text.charCodeAt(at); TARGET[code] === 1; code = text.charCodeAt(++at)) {
    special |= TARGET_SPECIAL[code] as number;
  }
  const target = text.slice(targetFrom, at);
  if (target.length === 0 || text.charCodeAt(at) !== SPACE)
    throw new MalformedMessage("malformed request line");
  const version = versionOf(text, at + 1);
  const facts = new HeadFacts();
  const headers = parseFields(text, { from: at + 11, headerCountMax, facts });
  checkHost(version, facts);
  checkFraming(version, facts);
  const head: RequestHead = { method, target, version, headers };
  if (target.charCodeAt(0) !== 47) reduceTarget(head, facts);
  if (special !== 0) escapeTarget(head);
  return { head, facts };
}

function versionOf(text: string, at: number): "1.0" | "1.1" {
  if (text.startsWith("HTTP/1.1\r\n", at)) return "1.1";
  if (text.startsWith("HTTP/1.0\r\n", at)) return "1.0";
  if (text === HTTP2_PREFACE_HEAD) throw new Http2Preface();
  if (/^HTTP\/\d\.\d\r\n/.test(text.slice(at, at + 10))) {
    throw new MalformedMessage("unsupported protocol version", 505);
  }
  throw new MalformedMessage("malformed HTTP version");
}

/** hot path: see bench/micro/forward.ts */
export function parseResponseHead(text: string, headerCountMax: number): ParsedResponse {
  const version10 = text.startsWith("HTTP/1.0 ");
  if (!version10 && !text.startsWith("HTTP/1.1 ")) throw badStatusLine(text);
  let status = 0;
  for (let at = 9; at < 12; at++) {
    const digit = text.charCodeAt(at) - 48;
    if (!(digit >= 0 && digit <= 9)) throw badStatusLine(text);
    status = status * 10 + digit;
  }
  let at = 12;
  if (text.charCodeAt(at) === SPACE) at++;
  else if (text.charCodeAt(at) !== CR) throw badStatusLine(text);
  const reasonFrom = at;
  while (VALUE[text.charCodeAt(at)] === 1) at++;
  if (status < 100 || text.charCodeAt(at) !== CR || text.charCodeAt(at + 1) !== LF) throw badStatusLine(text);
  const facts = new HeadFacts();
  const headers = parseFields(text, { from: at + 2, headerCountMax, facts });
  checkFraming("1.1", facts);
  if (version10 && !facts.keepAlive) facts.close = true;
  return { head: { status, reason: text.slice(reasonFrom, at), headers }, facts };
}

function badStatusLine(text: string): MalformedMessage {
  return new MalformedMessage(describeStatusLine(text.split("\r\n", 1)[0] ?? ""));
}

/** Why a status line is refused; the words, and the order of the tests, of Go's net/http. */
export function describeStatusLine(line: string): string {
  const parts = /^(\S*) +(\S*)/.exec(line);
  if (!parts) return `malformed HTTP response ${goQuoted(line)}`;
  const [, version = "", status = ""] = parts;
  if (/^\d{3}$/.test(status) && !/^HTTP\/1\.[01]$/.test(version)) {
    return `malformed HTTP version ${goQuoted(version)}`;
  }
  return `malformed HTTP status code ${goQuoted(status)}`;
}

/** Trailer fields: the same grammar, without a start line. */
export function parseTrailers(text: string, headerCountMax: number): HeaderBlock {
  return parseFields(text, { from: 0, headerCountMax, facts: undefined });
}

interface FieldsInput {
  readonly from: number;
  readonly headerCountMax: number;
  readonly facts: HeadFacts | undefined;
}

/** hot path: see bench/micro/head-parser.ts */
function parseFields(text: string, input: FieldsInput): HeaderBlock {
  const flat: string[] = [];
  const { facts } = input;
  let at = input.from;
  for (;;) {
    const nameFrom = at;
    let code = text.charCodeAt(at);
    if (code === CR) break;
    while (TOKEN[code] === 1) code = text.charCodeAt(++at);
    if (code !== COLON || at === nameFrom) throw badFieldLine(text, nameFrom);
    const name = text.slice(nameFrom, at);
    do code = text.charCodeAt(++at);
    while (code === SPACE || code === TAB);
    const valueFrom = at;
    let valueTo = at;
    while (VALUE[code] === 1) {
      at++;
      if (code !== SPACE && code !== TAB) valueTo = at;
      code = text.charCodeAt(at);
    }
    if (code !== CR || text.charCodeAt(at + 1) !== LF) throw badFieldLine(text, nameFrom);
    at += 2;
    const value = text.slice(valueFrom, valueTo);
    flat.push(name, value);
    if (facts !== undefined) noteField(facts, name, value);
  }
  if (text.charCodeAt(at + 1) !== LF || at + 2 !== text.length)
    throw new MalformedMessage("bare carriage return");
  if (flat.length > 2 * input.headerCountMax) throw new MalformedMessage("too many header fields", 431);
  return new HeaderBlock(flat);
}

/** The one fault of a name that Go's server tells; a tab in it is like any other byte that may not be there. */
const NAME_WITH_SPACE = /^[\w!#$%&'*+.^`|~-]+ [\w!#$%&'*+.^`|~ -]*:/;

function badFieldLine(text: string, from: number): MalformedMessage {
  const line = text.slice(from).split("\r\n", 1)[0] ?? "";
  if (!line.includes(":"))
    return new MalformedMessage(`malformed MIME header: missing colon: ${goQuoted(line)}`);
  if (NAME_WITH_SPACE.test(line)) return new MalformedMessage("invalid header name");
  return new MalformedMessage(`malformed MIME header line: ${goQuoted(line)}`);
}

/** Looks at the few fields that decide about the connection; their lengths tell them apart from most others. */
function noteField(facts: HeadFacts, name: string, value: string): void {
  switch (name.length) {
    case 4:
      if (isName(name, "host")) {
        facts.host = value;
        facts.hostCount++;
      }
      break;
    case 6:
      if (isName(name, "expect")) facts.expect = value.toLowerCase() || undefined;
      break;
    case 7:
      if (isName(name, "upgrade")) facts.upgrade = value;
      break;
    case 10:
      if (isName(name, "connection")) noteConnection(facts, value);
      break;
    case 14:
      if (isName(name, "content-length")) noteLength(facts, value);
      break;
    case 17:
      if (isName(name, "transfer-encoding")) noteCoding(facts, value);
      break;
  }
}

function noteConnection(facts: HeadFacts, value: string): void {
  if (value === "keep-alive") {
    facts.keepAlive = true;
    return;
  }
  for (const option of value.toLowerCase().split(",")) {
    const name = option.trim();
    if (name === "close") facts.close = true;
    else if (name === "keep-alive") facts.keepAlive = true;
    else if (name === "upgrade") facts.connectionUpgrade = true;
  }
}

export function noteLength(facts: HeadFacts, value: string): void {
  if (facts.contentLength >= 0) throw new MalformedMessage("more than one Content-Length");
  let length = 0;
  for (let at = 0; at < value.length; at++) {
    const digit = value.charCodeAt(at) - 48;
    if (!(digit >= 0 && digit <= 9)) throw badLength(value);
    length = length * 10 + digit;
  }
  if (value === "" || value.length > 16 || !Number.isSafeInteger(length)) throw badLength(value);
  facts.contentLength = length;
}

function badLength(value: string): MalformedMessage {
  const what = value === "" ? "invalid empty" : "bad";
  return new MalformedMessage(`${what} Content-Length ${JSON.stringify(value)}`);
}

function noteCoding(facts: HeadFacts, value: string): void {
  if (facts.chunked) {
    throw new MalformedMessage(`too many transfer encodings: ["chunked" ${JSON.stringify(value)}]`, 501);
  }
  if (value.toLowerCase() !== "chunked") {
    throw new MalformedMessage(`unsupported transfer encoding: ${JSON.stringify(value)}`, 501);
  }
  facts.chunked = true;
}

function checkFraming(version: string, facts: HeadFacts): void {
  if (!facts.chunked) return;
  if (facts.contentLength >= 0) throw new MalformedMessage("Content-Length together with Transfer-Encoding");
  if (version === "1.0") throw new MalformedMessage("Transfer-Encoding in HTTP/1.0");
}

function checkHost(version: string, facts: HeadFacts): void {
  if (facts.host === undefined) {
    if (version === "1.1") throw new MalformedMessage("missing required Host header");
    return;
  }
  if (facts.hostCount > 1) throw new MalformedMessage("too many Host headers");
  checkAuthority(facts.host);
}

/** Throws unless `host` may be the value of a Host field: a name or address and perhaps a port. */
export function checkAuthority(host: string): void {
  for (let at = 0; at < host.length; at++) {
    const code = host.charCodeAt(at);
    if (code === COLON || code === OPENING_BRACKET) {
      if (HOST_END.test(host.slice(at)) && (code === COLON || at === 0)) return;
      throw new MalformedMessage("malformed Host header");
    }
    if (HOST[code] !== 1) throw new MalformedMessage("malformed Host header");
  }
}

/** A target that came outside a request line: checked and escaped as one that came within. */
export function checkedTarget(target: string): string {
  let special = 0;
  for (let at = 0; at < target.length; at++) {
    const code = target.charCodeAt(at);
    if (TARGET[code] !== 1) throw new MalformedMessage("malformed request target");
    special |= TARGET_SPECIAL[code] as number;
  }
  return special === 0 ? target : escaped(target);
}

/** `*` and absolute-form; the latter becomes origin-form and its authority replaces Host (RFC 9112 §3.2.2). */
function reduceTarget(head: RequestHead, facts: HeadFacts): void {
  // Only OPTIONS asks about the server as a whole (RFC 9112 §3.2.4).
  if (head.method === "CONNECT" || (head.target === "*" && head.method === "OPTIONS")) return;
  const parts = /^https?:\/\/([A-Za-z0-9\-._~%!$&'()*+,;=:[\]]+)([/?][^#]*)?$/i.exec(head.target);
  const authority = parts?.[1];
  if (authority === undefined || authority.includes("[") !== authority.includes("]")) {
    throw new MalformedMessage("malformed request target");
  }
  checkAuthority(authority);
  const path = parts?.[2] ?? "/";
  head.sentTarget = head.target;
  head.target = path.startsWith("/") ? path : `/${path}`;
  head.headers.set("Host", authority);
  facts.host = authority;
}

function escapeTarget(head: RequestHead): void {
  const target = escaped(head.target);
  if (target !== head.target) head.sentTarget ??= head.target;
  head.target = target;
}

/** Escapes what may not stand in a path, as Go's net/url does; refuses escapes that are none. */
function escaped(target: string): string {
  const query = target.indexOf("?");
  const path = query < 0 ? target : target.slice(0, query);
  if (/%(?![0-9A-Fa-f]{2})/.test(path)) throw new MalformedMessage("malformed request target");
  const whole = path.replace(/["#<>\\^`{|}\x80-\xff]/g, (character) => {
    return `%${character.charCodeAt(0).toString(16).toUpperCase()}`;
  });
  return query < 0 ? whole : whole + target.slice(query);
}
