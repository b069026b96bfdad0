import assert from "node:assert/strict";
import { appendFileSync, mkdtempSync, readFileSync, rmSync, utimesSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, test } from "node:test";
import { VirtualClock } from "../../../sim/virtual-clock.ts";
import { LogTimes } from "./log-times.ts";

const folder = mkdtempSync(join(tmpdir(), "ebb-log-times-"));
after(() => rmSync(folder, { recursive: true }));

const NOON = Date.parse("2026-01-01T12:00:00Z");
let count = 0;

/** A log of lines "0123…" that are written at given times, each of ten bytes. */
function newLog() {
  const path = join(mkdtempSync(join(folder, "pod-")), "0.log");
  writeFileSync(path, "");
  const write = (atMs: number) => {
    appendFileSync(path, `line ${String(count++).padStart(4)}\n`);
    utimesSync(path, atMs / 1000, atMs / 1000);
  };
  return { path, write };
}

test("lines have the times at which their file changed, as far as it was looked at between them", () => {
  const { path, write } = newLog();
  const times = new LogTimes(new VirtualClock());
  times.resume(path);
  write(NOON);
  assert.equal(times.timesOf(path)(0), NOON);
  write(NOON + 5_000);
  write(NOON + 5_400);
  const timeOf = times.timesOf(path);
  assert.deepEqual([0, 9, 10, 20].map(timeOf), [NOON, NOON, NOON + 5_400, NOON + 5_400]);
  assert.equal(times.bytesBefore(path, NOON - 1), 0);
  assert.equal(times.bytesBefore(path, NOON), 10);
  assert.equal(times.bytesBefore(path, NOON + 10_000), 30);
  times.close();
});

test("another engine knows what the one before has noted, and when the last line came while none ran", () => {
  const { path, write } = newLog();
  const before = new LogTimes(new VirtualClock());
  before.resume(path);
  for (const minute of [0, 1, 2]) {
    write(NOON + minute * 60_000);
    before.timesOf(path);
  }
  before.close();
  write(NOON + 600_000);
  const next = new LogTimes(new VirtualClock());
  next.resume(path);
  const minutes = [0, 10, 20, 30].map((position) => (next.timesOf(path)(position) - NOON) / 60_000);
  assert.deepEqual(minutes, [0, 1, 2, 10]);
  next.close();
});

test("of a run that has ended before, times are known by its notes; a note that was cut off does not count", () => {
  const { path, write } = newLog();
  const before = new LogTimes(new VirtualClock());
  before.resume(path);
  write(NOON);
  before.end(path);
  const notes = path.replace(".log", ".times");
  appendFileSync(notes, "20 17");
  const next = new LogTimes(new VirtualClock());
  assert.equal(next.timesOf(path)(0), NOON);
  assert.equal(next.bytesBefore(path, NOON), 10);
  assert.match(readFileSync(notes, "latin1"), /^10 \d+\n20 17$/);
});

test("a long life keeps a bounded number of notes, which stay right", () => {
  const { path, write } = newLog();
  const times = new LogTimes(new VirtualClock());
  times.resume(path);
  const lines = 5_000;
  for (let line = 0; line < lines; line++) {
    write(NOON + line * 1_000);
    times.timesOf(path);
  }
  assert.ok(readFileSync(path.replace(".log", ".times"), "latin1").split("\n").length < 4_200);
  const timeOf = times.timesOf(path);
  for (const line of [0, 1_000, 4_999]) {
    const lateMs = timeOf(line * 10) - (NOON + line * 1_000);
    assert.ok(lateMs >= 0 && lateMs <= 1_000, `line ${line} is ${lateMs} ms late`);
  }
  times.close();
});
