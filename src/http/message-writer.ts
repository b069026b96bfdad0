import { EbbError } from "../base/errors.ts";
import type { Conn } from "./conn.ts";
import { headersText, type OutgoingFraming } from "./head-writer.ts";
import type { HeaderBlock } from "./header-block.ts";
import type { BodySink, BodySource } from "./message.ts";

export interface WriterOwner {
  /** The last byte was given to the connection. */
  messageWritten(): void;
  /** The body broke off: the message cannot be completed. */
  messageBroke(error: Error): void;
  /** Some of the message was given to the connection. */
  messageProgress(): void;
}

export interface OutgoingMessage {
  readonly head: string;
  readonly framing: OutgoingFraming;
  /** Of the body, for framing "length". */
  readonly length: number;
  readonly body: BodySource | undefined;
}

/** Credit given to a body at its start: what may wait in the connection for a slow reader. */
const WINDOW_BYTES = 64 * 1024;
/** Messages up to this size leave in one write, which costs one copy and saves a system call. */
const JOIN_BYTES_MAX = 16 * 1024;
const CHUNKED_END = "0\r\n\r\n";
const JOIN_ROOM = 64;

/**
 * Writes messages to a connection, one after the other: head and first chunk in one write, the body by credit.
 * What waits to be joined leaves at the end of the turn at the latest. One object serves a connection for its life.
 */
export class MessageWriter implements BodySink {
  readonly #conn: Conn;
  readonly #owner: WriterOwner;
  /** Latin1 text that was not written yet: heads, chunk sizes. */
  #text = "";
  #body: BodySource | undefined;
  #framing: OutgoingFraming = "none";
  #remaining = 0;
  #uncredited = 0;
  #blocked = false;
  #flushAsked = false;
  /** A small chunk that waits for what comes next in this turn. */
  #joined: Buffer | undefined;
  #joinedBytes = 0;
  #active = false;
  #bodyBytes = 0;

  constructor(conn: Conn, owner: WriterOwner) {
    this.#conn = conn;
    this.#owner = owner;
  }

  /** A message is being written. */
  get active(): boolean {
    return this.#active;
  }

  /** The reader has yet to take what was written. */
  get blocked(): boolean {
    return this.#blocked;
  }

  /** Only the end of the connection ends the message. */
  get untilClose(): boolean {
    return this.#framing === "until-close";
  }

  /** Bytes of body, without framing, of the current or last message. */
  get bodyBytes(): number {
    return this.#bodyBytes;
  }

