import assert from "node:assert/strict";
import { test } from "node:test";
import { VirtualClock } from "../../sim/virtual-clock.ts";
import { RawConn, rawClient, settled } from "../../test/support/raw-conn.ts";
import { HeaderBlock } from "./header-block.ts";
import type { HttpLimits } from "./limits.ts";
import type { BodySource, Exchange, ExchangeOutcome } from "./message.ts";
import { bytesBody, respondWith } from "./responses.ts";
import { HttpServer } from "./server.ts";

interface World {
  readonly clock: VirtualClock;
  readonly server: HttpServer;
  readonly client: RawConn;
  readonly exchanges: Exchange[];
}

function serve(handle: (exchange: Exchange) => void, limits: Partial<HttpLimits> = {}): World {
  const clock = new VirtualClock({ startWallMs: Date.UTC(2030, 0, 1) });
  const exchanges: Exchange[] = [];
  const handler = (exchange: Exchange) => {
    exchanges.push(exchange);
    handle(exchange);
  };
  const server = new HttpServer({ clock, handler, limits });
  return { clock, server, client: rawClient(server.accept), exchanges };
}

function answer(status: number, fields: string[] = []) {
  return { status, reason: "", headers: new HeaderBlock(fields) };
}

const ok = (exchange: Exchange) => respondWith(exchange, { status: 200, body: exchange.request.target });
const DATE = "Date: Tue, 01 Jan 2030 00:00:00 GMT\r\n";
const TEXT = "Content-Type: text/plain; charset=utf-8\r\n";

function okText(body: string): string {
  return `HTTP/1.1 200 OK\r\n${TEXT}Content-Length: ${body.length}\r\n${DATE}\r\n${body}`;
}

/** Reads a whole body with unlimited credit. */
function collect(body: BodySource): Promise<{ text: string; trailers: HeaderBlock | undefined }> {
  return new Promise((resolve, reject) => {
    let text = "";
    body.start({
      data: (chunk) => {
        text += Buffer.from(chunk).toString("latin1");
      },
      end: (trailers) => resolve({ text, trailers }),
      fail: reject,
    });
    body.credit(Number.MAX_SAFE_INTEGER);
  });
}

test("answers a small request with one message and keeps the connection", async () => {
  const { client } = serve(ok);
  client.send("GET /a HTTP/1.1\r\nHost: x\r\n\r\n");
  await settled();
  assert.equal(client.take(), okText("/a"));
  client.send("GET /b HTTP/1.1\r\nHost: x\r\n\r\n");
  await settled();
  assert.equal(client.take(), okText("/b"));
  assert.equal(client.ended, false);
});

test("answers pipelined requests in their order, however long the first takes", async () => {
  const { client, exchanges } = serve(() => {});
  client.send(
    "GET /1 HTTP/1.1\r\nHost: x\r\n\r\nPOST /2 HTTP/1.1\r\nHost: x\r\nContent-Length: 3\r\n\r\nabcGET /3 HTTP/1.1\r\nHost: x\r\n\r\n",
  );
  await settled();
  assert.equal(exchanges.length, 1);
  for (let index = 0; index < 3; index++) {
    ok(exchanges[index] as Exchange);
    await settled();
  }
  assert.equal(client.take(), okText("/1") + okText("/2") + okText("/3"));
});

test("decodes a chunked request with trailers", async () => {
  const { client, exchanges } = serve(() => {});
  client.send(
    "POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n3;a=b\r\nabc\r\n2\r\nde\r\n0\r\nX-T: v\r\nContent-Length: 9\r\n\r\n",
  );
  await settled();
  const { text, trailers } = await collect((exchanges[0] as Exchange).body);
  assert.equal(text, "abcde");
  assert.deepEqual([...(trailers ?? [])], [["X-T", "v"]]);
});

