import type { Socket } from "node:net";
import { ByteReader, bytesOf } from "../golden/wire/byte-reader.ts";

/** Frames of HTTP/2 by hand, for what no library sends: wrong names, floods, cut heads. */

const FRAME_TYPES = [
  ..."DATA HEADERS PRIORITY RST_STREAM SETTINGS PUSH_PROMISE PING GOAWAY WINDOW_UPDATE CONTINUATION".split(
    " ",
  ),
];
export const PREFACE = "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";
export const END_STREAM = 1;
export const END_HEADERS = 4;

export interface RawFrame {
  readonly type: string;
  readonly flags: number;
  readonly streamId: number;
  readonly payload: Buffer;
}

export function frame(
  type: string,
  streamId: number,
  content: { flags?: number; payload?: Uint8Array } = {},
): Buffer {
  const payload = content.payload ?? new Uint8Array(0);
  const head = Buffer.alloc(9);
  head.writeUIntBE(payload.length, 0, 3);
  head[3] = FRAME_TYPES.indexOf(type);
  head[4] = content.flags ?? 0;
  head.writeUInt32BE(streamId, 5);
  return Buffer.concat([head, payload]);
}

/** Every field as a literal that is not indexed, without Huffman coding (RFC 7541 §6.2.2). */
export function headerBlock(lines: readonly (readonly [string, string])[]): Buffer {
  const text = (value: string) => {
    const bytes = bytesOf(value);
    return Buffer.concat([integer(bytes.length, 7), bytes]);
  };
  return Buffer.concat(lines.flatMap(([name, value]) => [Buffer.from([0]), text(name), text(value)]));
}

function integer(value: number, prefixBits: number): Buffer {
  const most = 2 ** prefixBits - 1;
  if (value < most) return Buffer.from([value]);
  const bytes = [most];
  let rest = value - most;
  for (; rest >= 128; rest = Math.floor(rest / 128)) bytes.push((rest % 128) + 128);
  return Buffer.from([...bytes, rest]);
}

export function headersFrame(
  streamId: number,
  lines: readonly (readonly [string, string])[],
  options: { endStream?: boolean; endHeaders?: boolean } = {},
): Buffer {
  const flags = (options.endStream ? END_STREAM : 0) | (options.endHeaders === false ? 0 : END_HEADERS);
  return frame("HEADERS", streamId, { flags, payload: headerBlock(lines) });
}

/** One connection whose frames a test writes and reads itself. */
export class RawHttp2 {
  readonly socket: Socket;
  readonly #reader: ByteReader;

  constructor(socket: Socket) {
    this.socket = socket;
    this.#reader = new ByteReader(socket);
  }

  greet(): void {
    this.send(Buffer.concat([Buffer.from(PREFACE), frame("SETTINGS", 0)]));
  }

  /** The server's side of `greet`. */
  async welcome(waitMs = 8_000): Promise<void> {
    await this.#reader.exactly(PREFACE.length, Date.now() + waitMs);
    this.send(frame("SETTINGS", 0));
  }

  send(bytes: Buffer): void {
    if (this.socket.writable) this.socket.write(bytes);
  }

  /** The next frame that fits; undefined when the connection ended before or nothing came within `waitMs`. */
  async next(fits: (frame: RawFrame) => boolean, waitMs = 8_000): Promise<RawFrame | undefined> {
    const deadline = Date.now() + waitMs;
    for (;;) {
      const head = await this.#reader.exactly(9, deadline);
      if (head.length < 9) return undefined;
      const payload = await this.#reader.exactly(head.readUIntBE(0, 3), deadline);
      const type = FRAME_TYPES[head[3] ?? 0] ?? "unknown";
      const got = { type, flags: head[4] ?? 0, streamId: head.readUInt32BE(5), payload };
      if (type === "SETTINGS" && (got.flags & 1) === 0) this.send(frame("SETTINGS", 0, { flags: 1 }));
      if (fits(got)) return got;
    }
  }

  get ended(): boolean {
    return this.#reader.ended;
  }

  close(): void {
    this.socket.destroy();
  }
}
