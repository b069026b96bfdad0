import assert from "node:assert/strict";
import { test } from "node:test";
import { canonicalName } from "./canonical-name.ts";

test("names are spelled as Go's servers spell them, whatever their letter case was", () => {
  const spelled = ["x-request-id", "X-Request-Id", "X-REQUEST-ID", "etag", "x_under_score", "x.dot~tilde!"];
  assert.deepEqual(spelled.map(canonicalName), [
    "X-Request-Id",
    "X-Request-Id",
    "X-Request-Id",
    "Etag",
    "X_under_score",
    "X.dot~tilde!",
  ]);
});

test("a name is spelled the same the first time, again, and after more names than are remembered", () => {
  for (let round = 0; round < 2; round++) {
    for (let at = 0; at < 3_000; at++) assert.equal(canonicalName(`x-made-up-${at}`), `X-Made-Up-${at}`);
    const long = "long-".repeat(100);
    assert.equal(canonicalName(long), "Long-".repeat(100));
  }
});
