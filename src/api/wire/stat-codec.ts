/**
 * A Stat in protobuf's wire form, as Knative's queue-proxy and autoscaler speak it (spec Q-043). Zero fields are left
 * out, unknown ones skipped.
 */
import type { Stat } from "./stat.ts";

const VARINT = 0;
const FIXED64 = 1;
const BYTES = 2;
const FIXED32 = 5;

/** A body that is no message of the expected form. */
export class StatDecodeError extends Error {}

const DOUBLES = [
  "averageConcurrentRequests",
  "averageProxiedConcurrentRequests",
  "requestCount",
  "proxiedRequestCount",
  "processUptime",
] as const;
const TIMESTAMP = 7;

export function encodeStat(stat: Stat): Uint8Array {
  const out: number[] = [];
  if (stat.podName !== "") putBytes(out, 1, Buffer.from(stat.podName));
  for (const [index, field] of DOUBLES.entries()) putDouble(out, index + 2, stat[field]);
  if (stat.timestamp !== 0) {
    putVarint(out, BigInt((TIMESTAMP << 3) | VARINT));
    putVarint(out, BigInt.asUintN(64, BigInt(Math.trunc(stat.timestamp))));
  }
  return Uint8Array.from(out);
}

function putVarint(out: number[], value: bigint): void {
  let rest = value;
  while (rest >= 128n) {
    out.push(Number(rest & 127n) | 128);
    rest >>= 7n;
  }
  out.push(Number(rest));
}

function putBytes(out: number[], field: number, bytes: Uint8Array): void {
  putVarint(out, BigInt((field << 3) | BYTES));
  putVarint(out, BigInt(bytes.length));
  for (const byte of bytes) out.push(byte);
}

function putDouble(out: number[], field: number, value: number): void {
  if (Object.is(value, 0)) return;
  putVarint(out, BigInt((field << 3) | FIXED64));
  const bytes = new Uint8Array(8);
  new DataView(bytes.buffer).setFloat64(0, value, true);
  out.push(...bytes);
}

interface Field {
  readonly number: number;
  readonly wire: number;
  readonly bytes: Uint8Array;
  readonly varint: bigint;
}

/** Throws StatDecodeError. */
export function decodeStat(body: Uint8Array): Stat {
  const stat = {
    podName: "",
    averageConcurrentRequests: 0,
    averageProxiedConcurrentRequests: 0,
    requestCount: 0,
    proxiedRequestCount: 0,
    processUptime: 0,
    timestamp: 0,
  };
  for (const { number, wire, bytes, varint } of fieldsOf(body)) {
    const double = DOUBLES[number - 2];
    const expected = number === 1 ? BYTES : number === TIMESTAMP ? VARINT : FIXED64;
    if (number <= TIMESTAMP && wire !== expected)
      throw new StatDecodeError(`field ${number} has wire type ${wire}, not ${expected}`);
    if (number === 1) stat.podName = textOf(bytes);
    else if (number === TIMESTAMP) stat.timestamp = Number(BigInt.asIntN(64, varint));
    else if (double !== undefined) {
      stat[double] = new DataView(bytes.buffer, bytes.byteOffset, 8).getFloat64(0, true);
    }
  }
  return stat;
}

function textOf(bytes: Uint8Array): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).toString();
}

function* fieldsOf(body: Uint8Array): Generator<Field> {
  let at = 0;
  const varint = (): bigint => {
    let value = 0n;
    for (let shift = 0n; shift < 70n; shift += 7n) {
      const byte = body[at];
      if (byte === undefined) throw new StatDecodeError(`a number ends at byte ${at} of ${body.length}`);
      at += 1;
      value |= BigInt(byte & 127) << shift;
      if (byte < 128) return BigInt.asUintN(64, value);
    }
    throw new StatDecodeError(`a number at byte ${at} is longer than 10 bytes`);
  };
  const take = (length: number): Uint8Array => {
    if (length > body.length - at) {
      throw new StatDecodeError(`a field of ${length} bytes at byte ${at} passes the end at ${body.length}`);
    }
    at += length;
    return body.subarray(at - length, at);
  };
  const none = new Uint8Array();
  while (at < body.length) {
    const tag = varint();
    const number = Number(tag >> 3n);
    const wire = Number(tag & 7n);
    if (number === 0) throw new StatDecodeError(`field number 0 at byte ${at}`);
    if (wire === VARINT) yield { number, wire, bytes: none, varint: varint() };
    else if (wire === BYTES) yield { number, wire, bytes: take(Number(varint())), varint: 0n };
    else if (wire === FIXED64) yield { number, wire, bytes: take(8), varint: 0n };
    else if (wire === FIXED32) yield { number, wire, bytes: take(4), varint: 0n };
    else throw new StatDecodeError(`wire type ${wire} at byte ${at} is not supported`);
  }
}
