import type { ClientHttp2Session, IncomingHttpHeaders } from "node:http2";
import type { Conn } from "./conn.ts";
import { mayHaveTrailers } from "./http2-body-writer.ts";
import { requestToHttp2 } from "./http2-head.ts";
import { ERROR_NAMES, http2Library, NO_ERROR } from "./http2-library.ts";
import {
  type Http2Attempt,
  Http2UpstreamStream,
  type Http2UpstreamStreamOwner,
  type SessionTrouble,
} from "./http2-upstream-stream.ts";
import type { HttpLimits } from "./limits.ts";
import { UpstreamError } from "./upstream.ts";

export interface Http2UpstreamOwner {
  readonly limits: HttpLimits;
  /** Authority of requests that name none. */
  readonly defaultHost: string;
  readonly scheme: "http" | "https";
  /** A stream has ended: there is room for another one, or nothing is left to do. */
  sessionFreed(session: Http2Upstream): void;
  /** Takes no further request. */
  sessionGone(session: Http2Upstream): void;
  /** See Http2UpstreamStreamOwner. */
  sendAgain(attempt: Http2Attempt): boolean;
}

const SESSION_OPTIONS = {
  maxHeaderListPairs: 1_000,
  maxSessionMemory: 64,
  maxSendHeaderBlockLength: 256 * 1024,
  strictSingleValueFields: false,
  settings: { enablePush: false, initialWindowSize: 256 * 1024, maxHeaderListSize: 256 * 1024 },
};
const SESSION_WINDOW_BYTES = 1024 * 1024;
/** Until the server has said how many streams it takes. */
const STREAMS_BEFORE_SETTINGS = 100;
const STREAMS_MAX = 1_000;

/** What Go's client says; users search for it. */
const NOT_HTTP2 =
  "http2: failed reading the frame payload: http2: frame too large, note that the frame header looked like an HTTP/1.1 header";

/** One connection to a server that speaks HTTP/2 with prior knowledge, or was agreed on by ALPN. */
export class Http2Upstream implements Http2UpstreamStreamOwner {
  readonly #owner: Http2UpstreamOwner;
  readonly #session: ClientHttp2Session;
  #streams = 0;
  #streamsMax = STREAMS_BEFORE_SETTINGS;
  #greeted = false;
  #gone = false;
  /** The last one that the server will look at, once it has said goodbye. */
  #lastStreamId = Number.POSITIVE_INFINITY;
  #trouble: SessionTrouble | undefined;

  /** Throws nothing; `conn` must be one that can be detached. */
  constructor(conn: Conn, owner: Http2UpstreamOwner) {
    this.#owner = owner;
    const socket = conn.detach?.(new Uint8Array(0));
    if (socket === undefined) throw new TypeError("HTTP/2 needs a real connection");
    const authority = `${owner.scheme}://${owner.defaultHost}`;
    const options = { ...SESSION_OPTIONS, createConnection: () => socket };
    const session = http2Library().connect(authority, options);
    this.#session = session;
    session.setLocalWindowSize(SESSION_WINDOW_BYTES);
    session.on("remoteSettings", ({ maxConcurrentStreams }) => {
      this.#greeted = true;
      this.#streamsMax = Math.min(STREAMS_MAX, maxConcurrentStreams ?? STREAMS_MAX);
    });
    session.on("goaway", (code, lastStreamId) => this.#goodbye(code, lastStreamId));
    session.on("error", (error) => this.#broken(error));
    session.on("stream", (stream) => stream.close());
    session.on("close", () => this.#ended());
    socket.on("end", () => this.#ended());
  }

  get heldBodyBytesMax(): number {
    return this.#owner.limits.heldBodyBytesMax;
  }

  get streams(): number {
    return this.#streams;
  }

  get hasRoom(): boolean {
    const { closed, destroyed } = this.#session;
    return !this.#gone && !closed && !destroyed && this.#streams < this.#streamsMax;
  }

  send(attempt: Http2Attempt): void {
    const session = this.#session;
    const { request, observer } = attempt;
    if (request.cancel.raised) {
      observer.failed(new UpstreamError("cancelled", "the request was cancelled", { sent: false }));
      return;
    }
    if (session.closed || session.destroyed) {
      this.#noMore();
      observer.failed(new UpstreamError("closed", "the connection is being closed", { sent: false }));
      return;
    }
    const { head, body } = request;
    const { scheme, defaultHost } = this.#owner;
    const isEmpty = body.length === 0;
    const headers = requestToHttp2(head, { scheme, defaultHost, length: body.length });
    const stream = session.request(headers as IncomingHttpHeaders, {
      endStream: isEmpty,
      waitForTrailers: !isEmpty && mayHaveTrailers(body, head.headers),
    });
    this.#streams++;
    new Http2UpstreamStream(stream, attempt, this).start();
  }

  neverSaw(streamId: number): boolean {
    return streamId > this.#lastStreamId;
  }

  sendAgain(attempt: Http2Attempt): boolean {
    return this.#owner.sendAgain(attempt);
  }

  streamOver(): void {
    this.#streams--;
    this.#owner.sessionFreed(this);
  }

  /** Ends an idle session politely; streams in progress are let finish. */
  close(): void {
    this.#noMore();
    if (!this.#session.closed && !this.#session.destroyed) this.#session.close();
  }

  /** Cuts everything. */
  reset(): void {
    this.#noMore();
    this.#session.destroy();
  }

  troubleOf(error: Error | undefined): SessionTrouble | undefined {
    const code = (error as { code?: string } | undefined)?.code ?? "";
    if (this.#trouble || error === undefined || code === "ERR_HTTP2_STREAM_ERROR") return this.#trouble;
    // nghttp2 could not read what came; before any frame was understood that is another protocol.
    if (code === "ERR_HTTP2_ERROR" && !this.#greeted)
      this.#trouble = { failure: "malformed", message: NOT_HTTP2 };
    else {
      this.#trouble = {
        failure: code.startsWith("ERR_HTTP2") ? "malformed" : "reset",
        message: error.message,
      };
    }
    return this.#trouble;
  }

  #goodbye(code: number, lastStreamId: number): void {
    this.#lastStreamId = Math.min(this.#lastStreamId, lastStreamId);
    if (code !== NO_ERROR) {
      const error = `LastStreamID=${lastStreamId}, ErrCode=${ERROR_NAMES[code] ?? code}`;
      const message = `http2: server sent GOAWAY and closed the connection; ${error}, debug=""`;
      this.#trouble ??= { failure: "reset", message };
    }
    this.#noMore();
  }

  #ended(): void {
    this.#trouble ??= { failure: "closed", message: this.#greeted ? "EOF" : "unexpected EOF" };
    this.#noMore();
  }

  #noMore(): void {
    if (this.#gone) return;
    this.#gone = true;
    this.#owner.sessionGone(this);
  }

  #broken(error: Error): void {
    this.troubleOf(error);
    this.#noMore();
  }
}
