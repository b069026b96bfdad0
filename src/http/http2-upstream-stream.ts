import type { ClientHttp2Stream } from "node:http2";
import { EbbError, messageOf } from "../base/errors.ts";
import { MalformedMessage } from "./head-parser.ts";
import type { HeaderBlock } from "./header-block.ts";
import { Http2BodyWriter } from "./http2-body-writer.ts";
import { responseFromHttp2, trailersFromHttp2 } from "./http2-head.ts";
import {
  CANCEL,
  ERROR_NAMES,
  FLAG_END_STREAM,
  NO_ERROR,
  REFUSED_STREAM,
  resetStream,
} from "./http2-library.ts";
import type { WriterOwner } from "./message-writer.ts";
import { type BodyOwner, EMPTY_BODY, ReceivedBody } from "./received-body.ts";
import {
  type OutgoingRequest,
  UpstreamError,
  type UpstreamFailure,
  type UpstreamObserver,
} from "./upstream.ts";

export interface SessionTrouble {
  readonly failure: UpstreamFailure;
  readonly message: string;
}

/** A request on its way, and how often it was sent before. */
export interface Http2Attempt {
  readonly request: OutgoingRequest;
  readonly observer: UpstreamObserver;
  readonly tries: number;
}

export interface Http2UpstreamStreamOwner {
  readonly heldBodyBytesMax: number;
  /** What ended the whole session, if anything did; `error` is what Node says of the stream. */
  troubleOf(error: Error | undefined): SessionTrouble | undefined;
  /** The server has said goodbye before it looked at this stream. */
  neverSaw(streamId: number): boolean;
  /** Sends a request of which nothing was used once more; false when that was tried often enough. */
  sendAgain(attempt: Http2Attempt): boolean;
  streamOver(): void;
}

/** One request on an HTTP/2 session to a server, from its head to the last byte of the answer. */
export class Http2UpstreamStream implements BodyOwner, WriterOwner {
  readonly #stream: ClientHttp2Stream;
  readonly #owner: Http2UpstreamStreamOwner;
  readonly #attempt: Http2Attempt;
  readonly #writer: Http2BodyWriter;
  readonly #stopListening: () => void;
  #body: ReceivedBody | undefined;
  #trailers: HeaderBlock | undefined;
  #error: Error | undefined;
  #responded = false;
  #over = false;

  constructor(stream: ClientHttp2Stream, attempt: Http2Attempt, owner: Http2UpstreamStreamOwner) {
    this.#stream = stream;
    this.#owner = owner;
    this.#attempt = attempt;
    this.#writer = new Http2BodyWriter(stream, this);
    stream.on("error", (error) => {
      this.#error = error;
    });
    stream.on("close", () => this.#closed());
    stream.on("headers", (_headers: unknown, _flags: unknown, raw: string[]) => this.#onInterim(raw));
    stream.on("response", (_headers: unknown, flags: number, raw: string[]) => this.#onResponse(raw, flags));
    this.#stopListening = attempt.request.cancel.onRaise((reason) => this.#cancelled(reason));
  }

  /** The head was given to the session; sends the body. */
  start(): void {
    const { body } = this.#attempt.request;
    if (body.length !== 0 && !this.#over) this.#writer.start(body);
  }

  // The answer.

  #onInterim(raw: string[]): void {
    if (this.#over || this.#responded) return;
    this.#understood(() => this.#attempt.observer.interim(responseFromHttp2(raw).head));
  }

  #onResponse(raw: string[], flags: number): void {
    if (this.#over) return;
    this.#understood(() => {
      const { head, contentLength } = responseFromHttp2(raw);
      this.#responded = true;
      if ((flags & FLAG_END_STREAM) !== 0) {
        this.#attempt.observer.response(head, EMPTY_BODY);
        this.#stream.resume();
        return;
      }
      const length =
        contentLength < 0 || this.#attempt.request.head.method === "HEAD" ? undefined : contentLength;
      this.#receiveBody(length);
      this.#attempt.observer.response(head, this.#body ?? EMPTY_BODY);
    });
  }

  #understood(read: () => void): void {
    try {
      read();
    } catch (error) {
      if (!(error instanceof MalformedMessage)) throw error;
      this.#fail("malformed", error.message);
      resetStream(this.#stream, CANCEL);
    }
  }

  #receiveBody(length: number | undefined): void {
    const stream = this.#stream;
    const body = new ReceivedBody(length, this, this.#owner.heldBodyBytesMax);
    this.#body = body;
    stream.on("trailers", (_headers: unknown, _flags: unknown, raw: string[]) => {
      this.#trailers = trailersFromHttp2(raw);
    });
    stream.on("data", (chunk: Buffer) => {
      body.push(chunk);
      this.#adjustReading();
    });
    stream.on("end", () => {
      // A stream that is being reset ends too.
      if (this.#over || stream.rstCode !== NO_ERROR || stream.aborted) return;
      this.#release();
      body.complete(this.#trailers);
    });
  }

  bodyStarted(): void {}

  bodyDemand(): void {
    this.#adjustReading();
  }

  bodyAbandoned(): void {
    if (this.#over) return;
    this.#release();
    resetStream(this.#stream, CANCEL);
  }

  #adjustReading(): void {
    if (this.#over || !this.#body) return;
    if (this.#body.wants) this.#stream.resume();
    else this.#stream.pause();
  }

  // The request.

  messageWritten(): void {}

  messageProgress(): void {}

  /** The request's own body broke off: the server must not take it for complete. */
  messageBroke(error: Error): void {
    this.#fail("request-body", error.message, error);
    resetStream(this.#stream, CANCEL);
  }

  #cancelled(reason: unknown): void {
    if (this.#over) return;
    this.#fail("cancelled", messageOf(reason), reason);
    resetStream(this.#stream, CANCEL);
  }

  // Ending.

  #closed(): void {
    if (this.#over) return;
    const trouble = this.#owner.troubleOf(this.#error);
    const { rstCode, id } = this.#stream;
    if (
      this.#body !== undefined &&
      rstCode === NO_ERROR &&
      trouble === undefined &&
      this.#stream.readableEnded
    ) {
      return;
    }
    if (this.#responded && this.#body === undefined) {
      this.#release();
      return;
    }
    const name = ERROR_NAMES[rstCode] ?? `unknown error code 0x${rstCode.toString(16)}`;
    const text = `stream error: stream ID ${id ?? 0}; ${name}; received from peer`;
    if (trouble) this.#fail(trouble.failure, trouble.message);
    else this.#fail("reset", text);
  }

  #release(): void {
    if (this.#over) return;
    this.#over = true;
    this.#stopListening();
    this.#owner.streamOver();
    this.#writer.stop();
  }

  /** The server says that it did nothing with it (RFC 9113 §8.7), and nothing of a body can have been used. */
  #isUntouched(): boolean {
    const { rstCode, id } = this.#stream;
    if (this.#responded || this.#attempt.request.body.length !== 0) return false;
    return rstCode === REFUSED_STREAM || (id !== undefined && this.#owner.neverSaw(id));
  }

  #fail(failure: UpstreamFailure, message: string, cause: unknown = undefined): void {
    if (this.#over) return;
    const untouched = this.#isUntouched();
    const body = this.#body;
    this.#release();
    if (untouched && failure !== "cancelled" && this.#owner.sendAgain(this.#attempt)) return;
    const error = new UpstreamError(failure, message, {
      sent: !untouched,
      cause: cause ?? new EbbError("http2", message),
    });
    if (this.#responded) body?.fail(error);
    else this.#attempt.observer.failed(error);
  }
}