test("sends a body of unknown length in chunks, with trailers, and to HTTP/1.0 until the close", async () => {
  const body = (): BodySource => {
    let sink: Parameters<BodySource["start"]>[0] | undefined;
    return {
      length: undefined,
      start: (to) => {
        sink = to;
      },
      credit: () => {
        const to = sink;
        sink = undefined;
        to?.data(Buffer.from("abc"));
        to?.end(new HeaderBlock(["X-T", "v"]));
      },
      abandon() {},
    };
  };
  const { client } = serve((exchange) => exchange.respond(answer(200), body()));
  client.send("GET / HTTP/1.1\r\nHost: x\r\n\r\n");
  await settled();
  assert.equal(
    client.take(),
    `HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n${DATE}\r\n3\r\nabc\r\n0\r\nX-T: v\r\n\r\n`,
  );
  client.send("GET / HTTP/1.0\r\n\r\n");
  await settled();
  assert.equal(client.take(), `HTTP/1.0 200 OK\r\n${DATE}\r\nabc`);
  assert.equal(client.ended, true);
});

test("sends no body with HEAD, 204 and 304", async () => {
  const { client } = serve((exchange) => {
    const status = Number(exchange.request.target.slice(1));
    exchange.respond(answer(status), bytesBody(Buffer.from("body")));
  });
  client.send(
    "HEAD /200 HTTP/1.1\r\nHost: x\r\n\r\nGET /204 HTTP/1.1\r\nHost: x\r\n\r\nGET /304 HTTP/1.1\r\nHost: x\r\n\r\n",
  );
  await settled();
  assert.doesNotMatch(client.received, /body/);
  assert.equal(client.received.match(/\r\n\r\n/g)?.length, 3);
});

test("keeps HTTP/1.0 connections only when asked to", async () => {
  const { client } = serve(ok);
  client.send("GET / HTTP/1.0\r\nConnection: keep-alive\r\n\r\n");
  await settled();
  assert.match(client.take(), /^HTTP\/1\.0 200 OK\r\n[\s\S]*Connection: keep-alive\r\n/);
  assert.equal(client.ended, false);
});

test("sends 100-continue when the body is asked for, and not before", async () => {
  const { client, exchanges } = serve(() => {});
  client.send("POST / HTTP/1.1\r\nHost: x\r\nExpect: 100-continue\r\nContent-Length: 2\r\n\r\n");
  await settled();
  assert.equal(client.take(), "");
  const read = collect((exchanges[0] as Exchange).body);
  await settled();
  assert.equal(client.take(), "HTTP/1.1 100 Continue\r\n\r\n");
  client.send("hi");
  assert.equal((await read).text, "hi");
  ok(exchanges[0] as Exchange);
  await settled();
  assert.equal(client.ended, false);
});

test("closes after an answer without 100-continue, since the body may come or not", async () => {
  const { client } = serve(ok);
  client.send("POST / HTTP/1.1\r\nHost: x\r\nExpect: 100-continue\r\nContent-Length: 2\r\n\r\n");
  await settled();
  assert.match(client.take(), /Connection: close/);
  assert.equal(client.ended, true);
});

test("holds at most the bound of an unread body and then pauses the client", async () => {
  const { client, exchanges } = serve(() => {}, { heldBodyBytesMax: 1_000 });
  client.send("POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 5000\r\n\r\n");
  for (let sent = 0; sent < 5_000; sent += 500) {
    client.send("x".repeat(500));
    await settled();
  }
  const exchange = exchanges[0] as Exchange;
  assert.ok(exchange.heldBytes >= 1_000 && exchange.heldBytes < 1_600, `${exchange.heldBytes}`);
  assert.equal((await collect(exchange.body)).text.length, 5_000);
});

test("keeps the connection when a short body is left unread, and closes it when it is long", async () => {
  const short = serve(ok);
  short.client.send("POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 20000\r\n\r\n");
  await settled();
  for (let sent = 0; sent < 20_000; sent += 1_000) short.client.send("x".repeat(1_000));
  short.client.send("GET /next HTTP/1.1\r\nHost: x\r\n\r\n");
  await settled();
  assert.equal(short.client.take(), okText("/") + okText("/next"));
  const long = serve(ok, { discardBytesMax: 5_000 });
  long.client.send("POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 20000\r\n\r\n");
  for (let sent = 0; sent < 20_000; sent += 1_000) long.client.send("x".repeat(1_000));
  await settled();
  assert.equal(long.client.ended, true);
});

