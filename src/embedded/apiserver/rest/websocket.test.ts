import assert from "node:assert/strict";
import { Duplex } from "node:stream";
import { test } from "node:test";
import fc from "fast-check";
import { acceptHandshake, WebSocket } from "./websocket.ts";

/** The server's end with a peer that writes raw bytes. */
function connection() {
  const written: Buffer[] = [];
  const stream = new Duplex({
    read() {},
    write(chunk: Buffer, _encoding, done) {
      written.push(chunk);
      done();
    },
  });
  const messages: string[] = [];
  let closes = 0;
  const socket = new WebSocket(stream, Buffer.alloc(0), {
    message: (payload) => messages.push(payload.toString("latin1")),
    closed: () => closes++,
  });
  const feed = async (bytes: Buffer) => {
    stream.push(bytes);
    await new Promise((resolve) => setImmediate(resolve));
  };
  return { socket, feed, messages, closes: () => closes, written: () => Buffer.concat(written) };
}

/** As a client writes it: masked. */
function frame(
  opcode: number,
  payload: Buffer,
  more: { isFinal?: boolean; isMasked?: boolean } = {},
): Buffer {
  const { isFinal = true, isMasked = true } = more;
  const { length } = payload;
  const extended = length < 126 ? 0 : length < 65_536 ? 2 : 8;
  const header = Buffer.alloc(2 + extended);
  header[0] = (isFinal ? 0x80 : 0) | opcode;
  header[1] = (isMasked ? 0x80 : 0) | (extended === 0 ? length : extended === 2 ? 126 : 127);
  if (extended === 2) header.writeUInt16BE(length, 2);
  else if (extended === 8) header.writeBigUInt64BE(BigInt(length), 2);
  if (!isMasked) return Buffer.concat([header, payload]);
  const mask = Buffer.from([1, 2, 3, 4]);
  const masked = payload.map((byte, index) => byte ^ (mask[index & 3] ?? 0));
  return Buffer.concat([header, mask, masked]);
}

const closeCode = (bytes: Buffer) => (bytes[0] === 0x88 ? bytes.readUInt16BE(2) : undefined);

test("messages arrive whole however the bytes are cut and the messages fragmented", async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(fc.array(fc.uint8Array({ maxLength: 300 }), { minLength: 1, maxLength: 3 }), { maxLength: 4 }),
      fc.integer({ min: 1, max: 64 }),
      async (list, cut) => {
        const { feed, messages } = connection();
        const frames = list.flatMap((parts) =>
          parts.map((part, index) =>
            frame(index === 0 ? 2 : 0, Buffer.from(part), { isFinal: index === parts.length - 1 }),
          ),
        );
        const bytes = Buffer.concat(frames);
        for (let at = 0; at < bytes.length; at += cut) await feed(bytes.subarray(at, at + cut));
        assert.deepEqual(
          messages,
          list.map((parts) => Buffer.concat(parts).toString("latin1")),
        );
      },
    ),
    { numRuns: 30 },
  );
});

test("what is sent can be read by its length, in all three sizes", () => {
  for (const length of [5, 300, 70_000]) {
    const { socket, written } = connection();
    socket.send(Buffer.alloc(length, 120));
    const bytes = written();
    assert.equal(bytes[0], 0x82);
    assert.equal(bytes.subarray(bytes.length - length).toString(), "x".repeat(length));
    assert.equal(bytes.length - length, length < 126 ? 2 : length < 65_536 ? 4 : 10);
  }
});

test("a ping is answered with its own words, a close with a close", async () => {
  const { feed, written, closes } = connection();
  await feed(frame(9, Buffer.from("hi")));
  assert.deepEqual(written(), Buffer.from([0x8a, 2, ...Buffer.from("hi")]));
  await feed(frame(8, Buffer.from([3, 232])));
  assert.equal(closeCode(written().subarray(4)), 1000);
  assert.equal(closes(), 1);
});

test("bytes that are not masked, or too many, end the connection", async () => {
  const unmasked = connection();
  await unmasked.feed(frame(2, Buffer.from("x"), { isMasked: false }));
  assert.equal(closeCode(unmasked.written()), 1002);
  const large = connection();
  const header = Buffer.alloc(14);
  header[0] = 0x82;
  header[1] = 0xff;
  header.writeBigUInt64BE(2n ** 40n, 2);
  await large.feed(header);
  assert.equal(closeCode(large.written()), 1009);
  assert.deepEqual([unmasked.messages, large.messages], [[], []]);
});

test("a handshake is answered with the key's digest, and anything else is none", () => {
  const headers = {
    upgrade: "websocket",
    "sec-websocket-version": "13",
    "sec-websocket-key": "dGhlIHNhbXBsZSBub25jZQ==",
  };
  const answer = acceptHandshake(headers, "v5.channel.k8s.io") ?? "";
  assert.match(answer, /^HTTP\/1\.1 101 /);
  assert.match(answer, /\r\nSec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK\+xOo=\r\n/);
  assert.ok(answer.endsWith("\r\n\r\n"));
  for (const [name, value] of [
    ["upgrade", "SPDY/3.1"],
    ["sec-websocket-version", "8"],
    ["sec-websocket-key", ""],
  ])
    assert.equal(acceptHandshake({ ...headers, [name as string]: value }, "v5.channel.k8s.io"), undefined);
});
