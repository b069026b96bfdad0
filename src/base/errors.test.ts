import assert from "node:assert/strict";
import { test } from "node:test";
import { EbbError, messageOf } from "./errors.ts";

test("anything that was thrown has a text that says what it was", () => {
  assert.equal(messageOf(new EbbError("some-code", "the disk is full")), "the disk is full");
  assert.equal(messageOf({ code: "13", message: "the disk is full" }), "the disk is full");
  assert.equal(messageOf({ code: "13" }), '{"code":"13"}');
  assert.equal(messageOf("plain"), "plain");
  assert.equal(messageOf(undefined), "undefined");
});
