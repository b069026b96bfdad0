import { Http2Preface, type MalformedMessage } from "./head-parser.ts";
import { headersText, reasonOf } from "./head-writer.ts";
import { HeaderBlock } from "./header-block.ts";

/** What was answered to bytes that never became an exchange. */
export interface Refusal {
  readonly status: number;
  readonly reason: string;
  readonly remoteAddress: string;
}

/** Told of each refusal; returns further fields for its answer, names and values in turn. */
export type OnRefusal = (refusal: Refusal) => readonly string[];

/** Reasons that the client is told. */
const TOLD = new Set([
  "missing required Host header",
  "malformed Host header",
  "invalid header name",
  "unsupported protocol version",
]);

/** The answer to bytes that are no request; the same bytes as Go's server sends, whose clients may know them. */
export function refusalText(error: MalformedMessage, date: string, more: readonly string[]): string {
  // A server that does not speak HTTP/2 says no more than that it does not.
  const status = error instanceof Http2Preface ? 400 : error.status;
  let phrase = reasonOf(status);
  const added = headersText(new HeaderBlock([...more]));
  if (error instanceof Http2Preface || status === 417) {
    return `HTTP/1.1 ${status} ${phrase}\r\nDate: ${date}\r\nConnection: close\r\n${added}Content-Length: 0\r\n\r\n`;
  }
  if (TOLD.has(error.message)) phrase += `: ${error.message}`;
  const body =
    status === 501 && error.message.includes("transfer encoding")
      ? "Unsupported transfer encoding"
      : `${status} ${phrase}`;
  const fields = "Content-Type: text/plain; charset=utf-8\r\nConnection: close\r\n";
  return `HTTP/1.1 ${status} ${phrase}\r\n${fields}${added}\r\n${body}`;
}
