import assert from "node:assert/strict";
import { test } from "node:test";
import { systemClock } from "../base/clock.ts";
import { LineWriter } from "./line-writer.ts";

function writer(): { lines: LineWriter; written: string[] } {
  const written: string[] = [];
  return { written, lines: new LineWriter(systemClock, (text) => written.push(text)) };
}

const nextTurn = () => new Promise<void>((resolve) => systemClock.schedule(0, resolve));

test("lines of one turn are written in one piece and in order", async () => {
  const { lines, written } = writer();
  lines.add("one\n");
  lines.add("two\n");
  assert.deepEqual(written, []);
  await nextTurn();
  lines.add("three\n");
  await nextTurn();
  assert.deepEqual(written, ["one\ntwo\n", "three\n"]);
});

test("what waits at the end of the process is written by a flush, once", async () => {
  const { lines, written } = writer();
  lines.add("last\n");
  lines.flush();
  await nextTurn();
  assert.deepEqual(written, ["last\n"]);
});

test("very many lines of one turn do not wait for its end", () => {
  const { lines, written } = writer();
  for (let count = 0; count < 3; count++) lines.add(`${"x".repeat(40_000)}\n`);
  assert.equal(written.length, 1);
  assert.equal(written[0]?.length, 80_002);
});
