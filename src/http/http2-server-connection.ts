import type { ServerHttp2Session, ServerHttp2Stream } from "node:http2";
import type { Socket } from "node:net";
import { EbbError } from "../base/errors.ts";
import { ConnectionTimer, type TimedConnection } from "./connection-timer.ts";
import { FLAG_END_STREAM, http2Library, REFUSED_STREAM } from "./http2-library.ts";
import { Http2ServerStream, type Http2StreamOwner } from "./http2-server-stream.ts";
import { ClientGone, type ServedConnection, type ServerContext } from "./server-context.ts";

/** Open at a time, on one connection. */
const STREAMS_MAX = 250;

/**
 * What a stream may send that nobody reads: its window, for Node opens the session's for all that comes. A wide one is
 * for those whose bodies are read; the first one would bound them by 64 KiB per round trip.
 */
const FIRST_WINDOW_BYTES = 64 * 1024;
const WIDE_WINDOW_BYTES = 256 * 1024;

/** What one HTTP/2 peer may make us hold: streams × window, and heads. Beyond, the stream or the session is refused. */
const HTTP2_SESSION_OPTIONS = {
  /** Resets in a burst, and per second after it, before the session is ended (rapid reset). */
  streamResetBurst: STREAMS_MAX,
  streamResetRate: 50,
  maxHeaderListPairs: 1_000,
  maxSessionMemory: 10,
  maxSendHeaderBlockLength: 256 * 1024,
  /** Lines that repeat are the application's business. */
  strictSingleValueFields: false,
  settings: {
    maxConcurrentStreams: STREAMS_MAX,
    initialWindowSize: FIRST_WINDOW_BYTES,
    maxHeaderListSize: 64 * 1024,
    enablePush: false,
  },
};
/** Of the whole session; a small one would bound each connection by 64 KiB per round trip. */
const SESSION_WINDOW_BYTES = 1024 * 1024;
/** Bodies that wait unread on one connection before it gets no further stream. */
const WAITING_BYTES_MAX = 4 * 1024 * 1024;
/**
 * GOAWAY with the highest of all identifiers, written past nghttp2: that one reads no more after a goodbye of its own
 * as soon as no stream is open, whatever is on its way.
 */
const FIRST_GOODBYE = Buffer.from([0, 0, 8, 7, 0, 0, 0, 0, 0, 0x7f, 0xff, 0xff, 0xff, 0, 0, 0, 0]);

export interface Http2Peer {
  readonly address: string;
  readonly port: number | undefined;
  readonly secure: boolean;
}

/** One client connection that speaks HTTP/2: every stream of it becomes an exchange of its own. */
export class Http2ServerConnection implements ServedConnection, Http2StreamOwner, TimedConnection {
  readonly context: ServerContext;
  readonly remoteAddress: string;
  readonly remotePort: number | undefined;
  readonly secure: boolean;
  readonly #socket: Socket;
  readonly #session: ServerHttp2Session;
  readonly #streams = new Set<Http2ServerStream>();
  readonly #timer: ConnectionTimer;
  #begun: (() => void)[] = [];
  #closing = false;
  #saidGoodbye = false;
  #takenBytes = 0;
  #isWide = false;
  #over = false;

