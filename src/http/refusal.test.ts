import assert from "node:assert/strict";
import { test } from "node:test";
import { MalformedMessage } from "./head-parser.ts";
import { refusalText } from "./refusal.ts";

test("a refusal says why only where Go's server says it too", () => {
  const said = (message: string, status: number) =>
    refusalText(new MalformedMessage(message, status), "", []).split("\r\n\r\n")[1];
  assert.equal(said("missing required Host header", 400), "400 Bad Request: missing required Host header");
  assert.equal(said("too many Host headers", 400), "400 Bad Request");
  for (const coding of ['unsupported transfer encoding: "x"', "too many transfer encodings: []"]) {
    assert.equal(said(coding, 501), "Unsupported transfer encoding");
  }
});