  write(message: OutgoingMessage): void {
    this.#active = true;
    this.#text += message.head;
    this.#framing = message.framing;
    this.#remaining = message.length;
    this.#uncredited = 0;
    this.#bodyBytes = 0;
    const { body, framing } = message;
    if (!body || framing === "none" || (framing === "length" && message.length === 0)) {
      body?.abandon();
      this.#finish();
      return;
    }
    this.#body = body;
    body.start(this);
    if (this.#body !== body) return;
    body.credit(WINDOW_BYTES);
    if (this.#text !== "") this.#askFlush();
  }

  /** An interim head, between messages or before one. */
  writeText(text: string): void {
    this.#text += text;
    this.flush();
  }

  data(chunk: Uint8Array): void {
    const size = chunk.length;
    if (size === 0 || !this.#body) return;
    this.#bodyBytes += size;
    if (this.#framing === "length") {
      this.#remaining -= size;
      if (this.#remaining < 0) {
        this.fail(new EbbError("body-length", "the body is longer than it said"));
        return;
      }
    }
    this.#uncredited += size;
    this.#writeChunk(chunk);
    this.#owner.messageProgress();
    if (!this.#blocked) this.#giveCredit();
  }

  end(trailers?: HeaderBlock): void {
    if (!this.#body) return;
    if (this.#framing === "length" && this.#remaining > 0) {
      this.fail(new EbbError("body-length", "the body is shorter than it said"));
      return;
    }
    this.#body = undefined;
    if (this.#framing === "chunked") {
      this.#text += trailers ? `0\r\n${headersText(trailers)}\r\n` : CHUNKED_END;
    }
    this.#finish();
  }

  fail(error: Error): void {
    if (!this.#body) return;
    const body = this.#body;
    this.#body = undefined;
    this.#active = false;
    body.abandon();
    this.flush();
    this.#owner.messageBroke(error);
  }

  /** Ends the message after `text`, which stands for the rest of the body. Returns whether it is complete that way. */
  cutShort(text: string): boolean {
    this.#body?.abandon();
    this.#body = undefined;
    this.#active = false;
    const bytes = Buffer.from(text);
    if (this.#framing === "chunked") {
      this.#writeChunk(bytes);
      this.#text += CHUNKED_END;
    } else if (this.#framing === "until-close") this.#writeChunk(bytes);
    // Words that fill the length would make a broken message whole.
    else if (this.#framing === "length" && bytes.length < this.#remaining) this.#writeChunk(bytes);
    this.flush();
    return this.#framing === "chunked";
  }

  /** The connection or the exchange is over. */
  stop(): void {
    const body = this.#body;
    this.#body = undefined;
    this.#active = false;
    this.#text = "";
    this.#joined = undefined;
    body?.abandon();
  }

  drained(): void {
    this.#blocked = false;
    this.#giveCredit();
  }

  flush(): void {
    this.#flushAsked = false;
    const joined = this.#joined;
    const text = this.#text;
    this.#text = "";
    if (!joined) {
      if (text !== "") this.#put(Buffer.from(text, "latin1"));
      return;
    }
    this.#joined = undefined;
    const fits = this.#joinedBytes + text.length <= joined.length;
    if (fits) this.#joinedBytes += joined.write(text, this.#joinedBytes, "latin1");
    this.#put(joined.subarray(0, this.#joinedBytes));
    if (!fits) this.#put(Buffer.from(text, "latin1"));
  }

  #finish(): void {
    this.#active = false;
    this.flush();
    this.#owner.messageWritten();
  }

  #giveCredit(): void {
    const bytes = this.#uncredited;
    this.#uncredited = 0;
    if (bytes > 0) this.#body?.credit(bytes);
  }

  #writeChunk(chunk: Uint8Array): void {
    if (this.#conn.canWriteAsIs?.(chunk)) {
      this.#writeAsIs(chunk);
      return;
    }
    if (this.#framing === "chunked") this.#text += `${chunk.length.toString(16)}\r\n`;
    const size = this.#text.length + chunk.length + (this.#framing === "chunked" ? 2 : 0);
    const joined = this.#joined;
    if (joined && this.#joinedBytes + size <= joined.length) {
      this.#joinedBytes = this.#fill(joined, this.#joinedBytes, chunk);
      return;
    }
    if (joined) this.#putJoined(joined);
    // More may follow in this turn only when the body's end is not known from its length.
    const join = this.#framing === "chunked" && size <= JOIN_BYTES_MAX / 8;
    const buffer = Buffer.allocUnsafe(join ? 2 * size + JOIN_ROOM : size);
    const filled = this.#fill(buffer, 0, chunk);
    if (!join) {
      this.#put(filled === buffer.length ? buffer : buffer.subarray(0, filled));
      return;
    }
    this.#joined = buffer;
    this.#joinedBytes = filled;
    this.#askFlush();
  }

  #writeAsIs(chunk: Uint8Array): void {
    if (this.#framing === "chunked") this.#text += `${chunk.length.toString(16)}\r\n`;
    if (this.#text !== "" || this.#joined) this.flush();
    this.#put(chunk);
    if (this.#framing !== "chunked") return;
    this.#text = "\r\n";
    this.#askFlush();
  }

  /** hot path: what waits, the chunk and what follows it, in one buffer. */
  #fill(buffer: Buffer, from: number, chunk: Uint8Array): number {
    let at = from + buffer.write(this.#text, from, "latin1");
    this.#text = "";
    buffer.set(chunk, at);
    at += chunk.length;
    if (this.#framing !== "chunked") return at;
    buffer[at] = 13;
    buffer[at + 1] = 10;
    return at + 2;
  }

  #putJoined(joined: Buffer): void {
    this.#joined = undefined;
    this.#put(joined.subarray(0, this.#joinedBytes));
  }

  #put(bytes: Uint8Array): void {
    if (!this.#conn.write(bytes)) this.#blocked = true;
  }

  #askFlush(): void {
    if (this.#flushAsked) return;
    this.#flushAsked = true;
    queueMicrotask(this.#flushLater);
  }

  readonly #flushLater = (): void => {
    if (this.#flushAsked) this.flush();
  };
}
