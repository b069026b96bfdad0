import assert from "node:assert/strict";
import { test } from "node:test";
import { VirtualClock } from "../../sim/virtual-clock.ts";
import { rawClient, settled } from "../../test/support/raw-conn.ts";
import { HeaderBlock } from "./header-block.ts";
import type { HttpLimits } from "./limits.ts";
import type { BodySink, BodySource, Exchange, Handler } from "./message.ts";
import { respondWith } from "./responses.ts";
import { HttpServer } from "./server.ts";

/** Clients of HTTP/1.1 that want to hurt: what they can make a server hold, and for how long. */

const ok: Handler = (exchange) => respondWith(exchange, { status: 200, body: "ok" });

function serve(handler: Handler, limits: Partial<HttpLimits> = {}) {
  const clock = new VirtualClock();
  const server = new HttpServer({ clock, handler, limits });
  return { clock, server, client: () => rawClient(server.accept) };
}

/** As much as there is credit for, without an end. */
function endless(): BodySource {
  let sink: BodySink | undefined;
  return {
    length: undefined,
    start(reader) {
      sink = reader;
    },
    credit: (bytes) => sink?.data(Buffer.alloc(bytes)),
    abandon() {
      sink = undefined;
    },
  };
}

test("unfinished heads of many clients share one bound, and short ones are still read", async () => {
  const bytesMax = 1024 * 1024;
  const { clock, server, client } = serve(ok, { unfinishedHeadBytesMax: bytesMax, headTimeoutMs: 1_000 });
  const attackers = Array.from({ length: 200 }, client);
  const line = `X-Filler: ${"y".repeat(1_000)}\r\n`;
  for (const attacker of attackers) attacker.send("GET / HTTP/1.1\r\nHost: a\r\n");
  for (let more = 0; more < 30; more++) for (const attacker of attackers) attacker.send(line);
  await settled();
  assert.ok(server.heads.bytes <= bytesMax + 200 * 4 * 1024, `${server.heads.bytes} bytes are held`);
  assert.ok(attackers.some(({ received }) => received.startsWith("HTTP/1.1 503")));
  const honest = client();
  honest.send("GET / HT");
  await settled();
  honest.send("TP/1.1\r\nHost: a\r\n\r\n");
  await settled();
  assert.match(honest.received, /200 OK/);
  await clock.advance(5_000);
  assert.equal(server.heads.bytes, 0);
  for (const attacker of attackers) assert.ok(attacker.closed || attacker.ended);
});

test("a head that was read gives back what its pieces took", async () => {
  const { server, client } = serve(ok);
  const slow = client();
  for (const piece of ["GET / HTTP/1.1\r\n", "Host: a\r\n", "\r\n"]) {
    slow.send(piece);
    await settled();
  }
  assert.match(slow.received, /200 OK/);
  assert.equal(server.heads.bytes, 0);
});

test("a body that comes byte by byte ends with the exchange's own time-out, and the client is cut", async () => {
  const begun: Exchange[] = [];
  const { clock, server, client } = serve(
    (exchange) => {
      begun.push(exchange);
      exchange.body.start({ data() {}, end() {}, fail() {} });
      exchange.body.credit(1_000_000);
    },
    { lingerMs: 500, discardBytesMax: 50_000 },
  );
  const slow = client();
  slow.send("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 1000000\r\n\r\n");
  for (let sent = 0; sent < 20; sent++) {
    slow.send("x");
    await clock.advance(100);
  }
  const [exchange] = begun;
  assert.ok(exchange);
  respondWith(exchange, { status: 504, body: "request timeout" });
  exchange.body.abandon();
  await settled();
  assert.match(slow.received, /504/);
  for (let sent = 0; sent < 20; sent++) {
    slow.send("x".repeat(20_000));
    await clock.advance(100);
  }
  assert.equal(server.connectionCount, 0);
  assert.equal(server.inFlight, 0);
});

test("a client that never reads is cut when its exchange is, whatever is left to send", async () => {
  const begun: Exchange[] = [];
  const { clock, server, client } = serve(
    (exchange) => {
      begun.push(exchange);
      exchange.respond({ status: 200, reason: "", headers: new HeaderBlock() }, endless());
    },
    { lingerMs: 500 },
  );
  const deaf = client();
  deaf.conn.pause();
  deaf.send("GET / HTTP/1.1\r\nHost: a\r\n\r\n");
  await settled();
  begun[0]?.abort(new Error("time is up"));
  await clock.advance(2_000);
  assert.equal(server.connectionCount, 0);
  assert.equal(server.inFlight, 0);
});

test("a client that sends requests and reads no answers is not read any further until it does", async () => {
  let begun = 0;
  const { server, client } = serve((exchange) => {
    begun++;
    respondWith(exchange, { status: 200, body: "x".repeat(2_000) });
  });
  const deaf = client();
  deaf.conn.pause();
  for (let sent = 0; sent < 2_000; sent++) deaf.send("GET / HTTP/1.1\r\nHost: a\r\n\r\n");
  await settled();
  assert.ok(begun > 0 && begun < 200, `${begun} requests were answered`);
  deaf.conn.resume();
  for (let turns = 0; turns < 500 && begun < 2_000; turns++) await settled();
  assert.equal(begun, 2_000);
  await settled();
  assert.equal(deaf.received.match(/200 OK/g)?.length, 2_000);
  server.closeNow();
});

test("requests that are sent without an end ahead of their answers wait in the client, not here", async () => {
  const begun: Exchange[] = [];
  const { server, client } = serve((exchange) => void begun.push(exchange), { heldBodyBytesMax: 16 * 1024 });
  const eager = client();
  for (let sent = 0; sent < 2_000; sent++) eager.send("GET / HTTP/1.1\r\nHost: a\r\n\r\n");
  await settled();
  assert.equal(begun.length, 1);
  assert.ok((begun[0]?.heldBytes ?? 0) < 64 * 1024, `${begun[0]?.heldBytes} bytes are held`);
  server.closeNow();
});
