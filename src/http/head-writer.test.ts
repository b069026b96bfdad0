import assert from "node:assert/strict";
import { test } from "node:test";
import { requestHeadText } from "./head-writer.ts";
import { HeaderBlock } from "./header-block.ts";

test("an empty body is said aloud only by methods that expect one", () => {
  for (const [method, said] of [
    ["GET", false],
    ["DELETE", false],
    ["POST", true],
    ["PATCH", true],
  ] as const) {
    const headers = new HeaderBlock(["Host", "a", "Content-Length", "0"]);
    const text = requestHeadText(
      { method, target: "/", version: "1.1", headers },
      { framing: "length", length: 0, defaultHost: "a", upgrade: undefined },
    );
    assert.equal(text.includes("Content-Length: 0\r\n"), said, method);
  }
});
