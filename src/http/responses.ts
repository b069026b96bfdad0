import { HeaderBlock } from "./header-block.ts";
import type { BodySink, BodySource, Exchange } from "./message.ts";

export interface SimpleResponse {
  readonly status: number;
  /** Default: the usual phrase of that status. */
  readonly reason?: string;
  /** Default `text/plain; charset=utf-8` when there is a body and no other was given. */
  readonly headers?: HeaderBlock;
  readonly body?: string | Uint8Array;
}

/** A body of known bytes, passed on in one chunk once there is credit. */
export function bytesBody(bytes: Uint8Array): BodySource {
  return new BytesBody(bytes, bytes.length);
}

/** The same, whose length is not told: a stream to its reader. */
export function streamedBody(bytes: Uint8Array): BodySource {
  return new BytesBody(bytes, undefined);
}

class BytesBody implements BodySource {
  readonly length: number | undefined;
  #bytes: Uint8Array | undefined;
  #sink: BodySink | undefined;

  constructor(bytes: Uint8Array, length: number | undefined) {
    this.length = length;
    this.#bytes = bytes;
  }

  start(sink: BodySink): void {
    if (this.length === 0) sink.end();
    else this.#sink = sink;
  }

  credit(_bytes: number): void {
    const sink = this.#sink;
    const bytes = this.#bytes;
    if (!sink || !bytes) return;
    this.#bytes = undefined;
    sink.data(bytes);
    if (this.#sink) sink.end();
    this.#sink = undefined;
  }

  abandon(): void {
    this.#sink = undefined;
    this.#bytes = undefined;
  }
}

/** Answers with a complete short message; the request's body is not read. Does nothing when already answered. */
export function respondWith(exchange: Exchange, response: SimpleResponse): void {
  if (exchange.responded) return;
  const headers = response.headers ?? new HeaderBlock();
  const { body = "", status, reason = "" } = response;
  const bytes = typeof body === "string" ? Buffer.from(body) : body;
  if (bytes.length > 0 && !headers.has("content-type"))
    headers.set("Content-Type", "text/plain; charset=utf-8");
  exchange.respond({ status, reason, headers }, bytesBody(bytes));
}
