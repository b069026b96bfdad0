import { type HeaderBlock, isName } from "./header-block.ts";
import type { RequestHead, ResponseHead } from "./message.ts";
import { STATUS_CODES } from "./status-codes.ts";

/** Heads as latin1 text. Framing and connection fields are the writer's own: those of the head are left out. */

/** How a body that is sent ends; "none" = it is not sent. */
export type OutgoingFraming = "none" | "length" | "chunked" | "until-close";

export interface ResponseFraming {
  readonly version: "1.0" | "1.1" | "2";
  readonly framing: OutgoingFraming;
  readonly length: number;
  /** A head that speaks of a body which is not sent (HEAD, 304) keeps its Content-Length, or has `length`. */
  readonly keepLength: boolean;
  readonly connection: "close" | "keep-alive" | "";
  /** Value of Date for heads that have none; "" = add none. */
  readonly date: string;
}

/** hot path: see bench/micro/forward.ts */
export function responseHeadText(head: ResponseHead, framing: ResponseFraming): string {
  const version = framing.version === "1.0" ? "1.0" : "1.1";
  let text = `HTTP/${version} ${head.status} ${head.reason || reasonOf(head.status)}\r\n`;
  let dated = framing.date === "";
  const flat = head.headers.flat;
  for (let index = 0; index < flat.length; index += 2) {
    const name = flat[index] as string;
    switch (name.length) {
      case 4:
        if (!dated && isName(name, "date")) dated = true;
        break;
      case 7:
        if (framing.framing !== "chunked" && isName(name, "trailer")) continue;
        break;
      case 10:
        if (isName(name, "connection") || isName(name, "keep-alive")) continue;
        break;
      case 14:
        if (!framing.keepLength && isName(name, "content-length")) continue;
        break;
      case 17:
        if (isName(name, "transfer-encoding")) continue;
        break;
    }
    text += `${name}: ${flat[index + 1] as string}\r\n`;
  }
  if (framing.framing === "length" || framing.length > 0) text += `Content-Length: ${framing.length}\r\n`;
  else if (framing.framing === "chunked") text += "Transfer-Encoding: chunked\r\n";
  if (!dated) text += `Date: ${framing.date}\r\n`;
  if (framing.connection !== "") text += `Connection: ${framing.connection}\r\n`;
  return `${text}\r\n`;
}

/** An interim head or a 101: every field as given. */
export function plainResponseText(head: ResponseHead, version: string): string {
  let text = `HTTP/${version === "1.0" ? "1.0" : "1.1"} ${head.status} ${head.reason || reasonOf(head.status)}\r\n`;
  for (const [name, value] of head.headers) text += `${name}: ${value}\r\n`;
  return `${text}\r\n`;
}

export interface RequestFraming {
  readonly framing: OutgoingFraming;
  readonly length: number;
  /** For a request without Host, which HTTP/1.0 allows and HTTP/1.1 does not. */
  readonly defaultHost: string;
  /** The Upgrade that is asked for, which is a matter of this connection. */
  readonly upgrade: string | undefined;
}

/** hot path: see bench/micro/forward.ts */
export function requestHeadText(head: RequestHead, framing: RequestFraming): string {
  let text = `${head.method} ${head.target} HTTP/1.1\r\n`;
  let hostSaid = false;
  const flat = head.headers.flat;
  for (let index = 0; index < flat.length; index += 2) {
    const name = flat[index] as string;
    switch (name.length) {
      case 4:
        if (isName(name, "host")) hostSaid = true;
        break;
      case 7:
        if (isName(name, "upgrade") || (framing.framing !== "chunked" && isName(name, "trailer"))) continue;
        break;
      case 10:
        if (isName(name, "keep-alive") || (framing.upgrade !== undefined && isName(name, "connection")))
          continue;
        break;
      case 14:
        if (isName(name, "content-length")) continue;
        break;
      case 17:
        if (isName(name, "transfer-encoding")) continue;
        break;
    }
    text += `${name}: ${flat[index + 1] as string}\r\n`;
  }
  if (!hostSaid) text += `Host: ${framing.defaultHost}\r\n`;
  if (framing.framing === "chunked") text += "Transfer-Encoding: chunked\r\n";
  else if (framing.length > 0 || expectsBody(head.method)) {
    text += `Content-Length: ${framing.length}\r\n`;
  }
  if (framing.upgrade !== undefined) text += `Connection: Upgrade\r\nUpgrade: ${framing.upgrade}\r\n`;
  return `${text}\r\n`;
}

/** Methods whose empty body is said aloud, as most servers want it. */
function expectsBody(method: string): boolean {
  return method === "POST" || method === "PUT" || method === "PATCH";
}

export function reasonOf(status: number): string {
  return STATUS_CODES[status] ?? `status code ${status}`;
}

export function headersText(headers: HeaderBlock): string {
  let text = "";
  for (const [name, value] of headers) text += `${name}: ${value}\r\n`;
  return text;
}

/** Whether the one who answers wants the connection closed after it. */
export function asksToClose(head: ResponseHead): boolean {
  const options = head.headers.get("connection");
  return options !== undefined && /\bclose\b/i.test(options);
}
