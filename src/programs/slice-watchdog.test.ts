import assert from "node:assert/strict";
import { test } from "node:test";
import { setTimeout as pause } from "node:timers/promises";
import { systemClock as clock } from "../base/clock.ts";
import { type Log, type LogFields, silentLog } from "../base/log.ts";
import { SliceWatchdog } from "./slice-watchdog.ts";

/** Holds up this thread as a computation does. */
function compute(ms: number): void {
  const untilMs = clock.monotonic() + ms;
  while (clock.monotonic() < untilMs) {}
}

function recording(): { log: Log; lines: { level: string; fields: LogFields | undefined }[] } {
  const lines: { level: string; fields: LogFields | undefined }[] = [];
  const line = (level: string) => (_: string, fields?: LogFields) => void lines.push({ level, fields });
  const log: Log = {
    debug: line("debug"),
    info: line("info"),
    warn: line("warn"),
    error: line("error"),
    with: () => log,
  };
  return { log, lines };
}

test("a slice that is too long is counted with its length and told", async () => {
  const { log, lines } = recording();
  const watchdog = new SliceWatchdog({ clock, log });
  const stop = watchdog.start();
  await pause(5);
  compute(150);
  await pause(5);
  compute(20);
  await pause(5);
  stop();
  assert.equal(watchdog.totals.overCount >= 2, true, JSON.stringify(watchdog.totals));
  assert.equal(watchdog.totals.longestMs >= 149, true, JSON.stringify(watchdog.totals));
  assert.deepEqual(
    lines.map(({ level }) => level),
    ["warn", "info"],
  );
  assert.equal(lines[0]?.fields?.longestMs, watchdog.totals.longestMs);
});

test("a thread that waits is not counted as one that computes", async () => {
  // A processor that is taken away counts as well, so one wait of several has to be told right.
  const longestMs: number[] = [];
  for (let tries = 0; tries < 10 && !longestMs.some((ms) => ms < 50); tries++) {
    const watchdog = new SliceWatchdog({ clock, log: silentLog });
    const stop = watchdog.start();
    await pause(60);
    stop();
    longestMs.push(watchdog.totals.longestMs);
  }
  assert.ok(Math.min(...longestMs) < 50, `${longestMs}`);
});
