import { assert } from "../base/assert.ts";
import { EbbError } from "../base/errors.ts";
import { BodyDecoder, type DecodedBody } from "./body-decoder.ts";
import { type AskedConnection, ClientPresence } from "./client-presence.ts";
import type { Conn, ConnHandler } from "./conn.ts";
import { ConnectionTimer, type TimedConnection } from "./connection-timer.ts";
import { DetachedConn } from "./detached-conn.ts";
import { Http2Preface, MalformedMessage, type ParsedRequest, parseRequestHead } from "./head-parser.ts";
import { HeadReader } from "./head-reader.ts";
import { asksToClose, type OutgoingFraming, plainResponseText, responseHeadText } from "./head-writer.ts";
import type { HeaderBlock } from "./header-block.ts";
import type { BodySource, ResponseHead } from "./message.ts";
import { MessageWriter, type WriterOwner } from "./message-writer.ts";
import { type BodyOwner, EMPTY_BODY, ReceivedBody } from "./received-body.ts";
import { refusalText } from "./refusal.ts";
import { ClientGone, type ServerContext } from "./server-context.ts";
import { type ExchangeOwner, ServerExchange } from "./server-exchange.ts";

const CONTINUE = "HTTP/1.1 100 Continue\r\n\r\n";
const NO_BYTES = Buffer.alloc(0);

/**
 * One client connection: reads requests, gives them to the handler one at a time (pipelined ones wait as bytes), and
 * writes the answers. States of the connection: reading a head; an exchange in progress; closing; over.
 */
