import type { ServerHttp2Stream } from "node:http2";
import { assert } from "../base/assert.ts";
import type { Conn } from "./conn.ts";
import { MalformedMessage } from "./head-parser.ts";
import { HeaderBlock } from "./header-block.ts";
import { Http2BodyWriter, mayHaveTrailers } from "./http2-body-writer.ts";
import {
  fitsHttp2,
  type Http2Headers,
  requestFromHttp2,
  responseToHttp2,
  trailersFromHttp2,
  trailersToHttp2,
} from "./http2-head.ts";
import { INTERNAL_ERROR, NO_ERROR, resetStream } from "./http2-library.ts";
import type { BodySource, ResponseHead } from "./message.ts";
import type { WriterOwner } from "./message-writer.ts";
import { type BodyOwner, EMPTY_BODY, ReceivedBody } from "./received-body.ts";
import { ClientGone, type ServerContext } from "./server-context.ts";
import { type ExchangeOwner, ServerExchange } from "./server-exchange.ts";

/** The connection that a stream belongs to. */
export interface Http2StreamOwner {
  readonly context: ServerContext;
  readonly remoteAddress: string;
  readonly remotePort: number | undefined;
  readonly secure: boolean;
  /** Runs `begin` once all that has come in this turn was read. */
  afterReading(begin: () => void): void;
  /** So much of a body went on to who asked for it. */
  bodyTaken(bytes: number): void;
  streamOver(stream: Http2ServerStream): void;
}

/** One for all: each stream closes, and most have been answered by then. */
const GONE = new ClientGone();

/** One HTTP/2 request as an exchange: the phases cannot tell it from one of HTTP/1.1. */
export class Http2ServerStream implements ExchangeOwner, BodyOwner, WriterOwner {
  readonly #stream: ServerHttp2Stream;
  readonly #owner: Http2StreamOwner;
  readonly #writer: Http2BodyWriter;
  #exchange: ServerExchange | undefined;
  #body: ReceivedBody | undefined;
  #trailers: HeaderBlock | undefined;
  /** Its body counts among those that nobody reads yet. */
  #isUnread: boolean;
  #over = false;

