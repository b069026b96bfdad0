import { Http2Preface, type MalformedMessage } from "./head-parser.ts";
import { reasonOf } from "./head-writer.ts";

/** Reasons that the client is told. */
const TOLD = new Set([
  "missing required Host header",
  "too many Host headers",
  "malformed Host header",
  "invalid header name",
  "unsupported protocol version",
]);

/** The answer to bytes that are no request; the same bytes as Go's server sends, whose clients may know them. */
export function refusalText(error: MalformedMessage, date: string): string {
  // A server that does not speak HTTP/2 says no more than that it does not.
  const status = error instanceof Http2Preface ? 400 : error.status;
  let phrase = reasonOf(status);
  if (error instanceof Http2Preface || status === 417) {
    return `HTTP/1.1 ${status} ${phrase}\r\nDate: ${date}\r\nConnection: close\r\nContent-Length: 0\r\n\r\n`;
  }
  if (TOLD.has(error.message)) phrase += `: ${error.message}`;
  const body =
    status === 501 && error.message.startsWith("unsupported")
      ? "Unsupported transfer encoding"
      : `${status} ${phrase}`;
  const fields = "Content-Type: text/plain; charset=utf-8\r\nConnection: close\r\n\r\n";
  return `HTTP/1.1 ${status} ${phrase}\r\n${fields}${body}`;
}
