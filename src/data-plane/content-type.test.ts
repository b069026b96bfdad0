import assert from "node:assert/strict";
import { test } from "node:test";
import { detectContentType } from "./content-type.ts";

const typeOf = (latin1: string) => detectContentType(Buffer.from(latin1, "latin1"));

test("a byte order mark tells the encoding only when four bytes are there, as in Go", () => {
  assert.equal(typeOf("\xff\xfe"), "text/plain; charset=utf-8");
  assert.equal(typeOf("\xff\xfea\0"), "text/plain; charset=utf-16le");
  assert.equal(typeOf("\xfe\xff\0a"), "text/plain; charset=utf-16be");
});

test("an embedded OpenType font is known by its letters at 34", () => {
  assert.equal(typeOf(`${"\0".repeat(34)}LP`), "application/vnd.ms-fontobject");
  assert.equal(typeOf(`${"\0".repeat(33)}LP`), "application/octet-stream");
});
