import type { Duplex } from "node:stream";
import type { WebSocket } from "ws";
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
  /** With status 101: the connection becomes one of these. */
  readonly streams?: StreamsOffer;
}

/** What a connection can become, by the name of its protocol, the best one first. */
export interface StreamsOffer {
  /** Messages of a WebSocket. */
  readonly webSocket: Readonly<Record<string, (socket: WebSocket) => void>>;
  /** Streams of SPDY/3.1, on the connection itself or carried by a WebSocket. */
  readonly spdy: Readonly<Record<string, (transport: Duplex) => void>>;
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
