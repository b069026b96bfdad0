import { createHash } from "node:crypto";
import type { Duplex } from "node:stream";

/** A server's end of a WebSocket (RFC 6455), as streams into pods need it: whole binary messages, ping, close. */

const GUID = "258EAFA5-E914-47DA-95CA-C5AB0DC85B11";
const OPCODE = { continuation: 0, text: 1, binary: 2, close: 8, ping: 9, pong: 10 } as const;
/** Of one message; what clients send is typed or read from a pipe in small parts. */
const MESSAGE_MAX = 1024 * 1024;

export const CLOSE_NORMAL = 1000;
const CLOSE_PROTOCOL_ERROR = 1002;
const CLOSE_TOO_LARGE = 1009;

/** The answer to the handshake; undefined when the request is none. */
export function acceptHandshake(
  headers: Readonly<Record<string, string | undefined>>,
  protocol: string,
): string | undefined {
  const key = headers["sec-websocket-key"];
  const isHandshake =
    headers.upgrade?.toLowerCase() === "websocket" && headers["sec-websocket-version"] === "13";
  if (!isHandshake || !key) return undefined;
  const accept = createHash("sha1")
    .update(key + GUID)
    .digest("base64");
  return [
    "HTTP/1.1 101 Switching Protocols",
    "Upgrade: websocket",
    "Connection: Upgrade",
    `Sec-WebSocket-Accept: ${accept}`,
    `Sec-WebSocket-Protocol: ${protocol}`,
    "\r\n",
  ].join("\r\n");
}

export interface WebSocketEvents {
  message(payload: Buffer): void;
  /** Once: the peer closed, or the connection broke. */
  closed(): void;
}

export class WebSocket {
  readonly #stream: Duplex;
  readonly #events: WebSocketEvents;
  #buffered: Buffer = Buffer.alloc(0);
  #fragments: Buffer[] = [];
  #isClosed = false;

  /** `head`: what came with the handshake. Events are told from the next turn on. */
  constructor(stream: Duplex, head: Buffer, events: WebSocketEvents) {
    this.#stream = stream;
    this.#events = events;
    stream.on("data", (chunk: Buffer) => this.#received(chunk));
    stream.on("close", () => this.#over());
    stream.on("error", () => this.#over());
    if (head.length > 0) queueMicrotask(() => this.#received(head));
  }

  /** False: the peer reads slowly; wait for `drained`. */
  send(payload: Uint8Array): boolean {
    return this.#frame(OPCODE.binary, payload);
  }

  drained(): Promise<void> {
    if (this.#isClosed || !this.#stream.writableNeedDrain) return Promise.resolve();
    return new Promise((resolve) => {
      this.#stream.once("drain", resolve);
      this.#stream.once("close", resolve);
    });
  }

  close(code: number): void {
    if (this.#isClosed) return;
    const payload = Buffer.alloc(2);
    payload.writeUInt16BE(code);
    this.#frame(OPCODE.close, payload);
    this.#over();
    this.#stream.end();
  }

  #over(): void {
    if (this.#isClosed) return;
    this.#isClosed = true;
    this.#events.closed();
  }

  #frame(opcode: number, payload: Uint8Array): boolean {
    if (this.#isClosed || this.#stream.destroyed) return true;
    const { length } = payload;
    const header = Buffer.alloc(length < 126 ? 2 : length < 65_536 ? 4 : 10);
    header[0] = 0x80 | opcode;
    if (length < 126) header[1] = length;
    else if (length < 65_536) {
      header[1] = 126;
      header.writeUInt16BE(length, 2);
    } else {
      header[1] = 127;
      header.writeBigUInt64BE(BigInt(length), 2);
    }
    this.#stream.write(header);
    return this.#stream.write(payload);
  }

  #received(chunk: Buffer): void {
    if (this.#isClosed) return;
    this.#buffered = this.#buffered.length === 0 ? chunk : Buffer.concat([this.#buffered, chunk]);
    for (;;) {
      const frame = parseFrame(this.#buffered);
      if (frame === "partial") return;
      if (typeof frame === "number") return this.close(frame);
      this.#buffered = this.#buffered.subarray(frame.size);
      this.#take(frame);
      if (this.#isClosed) return;
    }
  }

  #take({ opcode, isFinal, payload }: Frame): void {
    switch (opcode) {
      case OPCODE.close:
        return this.close(CLOSE_NORMAL);
      case OPCODE.ping:
        this.#frame(OPCODE.pong, payload);
        return;
      case OPCODE.pong:
        return;
      case OPCODE.text:
      case OPCODE.binary:
      case OPCODE.continuation:
        break;
      default:
        return this.close(CLOSE_PROTOCOL_ERROR);
    }
    this.#fragments.push(payload);
    const size = this.#fragments.reduce((total, part) => total + part.length, 0);
    if (size > MESSAGE_MAX) return this.close(CLOSE_TOO_LARGE);
    if (!isFinal) return;
    const message = Buffer.concat(this.#fragments);
    this.#fragments = [];
    this.#events.message(message);
  }
}

interface Frame {
  readonly opcode: number;
  readonly isFinal: boolean;
  readonly payload: Buffer;
  /** Of the whole frame. */
  readonly size: number;
}

/** A frame, "partial" when more bytes are needed, or the code with which the connection must be closed. */
function parseFrame(bytes: Buffer): Frame | "partial" | number {
  if (bytes.length < 2) return "partial";
  const [first = 0, second = 0] = bytes;
  // Clients must mask (RFC 6455 §5.1); no extension was agreed on.
  if ((second & 0x80) === 0 || (first & 0x70) !== 0) return CLOSE_PROTOCOL_ERROR;
  const short = second & 0x7f;
  const lengthBytes = short === 126 ? 2 : short === 127 ? 8 : 0;
  const start = 2 + lengthBytes + 4;
  if (bytes.length < start) return "partial";
  const length =
    lengthBytes === 0 ? short : lengthBytes === 2 ? bytes.readUInt16BE(2) : Number(bytes.readBigUInt64BE(2));
  if (length > MESSAGE_MAX) return CLOSE_TOO_LARGE;
  if (bytes.length < start + length) return "partial";
  const mask = bytes.subarray(start - 4, start);
  const payload = Buffer.alloc(length);
  for (let index = 0; index < length; index++)
    payload[index] = (bytes[start + index] ?? 0) ^ (mask[index & 3] ?? 0);
  return { opcode: first & 0x0f, isFinal: (first & 0x80) !== 0, payload, size: start + length };
}
