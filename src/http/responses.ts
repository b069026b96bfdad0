import { HeaderBlock } from "./header-block.ts";
import type { BodySource, Exchange } from "./message.ts";

export interface SimpleResponse {
  readonly status: number;
  /** Default: the usual phrase of that status. */
  readonly reason?: string;
  /** Default `text/plain; charset=utf-8` when there is a body and no other was given. */
  readonly headers?: HeaderBlock;
  readonly body?: string | Uint8Array;
}

/** A body of known bytes. */
export function bytesBody(_bytes: Uint8Array): BodySource {
  throw new Error("not built yet");
}

/** Answers with a complete short message. */
export function respondWith(exchange: Exchange, response: SimpleResponse): void {
  exchange.respond({ status: response.status, reason: "", headers: response.headers ?? new HeaderBlock() });
}
