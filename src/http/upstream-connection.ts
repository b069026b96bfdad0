import { EbbError, messageOf } from "../base/errors.ts";
import { goQuoted } from "../base/go-quoted.ts";
import { BodyDecoder, type DecodedBody } from "./body-decoder.ts";
import type { Conn, ConnHandler } from "./conn.ts";
import { DetachedConn } from "./detached-conn.ts";
import type { HeadFacts } from "./head-facts.ts";
import { MalformedMessage, parseResponseHead } from "./head-parser.ts";
import { HeadReader } from "./head-reader.ts";
import { requestHeadText } from "./head-writer.ts";
import type { HeaderBlock } from "./header-block.ts";
import type { HttpLimits } from "./limits.ts";
import type { ResponseHead } from "./message.ts";
import { MessageWriter, type WriterOwner } from "./message-writer.ts";
import { type BodyOwner, EMPTY_BODY, ReceivedBody } from "./received-body.ts";
import { isReplayable } from "./replayable.ts";
import {
  type OutgoingRequest,
  UpstreamError,
  type UpstreamFailure,
  type UpstreamObserver,
} from "./upstream.ts";

export interface UpstreamConnectionOwner {
  readonly limits: HttpLimits;
  /** Host of requests that have none. */
  readonly defaultHost: string;
  /** The connection can carry another request; `idleMaxMs` when the peer said how long it keeps it. */
  connectionFree(connection: UpstreamConnection, idleMaxMs: number | undefined): void;
  /** Closed, or a tunnel now. */
  connectionGone(connection: UpstreamConnection): void;
  /** The peer had given the connection up: sends the request on another one; false when that cannot be. */
  sendAgain(request: OutgoingRequest, observer: UpstreamObserver): boolean;
  /** Our side has ended: the connection is to be reset after a while. */
  lingers(conn: Conn): void;
}

/** One connection to a server: a request at a time, from its head to the last byte of the answer. */
export class UpstreamConnection implements ConnHandler, DecodedBody, BodyOwner, WriterOwner {
  /** For the pool: its sweep after which an idle connection is closed. */
  expiresAfter = 0;
  readonly #conn: Conn;
  readonly #owner: UpstreamConnectionOwner;
  readonly #heads: HeadReader;
  readonly #decoder: BodyDecoder;
  readonly #writer: MessageWriter;
  #request: OutgoingRequest | undefined;
  #observer: UpstreamObserver | undefined;
  #stopListening: (() => void) | undefined;
  #body: ReceivedBody | undefined;
  #responded = false;
  #facts: HeadFacts | undefined;
  #keepAliveField: string | undefined;
  #requestWritten = false;
  #sent = false;
  /** It has carried a request before: the peer may have given it up while it was idle. */
  #reused = false;
  /** No byte has come since the request. */
  #silent = true;
  #paused = false;
  #over = false;
  #tunnel: DetachedConn | undefined;

  constructor(conn: Conn, owner: UpstreamConnectionOwner) {
    this.#conn = conn;
    this.#owner = owner;
    this.#heads = new HeadReader(owner.limits);
    this.#decoder = new BodyDecoder(owner.limits);
    this.#writer = new MessageWriter(conn, this);
    conn.setHandler(this);
  }

  get usable(): boolean {
    return !this.#over && this.#request === undefined;
  }

