import { Duplex } from "node:stream";
import {
  CONTROL,
  controlFrame,
  dataHead,
  FIN,
  type Frame,
  FrameReader,
  numbers,
  RESET,
  SpdyError,
} from "./spdy-frames.ts";
import { emptyBlock, HeaderReader, type Headers } from "./spdy-headers.ts";

/**
 * The server's end of a SPDY/3.1 connection: clients open streams, each becomes a Duplex. Clients of Kubernetes know no
 * flow control, so a stream that nobody reads keeps a bounded amount and then holds up the whole connection.
 */
export interface SpdySessionOptions {
  /** The connection's bytes: a socket, or a WebSocket that carries them. */
  readonly transport: Duplex;
  onStream(stream: SpdyStream): void;
}

const STREAMS_MAX = 1024;
const STREAM_BUFFER_BYTES = 128 * 1024;

export class SpdySession {
  readonly #transport: Duplex;
  readonly #onStream: (stream: SpdyStream) => void;
  readonly #headers = new HeaderReader();
  readonly #streams = new Map<number, SpdyStream>();
  readonly #full = new Set<number>();
  #wake: () => void = () => {};
  #lastStream = 0;
  #isFirstReply = true;
  /** Resolves when the connection is over, with the reason when it broke: SpdyError for what is not SPDY. */
  readonly closed: Promise<unknown>;

  constructor({ transport, onStream }: SpdySessionOptions) {
    this.#transport = transport;
    this.#onStream = onStream;
    this.closed = this.#serve().then(
      () => this.#over(undefined),
      (thrown) => this.#over(thrown),
    );
  }

  /** What was written goes out first. */
  close(): void {
    this.#send(controlFrame(CONTROL.goAway, numbers(this.#lastStream, 0)));
    this.#transport.end();
  }

  async #serve(): Promise<void> {
    const frames = new FrameReader();
    for await (const chunk of this.#transport) {
      for (const frame of frames.push(chunk as Buffer)) await this.#take(frame);
      while (this.#full.size > 0) await new Promise<void>((resolve) => (this.#wake = resolve));
    }
  }

  #over(reason: unknown): unknown {
    this.#headers.close();
    for (const stream of this.#streams.values()) stream.destroy();
    this.#transport.destroy();
    return reason;
  }

  async #take(frame: Frame): Promise<void> {
    if (frame.type === "data") {
      this.#streams.get(frame.stream)?.received(frame.bytes, frame.isLast);
      return;
    }
    const { kind, payload, flags } = frame;
    switch (kind) {
      case CONTROL.synStream:
        return this.#opened(payload, flags);
      case CONTROL.headers:
        // Read although nobody wants them: the next block's text goes on where this one's ends.
        await this.#headers.read(payload.subarray(4));
        return;
      case CONTROL.rstStream:
        this.#streams.get(streamOf(payload))?.wasReset();
        return;
      case CONTROL.ping:
        this.#send(controlFrame(CONTROL.ping, payload));
        return;
      default:
        // Settings, windows and farewells ask for nothing.
        return;
    }
  }

  async #opened(payload: Buffer, flags: number): Promise<void> {
    const id = streamOf(payload);
    if (id % 2 === 0 || id <= this.#lastStream || payload.length < 10)
      throw new SpdyError(`stream ${id} cannot be opened after ${this.#lastStream}`);
    this.#lastStream = id;
    const headers = await this.#headers.read(payload.subarray(10));
    if (this.#streams.size >= STREAMS_MAX) return this.#reset(id, RESET.refused);
    const stream = new SpdyStream(headers, {
      send: (bytes, sent) => this.#sendData(id, bytes, sent),
      end: (sent) => this.#send(dataHead(id, 0, FIN), sent),
      reset: () => this.#reset(id, RESET.cancel),
      isFull: (isFull) => this.#setFull(id, isFull),
      gone: () => this.#streams.delete(id),
    });
    this.#streams.set(id, stream);
    this.#send(controlFrame(CONTROL.synReply, Buffer.concat([numbers(id), emptyBlock(this.#isFirstReply)])));
    this.#isFirstReply = false;
    if ((flags & FIN) !== 0) stream.received(Buffer.alloc(0), true);
    this.#onStream(stream);
  }

  #setFull(id: number, isFull: boolean): void {
    if (isFull) this.#full.add(id);
    else if (this.#full.delete(id) && this.#full.size === 0) this.#wake();
  }

  #reset(id: number, why: number): void {
    this.#send(controlFrame(CONTROL.rstStream, numbers(id, why)));
  }

  #sendData(id: number, bytes: Buffer, sent: Sent): void {
    if (!this.#transport.writable) return sent(new SpdyError("the connection is closed"));
    this.#transport.write(dataHead(id, bytes.length));
    this.#transport.write(bytes, sent);
  }

  #send(bytes: Buffer, sent: Sent = () => {}): void {
    if (this.#transport.writable) this.#transport.write(bytes, sent);
    else sent();
  }
}

type Sent = (failure?: Error | null) => void;

function streamOf(payload: Buffer): number {
  if (payload.length < 4) throw new SpdyError("a control frame that ends too early");
  return payload.readUInt32BE(0) & 0x7fff_ffff;
}

interface StreamCarrier {
  send(bytes: Buffer, sent: Sent): void;
  end(sent: Sent): void;
  reset(): void;
  isFull(isFull: boolean): void;
  gone(): void;
}

/** One stream that the client has opened. To destroy it before both ends are done resets it. */
export class SpdyStream extends Duplex {
  readonly headers: Headers;
  readonly #carrier: StreamCarrier;
  #isOver = false;
  #wasReset = false;

  constructor(headers: Headers, carrier: StreamCarrier) {
    super({ readableHighWaterMark: STREAM_BUFFER_BYTES });
    this.headers = headers;
    this.#carrier = carrier;
  }

  received(bytes: Buffer, isLast: boolean): void {
    if (this.destroyed || this.#isOver) return;
    if (bytes.length > 0 && !this.push(bytes)) this.#carrier.isFull(true);
    this.#isOver = isLast;
    if (isLast) this.push(null);
  }

  wasReset(): void {
    this.#wasReset = true;
    this.destroy();
  }

  override _read(): void {
    this.#carrier.isFull(false);
  }

  override _write(bytes: Buffer, _encoding: BufferEncoding, sent: Sent): void {
    this.#carrier.send(bytes, sent);
  }

  override _final(sent: Sent): void {
    this.#carrier.end(sent);
  }

  override _destroy(failure: Error | null, done: Sent): void {
    const isDone = this.readableEnded && this.writableFinished;
    if (!isDone && !this.#wasReset) this.#carrier.reset();
    this.#carrier.isFull(false);
    this.#carrier.gone();
    done(failure);
  }
}