test("raises cancel and ends the exchange once when the client resets", async () => {
  const outcomes: ExchangeOutcome[] = [];
  const { client, exchanges, server } = serve((exchange) =>
    exchange.onFinish((outcome) => outcomes.push(outcome)),
  );
  client.send("GET / HTTP/1.1\r\nHost: x\r\n\r\n");
  await settled();
  assert.equal(server.inFlight, 1);
  client.conn.reset();
  await settled();
  const exchange = exchanges[0] as Exchange;
  assert.equal(exchange.cancel.raised, true);
  assert.equal((exchange.cancel.reason as { code: string }).code, "client-gone");
  exchange.respond(answer(200));
  exchange.abort(new Error("late"));
  assert.deepEqual(outcomes, [{ status: 0, responseBytes: 0, complete: false }]);
  assert.equal(server.inFlight, 0);
  assert.equal(server.connectionCount, 0);
});

test("answers all that a client pipelined before it half-closed, and then closes", async () => {
  const requests = ["/1", "/2", "/3"].map((target) => `GET ${target} HTTP/1.1\r\nHost: x\r\n\r\n`).join("");
  for (const [rest, wanted] of Object.entries({ "": [], "POST /4 HTTP/1.1\r\nConte": ["400"] })) {
    const { client, clock } = serve((exchange) => void settled().then(() => ok(exchange)));
    client.send(requests + rest);
    client.conn.end();
    for (let turns = 0; turns < 20; turns++) await settled();
    const statuses = Array.from(client.received.matchAll(/HTTP\/1\.1 ([2-5]\d\d)/g), ([, status]) => status);
    assert.deepEqual(statuses, ["200", "200", "200", ...wanted]);
    assert.equal(client.ended, true);
    await clock.advance(5_000);
    assert.equal(client.closed, true);
  }
});

test("lets a connection go whose client left in the middle of a body, though no handler says a word", async () => {
  const outcomes: ExchangeOutcome[] = [];
  const { client, clock, server, exchanges } = serve((exchange) =>
    exchange.onFinish((outcome) => outcomes.push(outcome)),
  );
  client.send("POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 50\r\n\r\nabc");
  client.conn.end();
  await settled();
  assert.equal((exchanges[0] as Exchange).cancel.raised, true);
  assert.deepEqual(outcomes, [{ status: 0, responseBytes: 0, complete: false }]);
  assert.match(client.take(), /^HTTP\/1\.1 400 Bad Request\r\n/);
  await clock.advance(5_000);
  assert.deepEqual([client.closed, server.connectionCount, server.inFlight], [true, 0, 0]);
});

test("lets a connection go that was answered early and of whose body the rest does not come", async () => {
  const answeredEarly = () => {
    const world = serve(ok, { idleTimeoutMs: 1_000 });
    world.client.send("POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 50\r\n\r\nabc");
    return world;
  };
  const left = answeredEarly();
  await settled();
  left.client.conn.end();
  const slow = answeredEarly();
  for (let second = 0; second < 5; second++) {
    await settled();
    slow.client.send("x");
    for (const { clock } of [left, slow]) await clock.advance(1_000);
  }
  for (const { client, server } of [left, slow]) {
    assert.match(client.take(), /^HTTP\/1\.1 200 OK\r\n/);
    assert.deepEqual([client.closed, server.connectionCount], [true, 0]);
  }
});

/** Answers at once and reads on; what the reader was told at last. */
function readsOn() {
  const over: string[] = [];
  const world = serve(
    (exchange) => {
      const told = collect(exchange.body);
      told.then(({ text }) => over.push(text)).catch((error: Error) => over.push(error.name));
      ok(exchange);
    },
    { idleTimeoutMs: 1_000 },
  );
  world.client.send("POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\n\r\n");
  return { ...world, over };
}

