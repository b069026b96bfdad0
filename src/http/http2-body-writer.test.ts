import assert from "node:assert/strict";
import { test } from "node:test";
import { HeaderBlock } from "./header-block.ts";
import { mayHaveTrailers } from "./http2-body-writer.ts";
import { ReceivedBody } from "./received-body.ts";

const GRPC = new HeaderBlock(["te", "trailers", "content-type", "application/grpc"]);
const OWNER = { bodyStarted() {}, bodyDemand() {}, bodyAbandoned() {} };

function received(): ReceivedBody {
  const body = new ReceivedBody(undefined, OWNER, 1024);
  body.push(Buffer.from("a message"));
  return body;
}

test("a body that still comes may have trailers", () => {
  assert.equal(mayHaveTrailers(received(), GRPC), true);
});

test("a body that has come whole is not asked for trailers again, though nobody has read it", () => {
  const body = received();
  body.complete(undefined);
  assert.equal(mayHaveTrailers(body, GRPC), false);
});

test("trailers that came with a body are passed on", () => {
  const body = received();
  body.complete(new HeaderBlock(["x-sum", "1"]));
  assert.equal(mayHaveTrailers(body, GRPC), true);
});

test("a body that broke off is not taken for whole", () => {
  const body = received();
  body.fail(new Error("reset"));
  assert.equal(mayHaveTrailers(body, GRPC), true);
});
