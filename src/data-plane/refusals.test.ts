import assert from "node:assert/strict";
import { test } from "node:test";
import { VirtualClock } from "../../sim/virtual-clock.ts";
import { rawClient, settled } from "../../test/support/raw-conn.ts";
import { silentLog } from "../base/log.ts";
import { seededRandom } from "../base/random.ts";
import { respondWith } from "../http/responses.ts";
import { HttpServer } from "../http/server.ts";
import { tellRefusals } from "./refusals.ts";

test("an answer to bytes that are no request carries a code and a request id, and the log says why", async () => {
  const clock = new VirtualClock();
  const lines: (Record<string, unknown> | undefined)[] = [];
  const log = {
    ...silentLog,
    info: (_message: string, fields?: Record<string, unknown>) => lines.push(fields),
  };
  const onRefusal = tellRefusals({ clock, random: seededRandom(1), log });
  const server = new HttpServer({
    clock,
    onRefusal,
    handler: (exchange) => respondWith(exchange, { status: 200 }),
  });
  const refused = async (bytes: string) => {
    const client = rawClient(server.accept);
    client.send(bytes);
    await settled();
    return client.received;
  };
  const answer = await refused("GET / HTTP/1.1\r\nHost: a\r\nBad Name: 1\r\n\r\n");
  assert.match(
    answer,
    /^HTTP\/1\.1 400 [\s\S]*\r\nX-Ebb-Error: malformed-request\r\nX-Request-Id: [\w-]{36}\r\n\r\n400 /,
  );
  assert.match(
    await refused("GET / HTTP/1.1\r\nHost: a\r\nExpect: x\r\n\r\n"),
    /X-Ebb-Error: expectation-failed/,
  );
  assert.match(
    await refused(`GET / HTTP/1.1\r\nX: ${"y".repeat(1_100_000)}\r\n\r\n`),
    /X-Ebb-Error: head-too-large/,
  );
  assert.deepEqual(
    lines.map((fields) => [fields?.status, fields?.code, fields?.client, fields?.untold]),
    [[400, "malformed-request", "192.0.2.7", 0]],
  );
  assert.ok(answer.includes(String(lines[0]?.requestId)));
  await clock.advance(2_000);
  await refused("NO REQUEST\r\n\r\n");
  assert.equal(lines[1]?.untold, 2);
});
