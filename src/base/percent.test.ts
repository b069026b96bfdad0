import assert from "node:assert/strict";
import { test } from "node:test";
import { percentDecoded } from "./percent.ts";

test("escapes are read as UTF-8, and text with a stray percent sign stays as it is", () => {
  assert.deepEqual(["a%20b", "%c3%a9", "plain", "100%", "%ff"].map(percentDecoded), [
    "a b",
    "é",
    "plain",
    "100%",
    "%ff",
  ]);
});