test("a body that is read on after the answer is waited for, however slowly it comes", async () => {
  const { client, clock, over } = readsOn();
  for (let sent = 0; sent < 5; sent++) {
    await settled();
    await clock.advance(2_000);
    client.send("x");
  }
  await settled();
  assert.deepEqual(over, ["xxxxx"]);
});

test("who reads on after the answer hears of it when the rest of the body does not come", async () => {
  const ends: ((client: RawConn) => void)[] = [({ conn }) => conn.end(), ({ conn }) => conn.reset()];
  for (const end of ends) {
    const { client, over } = readsOn();
    await settled();
    end(client);
    await settled();
    assert.deepEqual(over, ["ClientGone"]);
  }
});

test("answers a client that half-closed, and notices by 100-continue when it had left instead", async () => {
  const half = serve(() => {});
  half.client.send("GET /late HTTP/1.1\r\nHost: x\r\n\r\n");
  half.client.conn.end();
  await settled();
  ok(half.exchanges[0] as Exchange);
  await settled();
  await half.clock.advance(10_000);
  assert.match(half.client.take(), /^HTTP\/1\.1 100 Continue\r\n\r\nHTTP\/1\.1 200 OK\r\n[\s\S]*\/late$/);
  assert.equal(half.client.closed, true);
});

test("sees the departure of a paused client when asked", async () => {
  const { client, clock, exchanges } = serve(() => {}, { heldBodyBytesMax: 10 });
  client.send("POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 50\r\n\r\n");
  client.send("0123456789");
  await settled();
  const exchange = exchanges[0] as Exchange;
  assert.equal(await clock.until(exchange.stillThere()), true);
  client.conn.reset();
  await settled();
  assert.equal(await clock.until(exchange.stillThere()), false);
  assert.equal(exchange.cancel.raised, true);
});

test("hands the connection over on upgrade, early bytes first, and ends the exchange with the tunnel", async () => {
  const outcomes: ExchangeOutcome[] = [];
  let tunnel: RawConn | undefined;
  const { client, server } = serve((exchange) => {
    exchange.onFinish((outcome) => outcomes.push(outcome));
    tunnel = new RawConn(exchange.upgrade(answer(101, ["Connection", "Upgrade", "Upgrade", "echo"])));
  });
  client.send("GET / HTTP/1.1\r\nHost: x\r\nConnection: upgrade\r\nUpgrade: echo\r\n\r\nearly");
  await settled();
  assert.equal(
    client.take(),
    "HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: echo\r\n\r\n",
  );
  client.send(" later");
  await settled();
  assert.equal(tunnel?.take(), "early later");
  tunnel?.send("back");
  client.conn.end();
  await settled();
  assert.equal(tunnel?.ended, true);
  assert.equal(server.tunnelCount, 1);
  tunnel?.conn.end();
  await settled();
  assert.equal(client.take(), "back");
  assert.deepEqual(outcomes, [{ status: 101, responseBytes: 4, complete: true }]);
  assert.equal(server.tunnelCount, 0);
});

test("cuts an answer, with or without last words", async () => {
  const never: BodySource = {
    length: undefined,
    start: (sink) => sink.data(Buffer.from("one")),
    credit() {},
    abandon() {},
  };
  const cut = async (words: string | undefined, length: number | undefined) => {
    const { client, exchanges } = serve((exchange) => exchange.respond(answer(200), { ...never, length }));
    client.send("GET / HTTP/1.1\r\nHost: x\r\n\r\n");
    await settled();
    (exchanges[0] as Exchange).abort(new Error("time-out"), words);
    await settled();
    return { body: client.received.split("\r\n\r\n").slice(1).join("\r\n\r\n"), ended: client.ended };
  };
  assert.deepEqual(await cut(undefined, undefined), { body: "3\r\none\r\n", ended: true });
  assert.deepEqual(await cut("timeout", undefined), {
    body: "3\r\none\r\n7\r\ntimeout\r\n0\r\n\r\n",
    ended: false,
  });
  assert.deepEqual(await cut("timeout", 11), { body: "onetimeout", ended: true });
  for (const length of [6, 10]) {
    assert.deepEqual(await cut("timeout", length), { body: "one", ended: true }, "never a whole message");
  }
});

