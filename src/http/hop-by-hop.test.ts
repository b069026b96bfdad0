import assert from "node:assert/strict";
import { test } from "node:test";
import { HeaderBlock } from "./header-block.ts";
import { endToEndHeaders } from "./hop-by-hop.ts";

const kept = (...flat: string[]) => endToEndHeaders(new HeaderBlock(flat)).flat;

test("fields of one connection, and those that Connection lists, stay behind", () => {
  assert.deepEqual(
    kept(
      "Connection",
      "x-hop, close",
      "X-Hop",
      "1",
      "Keep-Alive",
      "5",
      "Proxy-Connection",
      "a",
      "X-End",
      "2",
    ),
    ["X-End", "2"],
  );
  assert.deepEqual(kept("Transfer-Encoding", "chunked", "TE", "gzip", "Proxy-Authorization", "b"), []);
  assert.deepEqual(kept("TE", "trailers, deflate"), ["TE", "trailers, deflate"]);
});

test("a sender cannot have Host or Content-Length removed", () => {
  const fields = ["Host", "a", "Content-Length", "3"];
  assert.deepEqual(kept("Connection", "host, content-length", ...fields), fields);
});

test("Upgrade goes on where Connection asks for it, but never to h2c", () => {
  assert.deepEqual(kept("Connection", "Upgrade", "Upgrade", "websocket"), ["Upgrade", "websocket"]);
  assert.deepEqual(kept("Upgrade", "websocket"), []);
  assert.deepEqual(kept("Connection", "Upgrade", "Upgrade", ""), []);
  for (const value of ["h2c", "H2C", "websocket, h2c", "h2c,websocket"]) {
    const settings = ["Connection", "Upgrade, HTTP2-Settings", "HTTP2-Settings", "AAMAAABk"];
    assert.deepEqual(kept(...settings, "Upgrade", value), [], value);
  }
  assert.deepEqual(kept("Connection", "Upgrade", "Upgrade", "x-h2cx"), ["Upgrade", "x-h2cx"]);
});
