import assert from "node:assert/strict";
import { test } from "node:test";
import type { Clock } from "../base/clock.ts";
import { Courtesy } from "./courtesy.ts";

test("other work stands back for 12 ms after a start, and a stream of starts does not prolong that", () => {
  let nowMs = 1_000;
  const clock: Clock = { wall: () => nowMs, monotonic: () => nowMs, schedule: () => ({ cancel() {} }) };
  const courtesy = new Courtesy(clock);
  assert.equal(courtesy.leftMs(), 0);
  courtesy.begin();
  assert.equal(courtesy.leftMs(), 12);
  nowMs += 10;
  courtesy.begin();
  assert.equal(courtesy.leftMs(), 2);
  nowMs += 10;
  courtesy.begin();
  assert.equal(courtesy.leftMs(), 0);
  nowMs += 40;
  courtesy.begin();
  assert.equal(courtesy.leftMs(), 12);
});
