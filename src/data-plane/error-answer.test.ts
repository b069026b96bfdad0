import assert from "node:assert/strict";
import { test } from "node:test";
import { HeaderBlock } from "../http/header-block.ts";
import type { Exchange } from "../http/message.ts";
import { noteOrigin } from "./error-answer.ts";

function noted(...request: string[]): HeaderBlock {
  const headers = new HeaderBlock();
  noteOrigin({ request: { headers: new HeaderBlock(request) } } as unknown as Exchange, headers, "some-code");
  return headers;
}

test("an answer of ebb's own says so, with a stable code and the request's name", () => {
  const headers = noted("X-Request-Id", "r1");
  assert.equal(headers.get("x-ebb-error"), "some-code");
  assert.equal(headers.get("x-request-id"), "r1");
});

test("a request without a name gets one of its own", () => {
  const [one, other] = [noted(), noted()].map((headers) => headers.get("x-request-id"));
  assert.match(one ?? "", /^[0-9a-f-]{36}$/);
  assert.notEqual(one, other);
});
