import type { Http2Stream } from "node:http2";
import { EbbError } from "../base/errors.ts";
import type { HeaderBlock } from "./header-block.ts";
import { trailersToHttp2 } from "./http2-head.ts";
import type { BodySink, BodySource } from "./message.ts";
import type { WriterOwner } from "./message-writer.ts";

/** Credit given to a body at its start: what may wait in the stream for a slow reader. */
const WINDOW_BYTES = 64 * 1024;

/** Writes one body to an HTTP/2 stream by credit; the stream's own flow control decides when more is asked for. */
export class Http2BodyWriter implements BodySink {
  readonly #stream: Http2Stream;
  readonly #owner: WriterOwner;
  #body: BodySource | undefined;
  #remaining: number | undefined;
  #uncredited = 0;
  #trailers: HeaderBlock | undefined;
  bodyBytes = 0;

  constructor(stream: Http2Stream, owner: WriterOwner) {
    this.#stream = stream;
    this.#owner = owner;
  }

  get active(): boolean {
    return this.#body !== undefined;
  }

  /** The stream's head was sent with `waitForTrailers`. */
  start(body: BodySource): void {
    const stream = this.#stream;
    this.#body = body;
    this.#remaining = body.length;
    stream.on("drain", () => this.#giveCredit());
    stream.on("wantTrailers", () => {
      if (!stream.destroyed) stream.sendTrailers(this.#trailers ? trailersToHttp2(this.#trailers) : {});
    });
    body.start(this);
    this.#body?.credit(WINDOW_BYTES);
  }

  data(chunk: Uint8Array): void {
    if (chunk.length === 0 || !this.#body) return;
    this.bodyBytes += chunk.length;
    if (this.#remaining !== undefined) {
      this.#remaining -= chunk.length;
      if (this.#remaining < 0) {
        this.fail(new EbbError("body-length", "the body is longer than it said"));
        return;
      }
    }
    this.#uncredited += chunk.length;
    // The chunk may be used again by its owner while the stream still waits for its window.
    const more = this.#stream.write(Buffer.from(chunk));
    this.#owner.messageProgress();
    if (more) this.#giveCredit();
  }

  end(trailers?: HeaderBlock): void {
    if (!this.#body) return;
    if (this.#remaining !== undefined && this.#remaining > 0) {
      this.fail(new EbbError("body-length", "the body is shorter than it said"));
      return;
    }
    this.#body = undefined;
    this.#trailers = trailers;
    this.#stream.end();
    this.#owner.messageWritten();
  }

  fail(error: Error): void {
    const body = this.#body;
    if (!body) return;
    this.#body = undefined;
    body.abandon();
    this.#owner.messageBroke(error);
  }

  /** As MessageWriter.cutShort. */
  cutShort(text: string): boolean {
    const bytes = Buffer.from(text);
    const complete = this.#remaining === undefined;
    this.stop();
    if (this.#remaining === undefined || bytes.length < this.#remaining) this.#stream.write(bytes);
    if (complete) this.#stream.end();
    return complete;
  }

  /** The stream or the exchange is over. */
  stop(): void {
    const body = this.#body;
    this.#body = undefined;
    body?.abandon();
  }

  #giveCredit(): void {
    const bytes = this.#uncredited;
    this.#uncredited = 0;
    if (bytes > 0) this.#body?.credit(bytes);
  }
}

/**
 * Whether a body may be followed by trailers: the stream has to be asked to wait for them beforehand, which costs a
 * further frame and turn where there are none.
 */
export function mayHaveTrailers(body: BodySource, headers: HeaderBlock): boolean {
  if (body.isWhole) return false;
  return body.length === undefined || headers.has("trailer") || headers.has("te");
}
