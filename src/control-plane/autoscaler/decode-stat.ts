import type { Stat } from "../../api/wire/stat.ts";

/**
 * Reads a queue-proxy's numbers from protobuf (Knative's stat.proto, spec S-030). Returns undefined when
 * malformed.
 */
export function decodeStat(bytes: Uint8Array): Stat | undefined {
  const reader = new Reader(bytes);
  const numbers = [0, 0, 0, 0, 0];
  let podName = "";
  let timestamp = 0;
  while (!reader.isAtEnd) {
    const tag = reader.varint();
    if (tag === undefined) return undefined;
    const [field, wireType] = [Math.floor(tag / 8), tag % 8];
    if (field === 0) return undefined;
    if (field <= TIMESTAMP_FIELD && wireType !== wireTypeOf(field)) return undefined;
    const value = reader.value(wireType);
    if (value === undefined) return undefined;
    if (field === 1) podName = UTF8.decode(value as Uint8Array);
    else if (field <= 6) numbers[field - 2] = value as number;
    else if (field === TIMESTAMP_FIELD) timestamp = value as number;
  }
  const [concurrent, proxied, count, proxiedCount, uptime] = numbers;
  return {
    podName,
    averageConcurrentRequests: concurrent ?? 0,
    averageProxiedConcurrentRequests: proxied ?? 0,
    requestCount: count ?? 0,
    proxiedRequestCount: proxiedCount ?? 0,
    processUptime: uptime ?? 0,
    timestamp,
  };
}

const TIMESTAMP_FIELD = 7;
const UTF8 = new TextDecoder();
const VARINT = 0;
const FIXED64 = 1;
const BYTES = 2;
const FIXED32 = 5;

function wireTypeOf(field: number): number {
  if (field === 1) return BYTES;
  return field === TIMESTAMP_FIELD ? VARINT : FIXED64;
}

class Reader {
  readonly #bytes: Uint8Array;
  readonly #view: DataView;
  #at = 0;

  constructor(bytes: Uint8Array) {
    this.#bytes = bytes;
    this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  }

  get isAtEnd(): boolean {
    return this.#at >= this.#bytes.length;
  }

  varint(): number | undefined {
    let value = 0;
    for (let shift = 0; shift < 70; shift += 7) {
      const byte = this.#bytes[this.#at++];
      if (byte === undefined) return undefined;
      value += (byte & 0x7f) * 2 ** shift;
      if (byte < 0x80) return value;
    }
    return undefined;
  }

  value(wireType: number): number | Uint8Array | undefined {
    if (wireType === VARINT) return this.varint();
    if (wireType === FIXED64) return this.#take(8, (at) => this.#view.getFloat64(at, true));
    if (wireType === FIXED32) return this.#take(4, (at) => this.#view.getUint32(at, true));
    const length = wireType === BYTES ? this.varint() : undefined;
    return length === undefined
      ? undefined
      : this.#take(length, (at) => this.#bytes.subarray(at, at + length));
  }

  #take<T>(length: number, read: (at: number) => T): T | undefined {
    const at = this.#at;
    if (at + length > this.#bytes.length) return undefined;
    this.#at = at + length;
    return read(at);
  }
}
