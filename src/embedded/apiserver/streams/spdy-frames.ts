/** SPDY/3.1 on the wire, as far as streams into pods need it (spec E-213). Pure: bytes to frames and back. */

export type Frame =
  /** Part of a stream's data as it arrives; `isLast` = its sender has no more. */
  | { readonly type: "data"; readonly stream: number; readonly bytes: Buffer; readonly isLast: boolean }
  | { readonly type: "control"; readonly kind: number; readonly flags: number; readonly payload: Buffer };

export const CONTROL = {
  synStream: 1,
  synReply: 2,
  rstStream: 3,
  settings: 4,
  ping: 6,
  goAway: 7,
  headers: 8,
  windowUpdate: 9,
} as const;

export const FIN = 0x01;
export const RESET = { refused: 3, cancel: 5 } as const;

const HEAD_BYTES = 8;
const CONTROL_BIT = 0x80_00;
const VERSION = 3;
/** Header blocks of clients are a few hundred bytes. */
const CONTROL_MAX = 64 * 1024;

export class SpdyError extends Error {}

/** Cuts what arrives into frames; data is handed on in the pieces in which it comes, so nothing large is kept. */
export class FrameReader {
  #rest: Buffer = Buffer.alloc(0);
  #data: { readonly stream: number; readonly isLast: boolean; left: number } | undefined;

  /** Throws SpdyError for what is not SPDY/3. */
  *push(chunk: Buffer): Generator<Frame> {
    this.#rest = this.#rest.length === 0 ? chunk : Buffer.concat([this.#rest, chunk]);
    for (let frame = this.#next(); frame; frame = this.#next()) yield frame;
  }

  #next(): Frame | undefined {
    if (this.#data) return this.#nextData(this.#data);
    if (this.#rest.length < HEAD_BYTES) return undefined;
    const flags = this.#rest.readUInt8(4);
    const length = this.#rest.readUIntBE(5, 3);
    const first = this.#rest.readUInt16BE(0);
    if (first < CONTROL_BIT) {
      this.#data = { stream: this.#rest.readUInt32BE(0), isLast: (flags & FIN) !== 0, left: length };
      this.#rest = this.#rest.subarray(HEAD_BYTES);
      return this.#nextData(this.#data);
    }
    if (first !== CONTROL_BIT + VERSION) throw new SpdyError(`SPDY version ${first - CONTROL_BIT}, not 3`);
    if (length > CONTROL_MAX) throw new SpdyError(`a control frame of ${length} bytes`);
    if (this.#rest.length < HEAD_BYTES + length) return undefined;
    const kind = this.#rest.readUInt16BE(2);
    const payload = this.#rest.subarray(HEAD_BYTES, HEAD_BYTES + length);
    this.#rest = this.#rest.subarray(HEAD_BYTES + length);
    return { type: "control", kind, flags, payload };
  }

  #nextData(data: { readonly stream: number; readonly isLast: boolean; left: number }): Frame | undefined {
    if (data.left > 0 && this.#rest.length === 0) return undefined;
    const bytes = this.#rest.subarray(0, data.left);
    this.#rest = this.#rest.subarray(bytes.length);
    data.left -= bytes.length;
    if (data.left === 0) this.#data = undefined;
    return { type: "data", stream: data.stream, bytes, isLast: data.isLast && data.left === 0 };
  }
}

/** The head of a data frame; its `length` bytes follow. */
export function dataHead(stream: number, length: number, flags = 0): Buffer {
  const head = Buffer.alloc(HEAD_BYTES);
  head.writeUInt32BE(stream, 0);
  head.writeUInt8(flags, 4);
  head.writeUIntBE(length, 5, 3);
  return head;
}

export function controlFrame(kind: number, payload: Buffer): Buffer {
  const head = Buffer.alloc(HEAD_BYTES);
  head.writeUInt16BE(CONTROL_BIT + VERSION, 0);
  head.writeUInt16BE(kind, 2);
  head.writeUIntBE(payload.length, 5, 3);
  return Buffer.concat([head, payload]);
}

export function numbers(...values: readonly number[]): Buffer {
  const bytes = Buffer.alloc(4 * values.length);
  for (const [index, value] of values.entries()) bytes.writeUInt32BE(value, 4 * index);
  return bytes;
}
