import type { Stat } from "../../api/wire/stat.ts";

/** metrics.Stat as protobuf (spec Q-043); zero values are left out, as Go does. */
export function encodeStat(stat: Stat): Uint8Array {
  const name = Buffer.from(stat.podName);
  const parts: Buffer[] = [];
  if (name.length > 0) parts.push(Buffer.from([0x0a]), varint(name.length), name);
  const doubles = [
    stat.averageConcurrentRequests,
    stat.averageProxiedConcurrentRequests,
    stat.requestCount,
    stat.proxiedRequestCount,
    stat.processUptime,
  ];
  doubles.forEach((value, index) => {
    if (value !== 0) parts.push(fixed64((index + 2) * 8 + 1, value));
  });
  if (stat.timestamp !== 0) parts.push(Buffer.from([0x38]), varint(stat.timestamp));
  return Buffer.concat(parts);
}

function fixed64(tag: number, value: number): Buffer {
  const bytes = Buffer.alloc(9);
  bytes[0] = tag;
  bytes.writeDoubleLE(value, 1);
  return bytes;
}

function varint(value: number): Buffer {
  const bytes: number[] = [];
  let rest = BigInt(Math.trunc(value));
  while (rest > 0x7fn) {
    bytes.push(Number(rest & 0x7fn) | 0x80);
    rest >>= 7n;
  }
  bytes.push(Number(rest));
  return Buffer.from(bytes);
}
