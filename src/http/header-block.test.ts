import assert from "node:assert/strict";
import { test } from "node:test";
import { HeaderBlock, isName } from "./header-block.ts";

test("names are compared without regard to letter case, and only to that", () => {
  assert.equal(isName("Content-LENGTH", "content-length"), true);
  assert.equal(isName("X_A9.b", "x_a9.b"), true);
  for (const [name, lowerName] of [
    ["a^", "a~"],
    ["a@", "a`"],
    ["a\r", "a-"],
    ["ab", "a"],
    ["A_", "a\x7f"],
  ] as const) {
    assert.equal(isName(name, lowerName), false, JSON.stringify(name));
  }
});

test("set replaces every line of a name, delete removes them, append adds one", () => {
  const headers = new HeaderBlock(["A", "1", "b", "2", "a", "3"]);
  assert.deepEqual([headers.get("a"), headers.all("a"), headers.has("c")], ["1", ["1", "3"], false]);
  headers.set("A", "4");
  headers.append("a", "5");
  assert.deepEqual(
    [...headers],
    [
      ["b", "2"],
      ["A", "4"],
      ["a", "5"],
    ],
  );
  const copy = headers.copy();
  headers.delete("a");
  assert.deepEqual([headers.flat, copy.flat.length], [["b", "2"], 6]);
});
