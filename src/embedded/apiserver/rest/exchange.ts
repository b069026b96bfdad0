import type { Caller } from "../context.ts";

/** An HTTP request as the API server takes it, whatever carries it. */
export interface ApiRequest {
  readonly method: string;
  /** Path and query, as sent. */
  readonly url: string;
  /** Lower-case names; several values joined as HTTP joins them. */
  readonly headers: Readonly<Record<string, string | undefined>>;
  readonly body: Uint8Array;
  /** Aborts when the client is gone: watches and followed logs end. */
  readonly signal: AbortSignal;
}

export interface ApiResponse {
  readonly status: number;
  readonly headers: Readonly<Record<string, string | readonly string[]>>;
  /** A text, or chunks that the carrier pulls as fast as its client reads. */
  readonly body: string | AsyncIterable<string | Uint8Array>;
  /** With status 101: the connection becomes a WebSocket. */
  readonly streams?: StreamsOffer;
}

export interface StreamsOffer {
  /** Subprotocols, the best one first. */
  readonly protocols: readonly string[];
  /** Called once, when the connection stands. */
  open(socket: StreamSocket): void;
}

/** A connection of whole binary messages. */
export interface StreamSocket {
  send(payload: Uint8Array): void;
  /** Resolves when the peer has read enough for more. */
  drained(): Promise<void>;
  close(code: number): void;
  onMessage(listener: (payload: Buffer) => void): void;
  onClosed(listener: () => void): void;
}

/** A request with its address taken apart and its caller known. */
export interface Exchange {
  readonly request: ApiRequest;
  readonly path: string;
  readonly query: URLSearchParams;
  readonly caller: Caller;
  /** Texts for `Warning:` headers, filled on the way. */
  readonly warnings: string[];
}

export function exchangeOf(request: ApiRequest, caller: Caller): Exchange {
  const mark = request.url.indexOf("?");
  const path = mark < 0 ? request.url : request.url.slice(0, mark);
  const query = new URLSearchParams(mark < 0 ? "" : request.url.slice(mark + 1));
  return { request, path, query, caller, warnings: [] };
}
