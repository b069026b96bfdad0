import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { decodeStat, encodeStat, StatDecodeError } from "./stat-codec.ts";

const double = fc.double({ noNaN: true });
const plain = { noNullPrototype: true };
const stat = fc.record(
  {
    podName: fc.string({ unit: "grapheme" }),
    averageConcurrentRequests: double,
    averageProxiedConcurrentRequests: double,
    requestCount: double,
    proxiedRequestCount: double,
    processUptime: double,
    timestamp: fc.maxSafeInteger(),
  },
  plain,
);

test("a stat survives encoding and decoding", () => {
  fc.assert(fc.property(stat, (one) => assert.deepEqual(decodeStat(encodeStat(one)), one)));
});

test("arbitrary bytes are decoded or refused with StatDecodeError, never worse", () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 64 }), (bytes) => {
      try {
        decodeStat(bytes);
      } catch (thrown) {
        assert.ok(thrown instanceof StatDecodeError, String(thrown));
      }
    }),
  );
});
