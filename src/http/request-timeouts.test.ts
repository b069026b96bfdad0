import assert from "node:assert/strict";
import { test } from "node:test";
import { RequestTimeouts } from "./request-timeouts.ts";

test("total fires whatever was written", () => {
  const timeouts = new RequestTimeouts({ totalMs: 100, responseStartMs: 0, idleMs: 0 }, 1_000);
  timeouts.wrote(1_099);
  assert.deepEqual(
    [timeouts.nextCheckMs(), timeouts.check(1_099), timeouts.check(1_100)],
    [1_100, undefined, "total"],
  );
});

test("response-start fires only while nothing was written", () => {
  const limits = { totalMs: 1_000, responseStartMs: 100, idleMs: 0 };
  assert.equal(new RequestTimeouts(limits, 0).check(100), "response-start");
  const written = new RequestTimeouts(limits, 0);
  written.wrote(99);
  assert.deepEqual([written.check(500), written.nextCheckMs()], [undefined, 1_000]);
});

test("idle counts from the start and then from the last write", () => {
  const timeouts = new RequestTimeouts({ totalMs: 10_000, responseStartMs: 0, idleMs: 100 }, 0);
  assert.equal(timeouts.nextCheckMs(), 100);
  timeouts.wrote(90);
  assert.equal(timeouts.check(100), undefined);
  assert.equal(timeouts.nextCheckMs(), 190);
  assert.equal(timeouts.check(190), "idle");
});

test("an upgraded connection outlives response-start, and its bytes count for idle", () => {
  const timeouts = new RequestTimeouts({ totalMs: 10_000, responseStartMs: 100, idleMs: 200 }, 0);
  timeouts.upgraded(50);
  assert.equal(timeouts.check(150), undefined);
  timeouts.wrote(200);
  assert.deepEqual([timeouts.check(399), timeouts.check(400)], [undefined, "idle"]);
});

test("no limit, no check", () => {
  const timeouts = new RequestTimeouts({ totalMs: 0, responseStartMs: 0, idleMs: 0 }, 0);
  assert.deepEqual([timeouts.nextCheckMs(), timeouts.check(1e9)], [Number.POSITIVE_INFINITY, undefined]);
});
