import assert from "node:assert/strict";
import { test } from "node:test";
import { ageOf, ageText } from "./age.ts";

const SECOND = 1000;
const MINUTE = 60 * SECOND;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;

test("ages are written as kubectl writes them, two units at most", () => {
  const cases: readonly [elapsedMs: number, text: string][] = [
    [0, "0s"],
    [119 * SECOND, "119s"],
    [2 * MINUTE, "2m"],
    [3 * MINUTE + 20 * SECOND, "3m20s"],
    [10 * MINUTE + 59 * SECOND, "10m"],
    [179 * MINUTE, "179m"],
    [5 * HOUR + 7 * MINUTE, "5h7m"],
    [30 * HOUR, "30h"],
    [3 * DAY + 4 * HOUR, "3d4h"],
    [200 * DAY, "200d"],
    [2 * 365 * DAY + 64 * DAY, "2y64d"],
    [9 * 365 * DAY, "9y"],
  ];
  for (const [elapsed, text] of cases) assert.equal(ageText(0, elapsed), text);
});

test("an object without a time stamp has an unknown age", () => {
  assert.equal(ageOf(undefined, 0), "<unknown>");
  assert.equal(ageOf(null, 0), "<unknown>");
});
