import assert from "node:assert/strict";
import { test } from "node:test";
import { RawConn, settled } from "../../test/support/raw-conn.ts";
import { memoryConnPair } from "./memory-conn.ts";
import { splice } from "./splice.ts";

function tunnel() {
  const [client, near] = memoryConnPair({ client: "c", server: "s" });
  const [far, server] = memoryConnPair({ client: "c", server: "s" });
  splice(near, far);
  return { client: new RawConn(client), server: new RawConn(server), near };
}

test("one side may end and still hear the other one out", async () => {
  const { client, server } = tunnel();
  client.send("question");
  client.conn.end();
  await settled();
  assert.equal(server.received, "question");
  assert.equal(server.ended, true);
  assert.equal(server.closed, false);
  server.send("answer");
  server.conn.end();
  await settled();
  assert.equal(client.received, "answer");
  assert.equal(client.closed, true);
});

test("a side that is cut, without having ended, takes the other one with it", async () => {
  const { client, server, near } = tunnel();
  client.send("half a fra");
  await settled();
  near.reset();
  await settled();
  assert.equal(server.closed, true);
  assert.equal(client.closed, true);
});
