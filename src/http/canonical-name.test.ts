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