test("drains: idle connections end, the rest after their answer", async () => {
  const { client, exchanges, server } = serve(() => {});
  const idle = rawClient(server.accept);
  client.send("GET / HTTP/1.1\r\nHost: x\r\n\r\n");
  await settled();
  let drained = false;
  void server.drain().then(() => {
    drained = true;
  });
  await settled();
  assert.deepEqual([idle.ended, client.ended, drained], [true, false, false]);
  idle.conn.end();
  ok(exchanges[0] as Exchange);
  await settled();
  assert.match(client.take(), /Connection: close/);
  client.conn.end();
  await settled();
  assert.equal(drained, true);
});

test("closes a client that is slow to send its head, or idle for long", async () => {
  const slow = serve(ok, { headTimeoutMs: 1_000 });
  slow.client.send("GET / HT");
  for (let waitedMs = 0; waitedMs < 1_100; waitedMs += 100) {
    slow.client.send("x");
    await slow.clock.advance(100);
  }
  assert.match(slow.client.received, /^HTTP\/1\.1 408/);
  const idle = serve(ok, { idleTimeoutMs: 5_000 });
  idle.client.send("GET / HTTP/1.1\r\nHost: x\r\n\r\n");
  await idle.clock.advance(4_900);
  assert.equal(idle.client.ended, false);
  await idle.clock.advance(5_200);
  assert.equal(idle.client.ended, true);
});

test("escapes what may not stand in a path, leaves queries alone, refuses broken escapes", async () => {
  const { client, exchanges } = serve(ok);
  client.send(
    'GET /\xc3\xa9#\\"?\xc3#" HTTP/1.1\r\nHost: x\r\n\r\nGET /%41%2f HTTP/1.1\r\nHost: x\r\n\r\nGET /%4 HTTP/1.1\r\nHost: x\r\n\r\n',
  );
  await settled();
  assert.deepEqual(
    exchanges.map(({ request }) => request.target),
    ['/%C3%A9%23%5C%22?\xc3#"', "/%41%2f"],
  );
  assert.match(client.received, /400 Bad Request$/);
});

test("turns an absolute target into a path and its authority into Host", async () => {
  const { client, exchanges } = serve(ok);
  client.send("GET http://real.example:81/p?q=1 HTTP/1.1\r\nHost: other\r\n\r\n");
  await settled();
  const { request } = exchanges[0] as Exchange;
  assert.deepEqual([request.target, request.headers.all("host")], ["/p?q=1", ["real.example:81"]]);
});

const REFUSED: [what: string, sent: string, answer: RegExp][] = [
  [
    "a missing Host",
    "GET / HTTP/1.1\r\n\r\n",
    /^HTTP\/1\.1 400 Bad Request: missing required Host header\r\n/,
  ],
  ["another version", "GET / HTTP/3.0\r\nHost: a\r\n\r\n", /^HTTP\/1\.1 505 /],
  ["CONNECT", "CONNECT a:1 HTTP/1.1\r\nHost: a\r\n\r\n", /^HTTP\/1\.1 501 /],
  ["an unknown coding", "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: gzip\r\n\r\n", /^HTTP\/1\.1 501 /],
  ["an unknown expectation", "GET / HTTP/1.1\r\nHost: a\r\nExpect: x\r\n\r\n", /^HTTP\/1\.1 417 /],
  ["a huge head", `GET / HTTP/1.1\r\nHost: a\r\nX: ${"v".repeat(70_000)}\r\n\r\n`, /^HTTP\/1\.1 431 /],
  ["a cut head", "GET / HTTP/1.1\r\nHost: a\r\n", /^HTTP\/1\.1 400 /],
];
for (const [what, sent, expected] of REFUSED) {
  test(`refuses ${what} and closes`, async () => {
    const { client, exchanges } = serve(ok, { headBytesMax: 65_536 });
    client.send(sent);
    if (what === "a cut head") client.conn.end();
    await settled();
    assert.match(client.received, expected);
    assert.deepEqual([client.ended, exchanges.length], [true, 0]);
  });
}