  /** `isBodiless`: it ended with its head; else it is one of those that `unreadHttp2Bodies` granted. */
  constructor(stream: ServerHttp2Stream, request: { owner: Http2StreamOwner; isBodiless: boolean }) {
    this.#stream = stream;
    this.#owner = request.owner;
    this.#isUnread = !request.isBodiless;
    this.#writer = new Http2BodyWriter(stream, this);
    stream.on("close", () => this.#closed(GONE));
  }

  get remoteAddress(): string {
    return this.#owner.remoteAddress;
  }

  get remotePort(): number | undefined {
    return this.#owner.remotePort;
  }

  get secure(): boolean {
    return this.#owner.secure;
  }

  /** `raw` is the head as received. */
  begin(raw: readonly string[]): void {
    const { context } = this.#owner;
    let parsed: ReturnType<typeof requestFromHttp2>;
    try {
      parsed = requestFromHttp2(raw);
      if (parsed.head.method === "CONNECT") throw new MalformedMessage("CONNECT is not supported", 501);
      const { expect } = parsed.facts;
      if (expect !== undefined && expect !== "100-continue") throw new MalformedMessage("", 417);
    } catch (error) {
      if (!(error instanceof MalformedMessage)) throw error;
      this.#refuse(error);
      return;
    }
    if (this.#isUnread) this.#receiveBody(parsed.facts.contentLength);
    const exchange = new ServerExchange(parsed, this.#body ?? EMPTY_BODY, this);
    // What is reset in the breath in which it was asked for costs nobody but us anything.
    this.#owner.afterReading(() => {
      if (this.#over) return;
      this.#exchange = exchange;
      context.exchangeBegan();
      context.handler(exchange);
    });
  }

  closeNow(reason: Error): void {
    this.#exchange?.cancel.raise(reason);
    this.#closed(reason);
  }

  #receiveBody(contentLength: number): void {
    const stream = this.#stream;
    const length = contentLength < 0 ? undefined : contentLength;
    const body = new ReceivedBody(length, this, this.#owner.context.limits.heldBodyBytesMax);
    this.#body = body;
    stream.on("data", (chunk: Buffer) => {
      body.push(chunk);
      if (body.started) this.#owner.bodyTaken(chunk.length);
      this.#adjustReading();
    });
    stream.on("trailers", (_headers: unknown, _flags: unknown, raw: string[]) => {
      this.#trailers = trailersFromHttp2(raw);
    });
    stream.on("end", () => {
      // A stream that is being reset ends too.
      if (stream.rstCode === NO_ERROR && !stream.aborted) this.#bodyEnd();
    });
  }

  #bodyEnd(): void {
    const body = this.#body;
    body?.complete(this.#trailers);
  }

  #adjustReading(): void {
    const body = this.#body;
    if (!body || this.#over) return;
    if (body.wants) this.#stream.resume();
    else this.#stream.pause();
  }

  bodyStarted(): void {
    this.#noLongerUnread();
    const exchange = this.#exchange;
    if (exchange?.facts.expect !== undefined && !exchange.responded) this.#sendInterim(100, {});
  }

  #noLongerUnread(): void {
    if (this.#isUnread) this.#owner.context.unreadHttp2Bodies.release();
    this.#isUnread = false;
  }

  bodyDemand(): void {
    this.#adjustReading();
  }

  bodyAbandoned(): void {
    if (this.#exchange?.over) this.#stream.close(NO_ERROR);
    else this.#adjustReading();
  }

  // Answering.

  sendInterim(_exchange: ServerExchange, head: ResponseHead): void {
    this.#sendInterim(head.status, trailersToHttp2(head.headers));
  }

  #sendInterim(status: number, fields: Http2Headers): void {
    if (this.#stream.destroyed || this.#stream.headersSent) return;
    this.#stream.additionalHeaders({ ...fields, ":status": status });
  }

  sendResponse(exchange: ServerExchange, head: ResponseHead, body: BodySource | undefined): void {
    const stream = this.#stream;
    if (stream.destroyed) {
      body?.abandon();
      return;
    }
    const isBodiless = exchange.request.method === "HEAD" || head.status === 204 || head.status === 304;
    const length = body ? body.length : 0;
    const isEmpty = body === undefined || isBodiless || length === 0;
    const known = isBodiless ? undefined : length;
    const fitting = fitsHttp2(head.status) ? head : { ...head, status: 502 };
    const headers = responseToHttp2(fitting, { length: known, date: this.#owner.context.date() });
    if (isEmpty) {
      body?.abandon();
      stream.respond(headers, { endStream: true });
      exchange.noteProgress();
      this.messageWritten();
      return;
    }
    stream.respond(headers, { waitForTrailers: mayHaveTrailers(body, exchange.request.headers) });
    exchange.noteProgress();
    this.#writer.start(body);
  }

  messageProgress(): void {
    this.#exchange?.noteProgress();
  }

  messageWritten(): void {
    this.#finish(true);
    const body = this.#body;
    // Who reads the request's body may go on; what nobody began to read is not worth its frames.
    if (body && !body.started) body.abandon();
    else if (body?.abandoned && !this.#over) this.#stream.close(NO_ERROR);
  }

  messageBroke(_error: Error): void {
    this.#finish(false);
    resetStream(this.#stream, INTERNAL_ERROR);
  }

  cut(exchange: ServerExchange, lastWords: string | undefined): void {
    if (this.#over) return;
    const complete =
      lastWords !== undefined &&
      exchange.responded &&
      this.#writer.active &&
      this.#writer.cutShort(lastWords);
    if (complete) {
      this.messageWritten();
      return;
    }
    this.#writer.stop();
    this.messageBroke(GONE);
  }

  sendUpgrade(): Conn {
    assert(false, "a stream of HTTP/2 asks for no upgrade");
  }

  /** The session is always read, so whoever left is known to have left. */
  checkClient(exchange: ServerExchange): Promise<boolean> {
    return Promise.resolve(!this.#over && !exchange.cancel.raised);
  }

  heldBytes(exchange: ServerExchange): number {
    let bytes = exchange.request.target.length + (this.#body?.heldBytes ?? 0) + this.#stream.readableLength;
    for (const text of exchange.request.headers.flat) bytes += text.length;
    return bytes;
  }

  /** Bytes of body that wait because nobody reads them. */
  get waitingBytes(): number {
    return this.#stream.readableLength;
  }

  #refuse({ status, message }: MalformedMessage): void {
    const body = Buffer.from(message === "" ? "" : `${message}\n`);
    const { context, remoteAddress } = this.#owner;
    const more = context.onRefusal({ status, reason: message, remoteAddress });
    const headers: Http2Headers = {
      ...trailersToHttp2(new HeaderBlock([...more])),
      ":status": status,
      date: context.date(),
      "content-length": String(body.length),
    };
    if (body.length > 0) {
      headers["content-type"] = "text/plain; charset=utf-8";
      headers["x-content-type-options"] = "nosniff";
    }
    this.#stream.respond(headers);
    this.#stream.end(body);
    this.#stream.close(NO_ERROR);
  }

  #finish(complete: boolean): void {
    const exchange = this.#exchange;
    if (!exchange || exchange.over) return;
    exchange.finish({ status: exchange.status, responseBytes: this.#writer.bodyBytes, complete });
    this.#owner.context.exchangeEnded();
  }

  #closed(reason: Error): void {
    if (this.#over) return;
    this.#over = true;
    this.#noLongerUnread();
    const exchange = this.#exchange;
    if (exchange && !exchange.over) {
      this.#finish(false);
      exchange.cancel.raise(reason);
    }
    this.#body?.fail(reason);
    this.#writer.stop();
    this.#owner.streamOver(this);
  }
}
