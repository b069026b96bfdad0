import assert from "node:assert/strict";
import { connect, type Socket } from "node:net";
import { after, test } from "node:test";
import { systemClock } from "../base/clock.ts";
import type { Conn, ConnHandler } from "./conn.ts";
import { systemNetwork } from "./network.ts";

const network = systemNetwork(systemClock);
const closers: (() => unknown)[] = [];
after(() => {
  for (const close of closers) close();
});

const SILENT: ConnHandler = { data() {}, end() {}, drain() {}, closed() {} };

/** An accepted connection and the socket at its other end. */
async function pair(): Promise<{ conn: Conn; client: Socket }> {
  const accepted = Promise.withResolvers<Conn>();
  const listener = await network.listen({ ip: "127.0.0.1", port: 0 }, accepted.resolve);
  const client = connect(listener.address.port, "127.0.0.1");
  client.on("error", () => {});
  closers.push(
    () => client.destroy(),
    () => listener.close(),
  );
  return { conn: await accepted.promise, client };
}

function received(client: Socket): Promise<string> {
  let text = "";
  client.on("data", (data) => {
    text += data.toString("latin1");
  });
  return new Promise((resolve) => client.once("close", () => resolve(text)));
}

const nextTurn = () => new Promise<void>((resolve) => systemClock.schedule(0, resolve));

test("small and large writes of several turns arrive whole and in order", async () => {
  const { conn, client } = await pair();
  conn.setHandler(SILENT);
  const all = received(client);
  let expected = "";
  for (let turn = 0; turn < 20; turn++) {
    for (const bytes of [3, 20_000, 1, 5_000, 16_384, 7]) {
      const piece = String.fromCharCode(97 + (turn % 26)).repeat(bytes);
      expected += piece;
      conn.write(Buffer.from(piece));
    }
    await nextTurn();
  }
  conn.end();
  client.on("end", () => client.end());
  assert.equal(await all, expected);
});

test("what was written in the turn of an end still leaves before it", async () => {
  const { conn, client } = await pair();
  conn.setHandler(SILENT);
  client.on("end", () => client.end());
  const all = received(client);
  conn.write(Buffer.from("last words"));
  conn.end();
  assert.equal(await all, "last words");
});

test("a writer that is told to wait is told when to go on, and what waits is bounded", async () => {
  const { conn, client } = await pair();
  const drained = Promise.withResolvers<void>();
  conn.setHandler({ ...SILENT, drain: () => drained.resolve() });
  client.pause();
  const chunk = Buffer.alloc(8 * 1024, "x");
  let written = 0;
  let turns = 0;
  // Until the kernel takes no more; a kernel that takes 64 MiB is none.
  for (let open = true; open && written < 64 * 1024 * 1024; turns++) {
    open = conn.write(chunk);
    written += chunk.length;
    if (turns % 4 === 0) await nextTurn();
  }
  assert.ok(written < 64 * 1024 * 1024, `${written} bytes were taken without a word`);
  let got = 0;
  client.on("data", (data) => {
    got += data.length;
  });
  client.resume();
  await drained.promise;
  conn.end();
  await new Promise((resolve) => client.once("end", resolve));
  assert.equal(got, written);
});

test("one buffer serves all connections, and nobody reads another's bytes", async () => {
  const pairs = await Promise.all(Array.from({ length: 20 }, pair));
  const texts = pairs.map(({ conn }) => {
    let text = "";
    return new Promise<string>((resolve) => {
      conn.setHandler({
        ...SILENT,
        data(chunk) {
          text += Buffer.from(chunk).toString("latin1");
        },
        end: () => resolve(text),
      });
    });
  });
  const sent = pairs.map((_, index) => String.fromCharCode(65 + index).repeat(100_000 + index));
  for (const [index, { client }] of pairs.entries()) client.end(sent[index] ?? "");
  assert.deepEqual(await Promise.all(texts), sent);
});

test("a connection that is paused delivers nothing until it is resumed", async () => {
  const { conn, client } = await pair();
  let text = "";
  const ended = new Promise<void>((resolve) => {
    conn.setHandler({
      ...SILENT,
      data(chunk) {
        text += Buffer.from(chunk).toString("latin1");
      },
      end: resolve,
    });
  });
  conn.pause();
  client.end("after the pause");
  for (let turn = 0; turn < 20; turn++) await nextTurn();
  assert.equal(text, "");
  // Resumed and paused in one turn: the same.
  conn.resume();
  conn.pause();
  for (let turn = 0; turn < 20; turn++) await nextTurn();
  assert.equal(text, "");
  conn.resume();
  await ended;
  assert.equal(text, "after the pause");
});
