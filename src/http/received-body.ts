import { assert } from "../base/assert.ts";
import type { HeaderBlock } from "./header-block.ts";
import type { BodySink, BodySource } from "./message.ts";

/** The connection that a body comes from. */
export interface BodyOwner {
  /** The reader has begun: the moment for 100-continue. */
  bodyStarted(): void;
  /** Called whenever `wants` may have changed. */
  bodyDemand(): void;
  /** Nobody wants the rest. */
  bodyAbandoned(): void;
}

/** A body that a connection receives: held up to a bound until it is started, then passed on by credit. */
export class ReceivedBody implements BodySource {
  readonly length: number | undefined;
  receivedBytes = 0;
  readonly #owner: BodyOwner;
  readonly #heldMax: number;
  #sink: BodySink | undefined;
  #credit = 0;
  #held: Buffer[] | undefined;
  #heldBytes = 0;
  #complete = false;
  #trailers: HeaderBlock | undefined;
  #error: Error | undefined;
  #abandoned = false;
  #told = false;
  #flushing = false;

  constructor(length: number | undefined, owner: BodyOwner, heldMax: number) {
    this.length = length;
    this.#owner = owner;
    this.#heldMax = heldMax;
  }

  get heldBytes(): number {
    return this.#heldBytes;
  }

  get isWhole(): boolean {
    return this.#complete && this.#trailers === undefined;
  }

  get started(): boolean {
    return this.#sink !== undefined;
  }

  get abandoned(): boolean {
    return this.#abandoned;
  }

  /** Whether the connection should be read. */
  get wants(): boolean {
    if (this.#abandoned || this.#complete) return true;
    return this.#sink ? this.#credit > 0 && this.#heldBytes === 0 : this.#heldBytes < this.#heldMax;
  }

  start(sink: BodySink): void {
    assert(!this.#sink, "a body is started once");
    if (this.#abandoned) return;
    this.#sink = sink;
    this.#owner.bodyStarted();
    this.#flush();
  }

  credit(bytes: number): void {
    this.#credit += bytes;
    this.#flush();
    if (!this.#complete) this.#owner.bodyDemand();
  }

  abandon(): void {
    if (this.#abandoned || this.#told) return;
    this.#abandoned = true;
    this.#drop();
    // Once complete, the connection may serve the next message already.
    if (!this.#complete) this.#owner.bodyAbandoned();
  }

  /** A chunk from the connection; copied when it cannot be passed on now. */
  push(chunk: Buffer): void {
    if (this.#abandoned || this.#told) return;
    this.receivedBytes += chunk.length;
    if (this.#sink && this.#credit > 0 && !this.#held && !this.#flushing) {
      this.#credit -= chunk.length;
      this.#flushing = true;
      this.#sink.data(chunk);
      this.#flushing = false;
      this.#flush();
      return;
    }
    this.#held ??= [];
    this.#held.push(Buffer.from(chunk));
    this.#heldBytes += chunk.length;
  }

  complete(trailers: HeaderBlock | undefined): void {
    this.#complete = true;
    this.#trailers = trailers;
    this.#flush();
  }

  fail(error: Error): void {
    if (this.#complete || this.#error) return;
    this.#error = error;
    this.#drop();
    this.#flush();
  }

  #drop(): void {
    this.#held = undefined;
    this.#heldBytes = 0;
  }

  #flush(): void {
    const sink = this.#sink;
    if (!sink || this.#flushing) return;
    this.#flushing = true;
    while (this.#held && this.#credit > 0 && !this.#abandoned) this.#passOne(sink, this.#held);
    this.#flushing = false;
    if (this.#abandoned || this.#told) return;
    if (this.#error) {
      this.#told = true;
      sink.fail(this.#error);
    } else if (this.#complete && !this.#held) {
      this.#told = true;
      sink.end(this.#trailers);
    }
  }

  #passOne(sink: BodySink, held: Buffer[]): void {
    const chunk = held.shift();
    if (held.length === 0) this.#held = undefined;
    if (!chunk) return;
    this.#heldBytes -= chunk.length;
    this.#credit -= chunk.length;
    sink.data(chunk);
  }
}

/** The body of a message that has none. */
export const EMPTY_BODY: BodySource = {
  length: 0,
  start: (sink) => sink.end(),
  credit() {},
  abandon() {},
};
