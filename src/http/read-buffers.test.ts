import assert from "node:assert/strict";
import { createHash, randomBytes } from "node:crypto";
import { connect } from "node:net";
import { after, test } from "node:test";
import { until } from "../../test/support/until.ts";
import { systemClock } from "../base/clock.ts";
import type { Conn } from "./conn.ts";
import type { Exchange } from "./message.ts";
import { systemNetwork } from "./network.ts";
import { type LentBuffer, READ_BUFFERS, ReadBuffers } from "./read-buffers.ts";
import { respondWith } from "./responses.ts";
import { HttpServer } from "./server.ts";

const network = systemNetwork(systemClock);
const closers: (() => unknown)[] = [];
after(() => {
  for (const close of closers) close();
});

function takeAll(buffers: ReadBuffers): LentBuffer[] {
  const taken: LentBuffer[] = [];
  for (let one = buffers.lend(); one; one = buffers.lend()) taken.push(one);
  return taken;
}

test("there are few buffers to lend, and one is free again when nobody holds it", () => {
  const buffers = new ReadBuffers();
  const taken = takeAll(buffers);
  const [first] = taken;
  assert.ok(first);
  first.hold();
  first.release();
  assert.equal(buffers.lend(), undefined, "its reader still holds it");
  first.release();
  assert.equal(buffers.lend(), first);
  assert.equal(new Set(taken).size, taken.length);
});

test("a chunk may be written as it is only while it is delivered out of a lent buffer", () => {
  const buffers = new ReadBuffers();
  const lent = buffers.lend();
  assert.ok(lent);
  const chunk = lent.bytes.subarray(10, 20);
  assert.equal(buffers.lentWith(chunk), undefined);
  buffers.delivering = lent;
  assert.equal(buffers.lentWith(chunk), lent);
  assert.equal(buffers.lentWith(Buffer.from(chunk)), undefined);
});

test("a small chunk is copied even while it is delivered: it leaves at the end of the turn at the earliest", async () => {
  const listener = await network.listen({ ip: "127.0.0.1", port: 0 }, (conn) => conn.end());
  closers.push(listener.close);
  const conn = await network.connect(listener.address, { timeoutMs: 60_000 });
  const lent = READ_BUFFERS.lend();
  assert.ok(lent);
  READ_BUFFERS.delivering = lent;
  const answers = [16 * 1024, 16 * 1024 - 1].map((size) => conn.canWriteAsIs?.(lent.bytes.subarray(0, size)));
  READ_BUFFERS.delivering = undefined;
  lent.release();
  conn.reset();
  assert.deepEqual(answers, [true, false]);
});

/** Passes what comes on to a server of its own, large pieces as they are; the sums of what was sent and received. */
async function passOn(bytes: number, { slow }: { slow: boolean }): Promise<{ sent: string; got: string }> {
  const got = createHash("sha256");
  const ended = Promise.withResolvers<void>();
  const passed = Promise.withResolvers<void>();
  const target = await network.listen({ ip: "127.0.0.1", port: 0 }, (conn) => {
    conn.setHandler({
      data(chunk) {
        got.update(chunk);
        if (!slow) return;
        conn.pause();
        systemClock.schedule(1, () => conn.resume());
      },
      end: () => conn.end(),
      drain() {},
      closed: () => ended.resolve(),
    });
  });
  const relay = await network.listen({ ip: "127.0.0.1", port: 0 }, async (from) => {
    const to = await network.connect(target.address, { timeoutMs: 60_000 });
    to.setHandler({ data() {}, end() {}, drain: () => from.resume(), closed: () => from.end() });
    from.setHandler({
      data(chunk) {
        from.expect?.(Number.POSITIVE_INFINITY);
        if (!to.write(asIs(to, chunk))) from.pause();
      },
      end: () => to.end(),
      drain() {},
      closed: () => passed.resolve(),
    });
  });
  closers.push(target.close, relay.close);
  const sent = createHash("sha256");
  const client = connect(relay.address.port, "127.0.0.1");
  for (let left = bytes; left > 0; left -= 100_000) {
    const piece = randomBytes(Math.min(left, 100_000));
    sent.update(piece);
    if (!client.write(piece)) await new Promise((drained) => client.once("drain", drained));
  }
  client.end();
  client.resume();
  await Promise.all([ended.promise, passed.promise]);
  return { sent: sent.digest("hex"), got: got.digest("hex") };
}

let writtenAsIs = 0;

function asIs(to: Conn, chunk: Uint8Array): Uint8Array {
  if (!to.canWriteAsIs?.(chunk)) return Buffer.from(chunk);
  writtenAsIs++;
  return chunk;
}

test("large bodies pass unchanged out of lent buffers, side by side, to fast and slow readers", async () => {
  const all = [true, false, true, false].map((slow) => passOn(4 * 1024 * 1024, { slow }));
  for (const { sent, got } of await Promise.all(all)) assert.equal(got, sent);
  assert.ok(writtenAsIs > 0);
});

test("connections that have ended hold none", async () => {
  await passOn(1024 * 1024, { slow: true });
  const free = takeAll(READ_BUFFERS);
  assert.equal(free.length, takeAll(new ReadBuffers()).length);
  for (const one of free) one.release();
});

test("when all are lent, bodies are copied and pass unchanged", async () => {
  const taken = takeAll(READ_BUFFERS);
  writtenAsIs = 0;
  const { sent, got } = await passOn(1024 * 1024, { slow: false });
  assert.equal(got, sent);
  assert.equal(writtenAsIs, 0);
  for (const one of taken) one.release();
});

test("a request that waits with a large body holds none, and its body is whole when it goes on", async () => {
  const exchanges: Exchange[] = [];
  const server = new HttpServer({ clock: systemClock, handler: (exchange) => exchanges.push(exchange) });
  const listener = await network.listen({ ip: "127.0.0.1", port: 0 }, server.accept);
  const client = connect(listener.address.port, "127.0.0.1");
  closers.push(
    () => client.destroy(),
    listener.close,
    () => server.closeNow(),
  );
  const body = randomBytes(1024 * 1024);
  client.write(`POST / HTTP/1.1\r\nHost: a\r\nContent-Length: ${body.length}\r\n\r\n`);
  client.write(body);
  await until(() => (exchanges[0]?.heldBytes ?? 0) >= 16 * 1024);
  const free = takeAll(READ_BUFFERS);
  assert.equal(free.length, takeAll(new ReadBuffers()).length);
  for (const one of free) one.release();
  const [exchange] = exchanges;
  assert.ok(exchange);
  const got: Buffer[] = [];
  const { promise: whole, resolve, reject } = Promise.withResolvers<void>();
  exchange.body.start({ data: (chunk) => got.push(Buffer.from(chunk)), end: () => resolve(), fail: reject });
  exchange.body.credit(2 * body.length);
  await whole;
  assert.ok(Buffer.concat(got).equals(body));
  respondWith(exchange, { status: 200, body: "" });
});
