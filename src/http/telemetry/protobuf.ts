/** As much of protobuf's wire format as OTLP needs: a message is made by appending fields to a list of chunks. */
export class ProtobufWriter {
  readonly #chunks: Buffer[] = [];

  bytes(field: number, value: Uint8Array): this {
    this.#chunks.push(varint(field * 8 + 2), varint(value.length), Buffer.from(value));
    return this;
  }

  text(field: number, value: string): this {
    return value === "" ? this : this.bytes(field, Buffer.from(value));
  }

  message(field: number, write: (inner: ProtobufWriter) => void): this {
    const inner = new ProtobufWriter();
    write(inner);
    return this.bytes(field, inner.finish());
  }

  /** Up to 2^53. */
  integer(field: number, value: number): this {
    this.#chunks.push(varint(field * 8), varint(value));
    return this;
  }

  double(field: number, value: number): this {
    const bytes = Buffer.alloc(8);
    bytes.writeDoubleLE(value);
    this.#chunks.push(varint(field * 8 + 1), bytes);
    return this;
  }

  /** Milliseconds as a fixed64 of nanoseconds. */
  time(field: number, ms: number): this {
    const bytes = Buffer.alloc(8);
    bytes.writeBigUInt64LE(BigInt(Math.round(ms * 1000)) * 1000n);
    this.#chunks.push(varint(field * 8 + 1), bytes);
    return this;
  }

  fixed64(field: number, value: number): this {
    const bytes = Buffer.alloc(8);
    bytes.writeBigUInt64LE(BigInt(value));
    this.#chunks.push(varint(field * 8 + 1), bytes);
    return this;
  }

  packedFixed64(field: number, values: readonly number[]): this {
    const bytes = Buffer.alloc(8 * values.length);
    for (const [index, value] of values.entries()) bytes.writeBigUInt64LE(BigInt(value), 8 * index);
    return this.bytes(field, bytes);
  }

  packedDoubles(field: number, values: readonly number[]): this {
    const bytes = Buffer.alloc(8 * values.length);
    for (const [index, value] of values.entries()) bytes.writeDoubleLE(value, 8 * index);
    return this.bytes(field, bytes);
  }

  finish(): Buffer {
    return Buffer.concat(this.#chunks);
  }
}

function varint(value: number): Buffer {
  const bytes: number[] = [];
  let left = value;
  while (left >= 0x80) {
    bytes.push((left % 0x80) | 0x80);
    left = Math.floor(left / 0x80);
  }
  bytes.push(left);
  return Buffer.from(bytes);
}
