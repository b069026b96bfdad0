import { Readable, Writable } from "node:stream";
import type { WebSocket } from "ws";

/** A WebSocket whose binary messages begin with the number of the channel that they belong to. */

const CLOSE_NORMAL = 1000;
/** In version 5 the client's word that a channel of its own ends: its number follows. */
const END_OF_CHANNEL = 255;
const CHANNEL_BUFFER_BYTES = 1024 * 1024;

export class WebSocketChannels {
  readonly #socket: WebSocket;
  readonly #inputs = new Map<number, Readable>();
  readonly closed: Promise<void>;

  constructor(socket: WebSocket) {
    this.#socket = socket;
    socket.binaryType = "nodebuffer";
    socket.on("message", (data) => this.#received(data as Buffer));
    // A client that breaks the protocol is cut off by the library, which tells why here and closes.
    socket.on("error", () => {});
    this.closed = new Promise((resolve) => {
      socket.on("close", () => {
        for (const input of this.#inputs.values()) input.destroy();
        resolve();
      });
    });
  }

  /** While one input is full and not read the whole connection waits. */
  input(channel: number): Readable {
    const input = new Readable({
      highWaterMark: CHANNEL_BUFFER_BYTES,
      read: () => this.#socket.resume(),
    });
    this.#inputs.set(channel, input);
    return input;
  }

  output(channel: number): Writable {
    const head = Buffer.of(channel);
    return new Writable({
      write: (bytes: Buffer, _encoding, sent) => this.#socket.send(Buffer.concat([head, bytes]), sent),
    });
  }

  /** Tells the client by a message without a text that the connection stands. */
  greet(channel: number): void {
    this.#socket.send(Buffer.of(channel));
  }

  close(): void {
    this.#socket.close(CLOSE_NORMAL);
  }

  #received(message: Buffer): void {
    const isEnd = message[0] === END_OF_CHANNEL && message.length === 2;
    const input = this.#inputs.get(message[isEnd ? 1 : 0] ?? END_OF_CHANNEL);
    if (!input || input.destroyed || input.readableEnded) return;
    if (isEnd) input.push(null);
    else if (message.length > 1 && !input.push(message.subarray(1))) this.#socket.pause();
  }
}