export class ServerConnection
  implements ConnHandler, BodyOwner, DecodedBody, WriterOwner, ExchangeOwner, TimedConnection, AskedConnection
{
  readonly remoteAddress: string;
  readonly remotePort: number | undefined;
  readonly #conn: Conn;
  readonly #context: ServerContext;
  readonly #heads: HeadReader;
  readonly #decoder: BodyDecoder;
  readonly #writer: MessageWriter;
  readonly #timer: ConnectionTimer;
  readonly #client: ClientPresence;
  #exchange: ServerExchange | undefined;
  #body: ReceivedBody | undefined;
  /** Bytes of the next requests, which wait until the present one is answered. */
  #ahead: Buffer = NO_BYTES;
  #discarded = 0;
  #paused = false;
  #reading = false;
  #continueSent = false;
  #closeAfter = false;
  #closing = false;
  #over = false;
  /** What the connection became by an upgrade. */
  #tunnel: DetachedConn | undefined;

  constructor(conn: Conn, context: ServerContext) {
    this.#conn = conn;
    this.#context = context;
    this.remoteAddress = conn.remoteAddress;
    this.remotePort = conn.remotePort;
    this.#heads = new HeadReader(context.limits, context.heads);
    this.#decoder = new BodyDecoder(context.limits);
    this.#writer = new MessageWriter(conn, this);
    this.#timer = new ConnectionTimer(context, this);
    this.#client = new ClientPresence(conn, context, this);
    conn.setHandler(this);
  }

  get secure(): boolean {
    return this.#conn.secure === true;
  }

  /** Not while only the rest of a body is thrown away: it may never come. */
  get busy(): boolean {
    const exchange = this.#exchange;
    return exchange !== undefined && !(exchange.over && (this.#body?.abandoned ?? true));
  }

  get paused(): boolean {
    return this.#paused;
  }

  serves(exchange: ServerExchange): boolean {
    return exchange === this.#exchange && !this.#over;
  }

  stopKeepAlive(): void {
    this.#closeAfter = true;
    if (!this.busy && this.#heads.pending === 0 && this.#ahead.length === 0) this.#close();
  }

  closeNow(reason: Error): void {
    this.#exchange?.cancel.raise(reason);
    if (!this.#over) this.#conn.reset();
    this.#ended(reason);
  }

  // What the transport tells.

  data(chunk: Uint8Array): void {
    if (this.#over) return;
    if (this.#closing) return;
    const bytes = chunk instanceof Buffer ? chunk : Buffer.from(chunk.buffer, chunk.byteOffset, chunk.length);
    if (this.#ahead.length > 0) this.#keepAhead(bytes);
    else this.#read(bytes);
  }

  end(): void {
    this.#client.ended = true;
    if (this.#closing) return;
    const exchange = this.#exchange;
    if (exchange && !this.#decoder.done) {
      const body = this.#body;
      this.#giveUpBody();
      body?.fail(new ClientGone());
      if (exchange.over) return;
      if (!exchange.responded) exchange.cancel.raise(new ClientGone());
      // Handlers that hear that the client has gone say nothing, and the connection would stay for ever.
      if (!exchange.responded && !exchange.over) this.#refuse(new MalformedMessage("the body is cut off"));
      return;
    }
    if (exchange) this.#client.ask(exchange);
    // What was sent before the FIN is answered all the same.
    if (this.#ahead.length > 0) return;
    if (exchange) this.#closeAfter = true;
    else if (this.#heads.pending > 0) this.#refuse(new MalformedMessage("the head is cut off"));
    else this.#close();
  }

  drain(): void {
    this.#writer.drained();
    if (!this.#exchange && !this.#closing) this.#wakeAhead();
  }

  closed(error?: Error): void {
    this.#ended(error);
  }

  // Reading.

  /** hot path. Handlers may answer within the loop; it goes on with the next request then. */
  #read(chunk: Buffer): void {
    assert(!this.#reading, "a connection is read by one loop");
    this.#reading = true;
    let at = 0;
    try {
      while (at < chunk.length && !this.#over && !this.#closing) {
        if (!this.#decoder.done) at = this.#decoder.decode(chunk, at, this);
        else if (this.#exchange || this.#writer.blocked) {
          this.#keepAhead(chunk.subarray(at));
          break;
        } else {
          const begins = this.#heads.pending === 0;
          const text = this.#heads.feed(chunk, at);
          at = this.#heads.consumed;
          if (text !== undefined) this.#begin(parseRequestHead(text, this.#context.limits.headerCountMax));
          else if (begins) this.#timer.headBegan();
        }
      }
      if (at < chunk.length) this.#tunnel?.addEarly(chunk.subarray(at));
    } catch (error) {
      if (!(error instanceof MalformedMessage)) throw error;
      if (error instanceof Http2Preface && this.#becomeHttp2(chunk.subarray(at))) return;
      this.#malformed(error);
    } finally {
      this.#reading = false;
    }
    this.#adjustReading();
  }

  /** Before the first request only: in the middle of a connection these bytes are somebody's trick. */
  #becomeHttp2(rest: Buffer): boolean {
    if (this.#timer.served > 0 || !this.#context.becameHttp2(this, this.#conn, rest)) return false;
    this.#over = true;
    this.#timer.cancel();
    return true;
  }

  #keepAhead(bytes: Buffer): void {
    this.#ahead = this.#ahead.length === 0 ? Buffer.from(bytes) : Buffer.concat([this.#ahead, bytes]);
    this.#adjustReading();
  }

  #begin(parsed: ParsedRequest): void {
    const { facts, head } = parsed;
    this.#timer.requestBegan();
    this.#continueSent = false;
    if (facts.close || (head.version === "1.0" && !facts.keepAlive) || this.#context.draining)
      this.#closeAfter = true;
    if (head.method === "CONNECT") throw new MalformedMessage("CONNECT is not supported", 501);
    if (facts.expect !== undefined && facts.expect !== "100-continue") throw new MalformedMessage("", 417);
    this.#body = undefined;
    if (facts.chunked || facts.contentLength > 0) {
      const length = facts.chunked ? undefined : facts.contentLength;
      this.#body = new ReceivedBody(length, this, this.#context.limits.heldBodyBytesMax);
      this.#decoder.begin(length === undefined ? "chunked" : { length });
    }
    const exchange = new ServerExchange(parsed, this.#body ?? EMPTY_BODY, this);
    this.#exchange = exchange;
    this.#context.exchangeBegan();
    this.#context.handler(exchange);
  }

  bodyData(chunk: Buffer): void {
    const body = this.#body;
    if (body && !body.abandoned) {
      body.push(chunk);
      return;
    }
    this.#discarded += chunk.length;
    if (this.#discarded > this.#context.limits.discardBytesMax) this.#giveUpBody();
  }

  bodyEnd(trailers: HeaderBlock | undefined): void {
    this.#body?.complete(trailers);
    // The answer was complete already and only the body was waited for.
    if (this.#exchange?.over) this.#next();
  }

  /** What is left of it is too much to throw away, or does not come: the connection is worth less. */
  #giveUpBody(): void {
    this.#decoder.stop();
    this.#closeAfter = true;
    if (this.#exchange?.over) this.#next();
  }

  bodyStarted(): void {
    const exchange = this.#exchange;
    if (exchange?.facts.expect !== undefined && !this.#decoder.done) this.#sendContinue(exchange);
  }

  bodyDemand(): void {
    this.#adjustReading();
  }

  bodyAbandoned(): void {
    const exchange = this.#exchange;
    const unasked = exchange?.facts.expect !== undefined && !this.#continueSent;
    if (unasked || (exchange?.over && this.#closeAfter)) this.#giveUpBody();
    this.#adjustReading();
  }

  /** Reads while somebody wants what comes: the body's reader, or ourselves up to the bound for bytes ahead. */
  #adjustReading(): void {
    if (this.#over) return;
    // Nothing is lent to a request that waits.
    if (this.#body?.started && !this.#decoder.done) this.#conn.expect?.(this.#decoder.expectedBytes);
    const { heldBodyBytesMax } = this.#context.limits;
    const wants =
      this.#closing ||
      (this.#decoder.done ? this.#ahead.length < heldBodyBytesMax : (this.#body?.wants ?? true));
    if (wants !== this.#paused) return;
    this.#paused = !wants;
    if (wants) this.#conn.resume();
    else this.#conn.pause();
  }

  // Answering.

  sendInterim(exchange: ServerExchange, head: ResponseHead): void {
    if (exchange !== this.#exchange || exchange.request.version === "1.0") return;
    if (head.status === 100 && head.headers.flat.length === 0) {
      this.#sendContinue(exchange);
      return;
    }
    if (head.status === 100) this.#continueSent = true;
    this.#writer.writeText(plainResponseText(head, "1.1"));
  }

  #sendContinue(exchange: ServerExchange): void {
    if (this.#continueSent || exchange.request.version === "1.0" || exchange.responded) return;
    this.#continueSent = true;
    this.#writer.writeText(CONTINUE);
  }

  sendResponse(exchange: ServerExchange, head: ResponseHead, body: BodySource | undefined): void {
    assert(exchange === this.#exchange, "only the present exchange is answered");
    const { request, facts } = exchange;
    const bodiless = request.method === "HEAD" || head.status === 204 || head.status === 304;
    const known = body ? body.length : 0;
    let framing: OutgoingFraming = "length";
    if (bodiless) framing = "none";
    else if (known === undefined) framing = request.version === "1.0" ? "until-close" : "chunked";
    // Nobody knows whether the client sends the body after all.
    if (facts.expect !== undefined && !this.#continueSent && !this.#decoder.done) this.#closeAfter = true;
    if (framing === "until-close" || this.#context.draining || asksToClose(head)) this.#closeAfter = true;
    const text = responseHeadText(head, {
      version: request.version,
      framing,
      length: head.status === 204 ? 0 : (known ?? 0),
      keepLength: bodiless && head.status !== 204 && !known,
      connection: this.#connectionField(request.version),
      date: this.#context.date(),
    });
    this.#writer.write({ head: text, framing, length: known ?? 0, body });
    if (!exchange.over) exchange.noteProgress();
  }

  /** Each version's default is left unsaid. */
  #connectionField(version: string): "close" | "keep-alive" | "" {
    if (this.#closeAfter) return version === "1.0" ? "" : "close";
    return version === "1.0" ? "keep-alive" : "";
  }

  messageProgress(): void {
    this.#exchange?.noteProgress();
  }

  messageWritten(): void {
    const exchange = this.#exchange;
    if (!exchange) return;
    this.#finish(exchange, true);
    if (this.#decoder.done) {
      this.#next();
      return;
    }
    // Who reads the body may go on; what nobody began to read is thrown away.
    if (this.#body?.abandoned) this.bodyAbandoned();
    else if (!this.#body?.started) this.#body?.abandon();
  }

  messageBroke(_error: Error): void {
    const exchange = this.#exchange;
    if (!exchange) return;
    this.#finish(exchange, false);
    // FIN inside a length or between chunks is a broken message; until-close needs a reset to be one.
    if (this.#writer.untilClose) this.#conn.reset();
    this.#exchange = undefined;
    this.#close();
  }

  cut(exchange: ServerExchange, lastWords: string | undefined): void {
    if (exchange !== this.#exchange) return;
    const complete = lastWords !== undefined && exchange.responded && this.#writer.cutShort(lastWords);
    if (complete) {
      this.messageWritten();
      return;
    }
    if (this.#writer.active) this.#writer.stop();
    this.messageBroke(new EbbError("aborted", "the answer was cut"));
  }

  sendUpgrade(exchange: ServerExchange, head: ResponseHead): Conn {
    assert(exchange === this.#exchange, "only the present exchange is upgraded");
    this.#writer.writeText(plainResponseText(head, exchange.request.version));
    this.#over = true;
    this.#timer.cancel();
    const tunnel = new DetachedConn(this.#conn, {
      wrote: () => exchange.noteProgress(),
      closed: (responseBytes) => {
        this.#context.tunnelClosed(tunnel);
        exchange.finish({ status: head.status, responseBytes, complete: true });
        this.#context.exchangeEnded();
      },
    });
    this.#tunnel = tunnel;
    tunnel.addEarly(this.#ahead);
    if (this.#client.ended) tunnel.noteEnd();
    this.#ahead = NO_BYTES;
    this.#context.connectionGone(this);
    this.#context.tunnelOpened(tunnel);
    exchange.cancel.onRaise(() => tunnel.reset());
    return tunnel;
  }

  #finish(exchange: ServerExchange, complete: boolean): void {
    if (exchange.over) return;
    exchange.finish({ status: exchange.status, responseBytes: this.#writer.bodyBytes, complete });
    this.#context.exchangeEnded();
  }

  /** The exchange is over in both directions. */
  #next(): void {
    this.#exchange = undefined;
    this.#body = undefined;
    this.#discarded = 0;
    if (this.#over || this.#closing) return;
    if (this.#closeAfter) {
      this.#close();
      return;
    }
    this.#wakeAhead();
  }

  /** A client that does not take its answers gets no further ones: they would pile up here. */
  #wakeAhead(): void {
    if (this.#ahead.length > 0 && !this.#reading && !this.#writer.blocked) queueMicrotask(this.#readAhead);
  }

  readonly #readAhead = (): void => {
    if (this.#exchange || this.#over || this.#closing || this.#reading) return;
    const bytes = this.#ahead;
    this.#ahead = NO_BYTES;
    if (bytes.length > 0) this.#read(bytes);
    if (this.#client.ended && !this.#over) this.end();
  };

  // Ending.

  #malformed(error: MalformedMessage): void {
    const exchange = this.#exchange;
    this.#closeAfter = true;
    if (!exchange || exchange.over) {
      this.#refuse(error);
      return;
    }
    // The body is broken: its reader hears of it and the handler answers, or cuts the answer.
    this.#decoder.stop();
    const body = this.#body;
    if (body?.started) body.fail(error);
    else {
      body?.fail(error);
      if (!exchange.responded) {
        exchange.cancel.raise(error);
        if (!exchange.responded && !exchange.over) this.#refuse(error);
      }
    }
  }

  /** Answers bytes that are no request; `#closing` makes everything after them be thrown away. */
  #refuse(error: MalformedMessage): void {
    const exchange = this.#exchange;
    if (exchange) this.#finish(exchange, false);
    this.#exchange = undefined;
    this.#writer.stop();
    const refusal = { status: error.status, reason: error.message, remoteAddress: this.remoteAddress };
    const more = this.#context.onRefusal(refusal);
    this.#writer.writeText(refusalText(error, this.#context.date(), more));
    this.#close();
  }

  /** Ends our side and goes on reading for a while: unread bytes would turn the close into a reset. */
  #close(): void {
    if (this.#closing || this.#over) return;
    this.#closing = true;
    this.#ahead = NO_BYTES;
    this.#discarded = 0;
    this.#writer.flush();
    this.#conn.end();
    this.#timer.linger();
    this.#adjustReading();
  }

  timedOut(wait: "head" | "idle" | "linger"): void {
    if (this.#over) return;
    if (wait === "linger") this.#conn.reset();
    else if (wait === "head") this.#refuse(new MalformedMessage("the head took too long", 408));
    else this.#close();
  }

  #ended(error?: Error): void {
    if (this.#over) return;
    this.#over = true;
    this.#timer.cancel();
    const exchange = this.#exchange;
    this.#exchange = undefined;
    this.#heads.reset();
    this.#decoder.stop();
    if (exchange) {
      const gone = new ClientGone(error);
      if (!exchange.over) {
        this.#finish(exchange, false);
        exchange.cancel.raise(gone);
      }
      // Somebody may read on after the answer.
      this.#body?.fail(gone);
    }
    this.#writer.stop();
    this.#context.connectionGone(this);
  }

  writeText(text: string): void {
    this.#writer.writeText(text);
  }

  checkClient(exchange: ServerExchange): Promise<boolean> {
    return this.#client.check(exchange);
  }

  heldBytes(exchange: ServerExchange): number {
    if (exchange !== this.#exchange) return 0;
    let bytes = exchange.request.target.length + this.#ahead.length + (this.#body?.heldBytes ?? 0);
    for (const text of exchange.request.headers.flat) bytes += text.length;
    return bytes;
  }
}
