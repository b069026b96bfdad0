import assert from "node:assert/strict";
import { test } from "node:test";
import { TextQueue } from "./text-queue.ts";

test("what was queued is read in order, joined, also after the end", async () => {
  const queue = new TextQueue(() => assert.fail("not full"));
  queue.push("a");
  queue.push("b");
  const reader = queue[Symbol.asyncIterator]();
  assert.deepEqual(await reader.next(), { value: "ab", done: false });
  const waiting = reader.next();
  queue.push("c");
  queue.end();
  assert.deepEqual(await waiting, { value: "c", done: false });
  assert.equal((await reader.next()).done, true);
});

test("a reader that never reads is dropped when its bound is reached, and holds no memory then", async () => {
  let full = 0;
  const queue: TextQueue = new TextQueue(() => {
    full++;
    queue.end();
  }, 10);
  for (let count = 0; count < 100; count++) queue.push("xxxx");
  assert.equal(full, 1);
  for await (const text of queue) assert.fail(`${text} was kept`);
});

test("binary frames are joined as bytes", async () => {
  const queue = new TextQueue(() => assert.fail("not full"));
  queue.push(Uint8Array.of(1));
  queue.push(Uint8Array.of(2, 3));
  queue.end();
  for await (const bytes of queue) assert.deepEqual(bytes, Buffer.from([1, 2, 3]));
});

test("whoever waits for the reader goes on when all was taken, and at the end", async () => {
  const queue = new TextQueue(() => assert.fail("not full"), 10);
  const reader = queue[Symbol.asyncIterator]();
  const read: unknown[] = [];
  const writing = (async () => {
    for (const text of ["aaaaaaaa", "bbbbbbbb", "cccccccc"]) {
      queue.push(text);
      await queue.whenEmpty();
    }
  })();
  for (let count = 0; count < 2; count++) read.push((await reader.next()).value);
  queue.end();
  await writing;
  assert.deepEqual(read, ["aaaaaaaa", "bbbbbbbb"]);
});