  /** `socket` gives the preface first. */
  constructor(socket: Socket, peer: Http2Peer, context: ServerContext) {
    this.context = context;
    this.remoteAddress = peer.address;
    this.remotePort = peer.port;
    this.secure = peer.secure;
    this.#socket = socket;
    const session = http2Library().performServerHandshake(socket, HTTP2_SESSION_OPTIONS);
    this.#session = session;
    session.setLocalWindowSize(SESSION_WINDOW_BYTES);
    // What is wrong is told by `close`; without a listener Node would throw.
    session.on("error", () => {});
    session.on("close", () => this.#ended());
    // Who says nothing more wants no answer either: a client that stays keeps both directions open.
    socket.on("end", () => this.closeNow(new ClientGone()));
    session.on("stream", (...[stream, , flags, raw]) => this.#began(stream, flags, raw));
    this.#timer = new ConnectionTimer(context, this);
  }

  get busy(): boolean {
    return this.#streams.size > 0;
  }

  #began(stream: ServerHttp2Stream, flags: number, raw: string[]): void {
    // Without a listener Node would throw, even for a stream that has failed already.
    stream.on("error", () => {});
    if (this.#over || stream.destroyed) return;
    // None was answered yet: more than may be open is the work of resets, and nghttp2 would go on to the chunk's end.
    if (this.#begun.length >= STREAMS_MAX) {
      this.closeNow(new EbbError("rapid-reset", "the client opens and resets streams without end"));
      return;
    }
    this.#timer.requestBegan();
    const isBodiless = (flags & FLAG_END_STREAM) !== 0;
    const waitsTooMuch = this.#streams.size > 0 && this.#waitingBytes() > WAITING_BYTES_MAX;
    if (waitsTooMuch || (!isBodiless && !this.context.unreadHttp2Bodies.grant())) {
      stream.close(REFUSED_STREAM);
      return;
    }
    const served = new Http2ServerStream(stream, { owner: this, isBodiless });
    this.#streams.add(served);
    served.begin(raw);
  }

  afterReading(begin: () => void): void {
    if (this.#begun.push(begin) > 1) return;
    void this.context.nextTurn().then(() => {
      const begun = this.#begun;
      this.#begun = [];
      for (const one of begun) one();
    });
  }

  bodyTaken(bytes: number): void {
    if (this.#isWide || this.#session.destroyed) return;
    this.#takenBytes += bytes;
    if (this.#takenBytes < FIRST_WINDOW_BYTES) return;
    this.#takenBytes = 0;
    this.#isWide = this.context.wideHttp2.grant();
    if (this.#isWide) this.#session.settings({ initialWindowSize: WIDE_WINDOW_BYTES });
  }

  #waitingBytes(): number {
    let bytes = 0;
    for (const stream of this.#streams) bytes += stream.waitingBytes;
    return bytes;
  }

  streamOver(stream: Http2ServerStream): void {
    this.#streams.delete(stream);
    if (this.#saidGoodbye && this.#streams.size === 0) this.#linger();
  }

  /**
   * Says goodbye in two steps (RFC 9113 §6.8): no further streams please; then, when all that the client sent before it
   * read that has come, which was the last.
   */
  stopKeepAlive(): void {
    if (this.#closing || this.#over) return;
    this.#closing = true;
    // The greeting of a connection that has just begun leaves first.
    void this.context.nextTurn().then(() => this.#announceGoodbye());
  }

  #announceGoodbye(): void {
    const session = this.#session;
    if (this.#over || session.closed || session.destroyed) return;
    this.#socket.write(FIRST_GOODBYE);
    const timer = this.context.wheel.schedule(this.context.limits.lingerMs, () => this.#sayGoodbye());
    const isAsked = session.ping(() => {
      timer.cancel();
      this.#sayGoodbye();
    });
    if (!isAsked) this.#sayGoodbye();
  }

  #sayGoodbye(): void {
    this.#saidGoodbye = true;
    const session = this.#session;
    if (!session.closed && !session.destroyed) session.close();
    if (this.#streams.size === 0) this.#linger();
  }

  closeNow(reason: Error): void {
    if (this.#over) return;
    for (const stream of [...this.#streams]) stream.closeNow(reason);
    this.#session.destroy();
    this.#socket.destroy();
    this.#ended();
  }

  /** Nothing is left to say; a client that does not hang up is cut after a while. */
  #linger(): void {
    if (this.#over) return;
    if (this.#session.destroyed) this.#socket.destroySoon();
    else this.#timer.linger();
  }

  timedOut(wait: "head" | "idle" | "linger"): void {
    if (this.#over) return;
    if (wait === "linger") {
      this.#session.destroy();
      this.#socket.destroy();
    } else this.stopKeepAlive();
  }

  #ended(): void {
    if (this.#over) return;
    this.#over = true;
    this.#timer.cancel();
    if (this.#isWide) this.context.wideHttp2.release();
    this.context.connectionGone(this);
  }
}
