import assert from "node:assert/strict";
import { test } from "node:test";
import { shellWords } from "../support/shell-words.ts";

test("words are split as a POSIX shell splits them", () => {
  assert.deepEqual(shellWords(`a  'b c' d"e 'f"g \\'h "i\\"\\$\\n"`), ["a", "b c", "de 'fg", "'h", 'i"$\\n']);
  assert.deepEqual(shellWords(`x '' ""`), ["x", "", ""]);
  assert.throws(() => shellWords("a 'b"), /no closing '/);
});
