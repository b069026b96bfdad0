import type { Cancel } from "../base/cancel.ts";
import type { Conn } from "./conn.ts";
import type { HeaderBlock } from "./header-block.ts";

/** Heads, bodies and exchanges: what travels between a server connection, the phases of a program and an upstream. */

export interface RequestHead {
  readonly method: string;
  /** As sent: origin-form, `*`, or already reduced from absolute-form. Phases may set it. */
  target: string;
  /** Set when the target was reduced or escaped: what was sent, for those who log it. */
  sentTarget?: string;
  readonly version: "1.0" | "1.1" | "2";
  readonly headers: HeaderBlock;
}

export interface ResponseHead {
  readonly status: number;
  readonly reason: string;
  readonly headers: HeaderBlock;
}

/**
 * A body that is pulled: nothing flows before `start`, and then at most the credit given, plus one chunk.
 * Exactly one of `end` and `fail` is the last call to the sink, unless `abandon` was called.
 */
export interface BodySource {
  /** Known length in bytes; undefined when chunked or until close; 0 means that the body is empty. */
  readonly length: number | undefined;
  /** How many bytes have come so far, where that is counted. */
  readonly receivedBytes?: number;
  /** All of it has come and no trailers with it, where that is known; what has come may still wait to be read. */
  readonly isWhole?: boolean;
  start(sink: BodySink): void;
  /** Allows `bytes` more. */
  credit(bytes: number): void;
  /** The reader wants no more; the source frees what it holds. Idempotent, allowed after the end. */
  abandon(): void;
}

export interface BodySink {
  /** The chunk may be reused after the call: write it or copy it. */
  data(chunk: Uint8Array): void;
  end(trailers?: HeaderBlock): void;
  fail(error: Error): void;
}

/** One request being answered: made by a server connection or by the in-process upstream. */
export interface Exchange {
  readonly request: RequestHead;
  readonly body: BodySource;
  /** Raised when the client went away, a time-out fired or the server is being closed. */
  readonly cancel: Cancel;
  readonly remoteAddress: string;
  /** Absent inside this process. */
  readonly remotePort?: number | undefined;
  /** It came over TLS. */
  readonly secure?: boolean;
  /** True once a final head was sent: an error can then only cut the answer. */
  readonly responded: boolean;
  /** 1xx, any number of times before `respond`. 100-continue is never sent by the server on its own. */
  interim(head: ResponseHead): void;
  /** Final answer, once. `body` undefined = empty. */
  respond(head: ResponseHead, body?: BodySource): void;
  /** Answers 101 (or 2xx to CONNECT-like upgrades) with `head` and hands the raw connection over, early bytes first. */
  upgrade(head: ResponseHead): Conn;
  /**
   * Cuts the answer: the client sees a broken message, never a complete one. With `lastWords` (spec Q-047) a chunked
   * answer ends cleanly after that text; one with a Content-Length is cut after it, or before when it would fill it.
   */
  abort(error: Error, lastWords?: string): void;
  /**
   * Looks again whether the client of a paused connection is there: a paused socket reports neither FIN nor RST.
   * To be asked before a held request is given its slot; raises `cancel` itself when the client has gone.
   */
  stillThere(): Promise<boolean>;
  /** Memory that this request holds while nobody reads its body: the head and at most 16 KiB of body. */
  readonly heldBytes: number;
  /** Calls `listener` whenever a part of the final answer (or of a tunnel) was given to the transport; one listener. */
  onProgress(listener: () => void): void;
  /** Runs `listener` once when the exchange is over in any way, with the bytes of body sent. */
  onFinish(listener: (outcome: ExchangeOutcome) => void): void;
}

export interface ExchangeOutcome {
  /** 0 when the client left before any head was sent. */
  readonly status: number;
  readonly responseBytes: number;
  readonly complete: boolean;
}

/** A program's entry: phases end in `exchange.respond`, `upgrade` or `abort`. Never throws, never rejects. */
export type Handler = (exchange: Exchange) => void;