  /** hot path. The connection must be free. */
  send(request: OutgoingRequest, observer: UpstreamObserver): void {
    this.#request = request;
    this.#observer = observer;
    this.#responded = false;
    this.#requestWritten = false;
    this.#sent = false;
    this.#silent = true;
    this.#stopListening = request.cancel.onRaise(this.#onCancel);
    if (this.#request !== request) return;
    this.#sent = true;
    const { head, body } = request;
    const framing = body.length === undefined ? "chunked" : "length";
    const length = body.length ?? 0;
    const upgrade = head.headers.get("upgrade");
    this.#writer.write({
      head: requestHeadText(head, { framing, length, upgrade, defaultHost: this.#owner.defaultHost }),
      framing,
      length,
      body,
    });
  }

  /** Ends an idle connection; one in use is cut. */
  close(): void {
    if (this.#over) return;
    if (this.#request) this.#conn.reset();
    else this.#linger();
    this.#fail("closed", new EbbError("pool-closed", "the connection was given up"));
  }

  // What the transport tells.

  data(chunk: Uint8Array): void {
    if (this.#over) return;
    this.#silent = false;
    const bytes = chunk instanceof Buffer ? chunk : Buffer.from(chunk.buffer, chunk.byteOffset, chunk.length);
    let at = 0;
    try {
      while (at < bytes.length && !this.#over && this.#request) {
        if (!this.#decoder.done) at = this.#decoder.decode(bytes, at, this);
        else {
          const text = this.#heads.feed(bytes, at);
          at = this.#heads.consumed;
          if (text !== undefined) this.#onHead(text, this.#request);
        }
      }
    } catch (error) {
      if (!(error instanceof MalformedMessage)) throw error;
      this.#conn.reset();
      this.#fail("malformed", error.status === 431 ? this.#tooLong(error) : error);
      return;
    }
    if (at < bytes.length && this.#tunnel) this.#tunnel.addEarly(bytes.subarray(at));
    // Bytes that nobody asked for: whose answer they are cannot be known any more.
    else if (at < bytes.length && !this.#over) this.close();
    this.#adjustReading();
  }

  end(): void {
    if (this.#over) return;
    if (this.#request && this.#responded && this.#decoder.untilClose) {
      this.#decoder.stop();
      this.bodyEnd(undefined);
      return;
    }
    if (this.#request) this.#conn.reset();
    else this.#conn.end();
    if (this.#heads.pending > 0) this.#fail("malformed", new EbbError("eof", this.#heads.describeCut()));
    else this.#lose("closed", new EbbError("eof", "EOF"));
  }

  drain(): void {
    this.#writer.drained();
  }

  closed(error?: Error): void {
    if (error) this.#lose("reset", new EbbError("reset", this.#resetText(error), { cause: error }));
    else this.#lose("closed", new EbbError("eof", "EOF"));
  }

  #tooLong(cause: Error): EbbError {
    const message = `net/http: server response headers exceeded ${this.#owner.limits.headBytesMax} bytes; aborted`;
    return new EbbError("malformed-message", message, { cause });
  }

  /** As Go's transport says it. */
  #resetText(error: Error): string {
    if (!("code" in error) || error.code !== "ECONNRESET") return error.message;
    const { localAddress, localPort, remoteAddress, remotePort } = this.#conn;
    const from = `${localAddress}:${localPort}->${remoteAddress}:${remotePort}`;
    return `read tcp ${from}: read: connection reset by peer`;
  }

  // The answer.

  #onHead(text: string, request: OutgoingRequest): void {
    const { head, facts } = parseResponseHead(text, this.#owner.limits.headerCountMax);
    if (head.status === 101) {
      this.#onUpgrade(head, request, facts.connectionUpgrade);
      return;
    }
    if (head.status < 200) {
      this.#observer?.interim(head);
      return;
    }
    this.#responded = true;
    this.#facts = facts;
    const bodiless = request.head.method === "HEAD" || head.status === 204 || head.status === 304;
    if (bodiless || (!facts.chunked && facts.contentLength === 0)) {
      this.#body = undefined;
      this.#observer?.response(head, EMPTY_BODY);
      if (this.#request === request) this.bodyEnd(undefined);
      return;
    }
    this.#keepAliveField = head.headers.get("keep-alive");
    const length = facts.contentLength >= 0 ? facts.contentLength : undefined;
    this.#decoder.begin(facts.chunked ? "chunked" : length === undefined ? "until-close" : { length });
    this.#body = new ReceivedBody(length, this, this.#owner.limits.heldBodyBytesMax);
    this.#observer?.response(head, this.#body);
  }

  #onUpgrade(head: ResponseHead, request: OutgoingRequest, isListed: boolean): void {
    const asked = request.head.headers.get("upgrade") ?? "";
    // Upgrade counts only where Connection lists it (RFC 9110 §7.8).
    const chosen = (isListed && head.headers.get("upgrade")) || "";
    if (asked === "" || asked.toLowerCase() !== chosen.toLowerCase()) {
      this.#conn.reset();
      const message = `backend tried to switch protocol ${goQuoted(chosen)} when ${goQuoted(asked)} was requested`;
      this.#fail("upgrade", new EbbError("upstream-upgrade", message));
      return;
    }
    const observer = this.#observer;
    const stopListening = this.#stopListening;
    this.#over = true;
    this.#request = undefined;
    this.#writer.stop();
    const tunnel = new DetachedConn(this.#conn, { wrote() {}, closed: () => stopListening?.() });
    this.#tunnel = tunnel;
    this.#owner.connectionGone(this);
    observer?.upgraded(head, tunnel);
  }

  bodyData(chunk: Buffer): void {
    this.#body?.push(chunk);
  }

  bodyEnd(trailers: HeaderBlock | undefined): void {
    const body = this.#body;
    const facts = this.#facts;
    const reusable = this.#requestWritten && !facts?.close && this.#fixedEnd(facts);
    const idleMaxMs = keepAliveMs(this.#keepAliveField);
    this.#release();
    body?.complete(trailers);
    if (reusable) {
      // The reader may still be taking what is held; the transport has nothing of this message any more.
      this.#adjustReading();
      this.#reused = true;
      this.#owner.connectionFree(this, idleMaxMs);
    } else this.#retire();
  }

  /** The message had an end of its own. */
  #fixedEnd(facts: HeadFacts | undefined): boolean {
    return facts !== undefined && (facts.chunked || facts.contentLength >= 0 || this.#body === undefined);
  }

  bodyStarted(): void {}

  bodyDemand(): void {
    this.#adjustReading();
  }

  bodyAbandoned(): void {
    if (this.#over || !this.#request) return;
    this.#conn.reset();
    this.#release();
    this.#gone();
  }

  #adjustReading(): void {
    if (this.#over) return;
    if (!this.#decoder.done) this.#conn.expect?.(this.#decoder.expectedBytes);
    const wants = this.#decoder.done || (this.#body?.wants ?? true);
    if (wants !== this.#paused) return;
    this.#paused = !wants;
    if (wants) this.#conn.resume();
    else this.#conn.pause();
  }

  // The request.

  messageWritten(): void {
    this.#requestWritten = true;
  }

  messageProgress(): void {}

  /** The request's own body broke off: the server must not take it for complete. */
  messageBroke(error: Error): void {
    this.#conn.reset();
    this.#fail("request-body", error);
  }

  readonly #onCancel = (reason: unknown): void => {
    if (!this.#request) {
      this.#tunnel?.reset();
      return;
    }
    this.#conn.reset();
    this.#fail("cancelled", new EbbError("cancelled", messageOf(reason), { cause: reason }));
  };

  // Ending.

  #release(): void {
    this.#stopListening?.();
    this.#stopListening = undefined;
    this.#request = undefined;
    this.#observer = undefined;
    this.#body = undefined;
    this.#facts = undefined;
    this.#keepAliveField = undefined;
    this.#heads.reset();
    if (!this.#requestWritten) this.#writer.stop();
  }

  #retire(): void {
    if (this.#over) return;
    if (this.#requestWritten) this.#linger();
    else this.#conn.reset();
    this.#gone();
  }

  /** Ends politely; a server that does not end too is cut after a while. */
  #linger(): void {
    this.#conn.end();
    this.#conn.resume();
    this.#owner.lingers(this.#conn);
  }

  #gone(): void {
    if (this.#over) return;
    this.#over = true;
    this.#decoder.stop();
    this.#owner.connectionGone(this);
  }

  /**
   * The peer is gone. One that closes an idle connection while a request is on its way to it has most likely not seen
   * that request (ADR 13).
   */
  #lose(failure: "closed" | "reset", cause: Error): void {
    const request = this.#request;
    const isUnseen = this.#reused && this.#silent && request !== undefined && isReplayable(request);
    this.#fail(failure, cause, isUnseen ? request : undefined);
  }

  #fail(failure: UpstreamFailure, cause: Error, unseen?: OutgoingRequest): void {
    if (this.#over) return;
    const observer = this.#observer;
    const body = this.#body;
    const responded = this.#responded;
    const busy = this.#request !== undefined;
    this.#release();
    this.#gone();
    if (!busy) return;
    if (unseen && observer && this.#owner.sendAgain(unseen, observer)) return;
    const error = new UpstreamError(failure, cause.message, { sent: this.#sent, cause });
    if (responded) body?.fail(error);
    else observer?.failed(error);
  }
}

/** `Keep-Alive: timeout=5` in milliseconds. */
function keepAliveMs(field: string | undefined): number | undefined {
  const seconds = field === undefined ? undefined : /timeout=(\d+)/i.exec(field)?.[1];
  return seconds === undefined ? undefined : Number(seconds) * 1000;
}
