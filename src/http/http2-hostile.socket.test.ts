import assert from "node:assert/strict";
import { connect } from "node:net";
import { after, test } from "node:test";
import { setTimeout as pause } from "node:timers/promises";
import { END_HEADERS, frame, headerBlock, headersFrame, RawHttp2 } from "../../test/support/raw-http2.ts";
import { until } from "../../test/support/until.ts";
import { systemClock } from "../base/clock.ts";
import { REFUSED_STREAM } from "./http2-library.ts";
import type { HttpLimits } from "./limits.ts";
import type { Exchange, Handler } from "./message.ts";
import { systemNetwork } from "./network.ts";
import { respondWith } from "./responses.ts";
import { HttpServer } from "./server.ts";

/** Clients of HTTP/2 that want to hurt: each is bounded, cut off or both, and nobody else notices. */

const OPTIONS = { timeout: 60_000 };
const GET: [string, string][] = [
  [":method", "GET"],
  [":scheme", "http"],
  [":path", "/"],
  [":authority", "a"],
];
const closers: (() => unknown)[] = [];
after(async () => {
  for (const close of closers.reverse()) await close();
});

async function serve(handler: Handler, limits: Partial<HttpLimits> = {}) {
  const server = new HttpServer({
    clock: systemClock,
    handler,
    http2: true,
    limits: { lingerMs: 100, ...limits },
  });
  const listener = await systemNetwork(systemClock).listen({ ip: "127.0.0.1", port: 0 }, server.accept);
  closers.push(
    () => server.closeNow(),
    () => listener.close(),
  );
  return { server, port: listener.address.port };
}

function attack(port: number): RawHttp2 {
  const socket = connect(port, "127.0.0.1");
  const raw = new RawHttp2(socket);
  closers.push(() => raw.close());
  raw.greet();
  return raw;
}

const ok: Handler = (exchange) => respondWith(exchange, { status: 200, body: "ok" });

/** Serves HTTP/1.1, holds requests of HTTP/2 unanswered; `raw` has sent none yet. */
async function serveHolding() {
  const held: Exchange[] = [];
  const { port } = await serve((exchange) => {
    if (exchange.request.version === "2") held.push(exchange);
    else ok(exchange);
  });
  const raw = attack(port);
  await raw.next(({ type }) => type === "SETTINGS");
  return { port, held, raw };
}

async function othersAreServed(port: number): Promise<void> {
  const answer = await fetch(`http://127.0.0.1:${port}/`, { signal: AbortSignal.timeout(5_000) });
  assert.equal(await answer.text(), "ok");
}

/** The head of a POST and a first piece of its body. */
function postBegin(id: number): Buffer {
  const head: [string, string][] = [[":method", "POST"], ...GET.slice(1)];
  return Buffer.concat([headersFrame(id, head), piece(id)]);
}

/** Four of them fit into the window that a stream begins with. */
function piece(id: number): Buffer {
  return frame("DATA", id, { payload: Buffer.alloc(16_000) });
}

const PING = frame("PING", 0, { payload: Buffer.alloc(8) });
/** SETTINGS_INITIAL_WINDOW_SIZE of 256 KiB. */
const WIDE = Buffer.from([0, 4, 0, 4, 0, 0]);

const isGoaway = ({ type }: { type: string }) => type === "GOAWAY";

test(
  "a client that opens and resets streams without end is cut off, and each request is cancelled",
  OPTIONS,
  async () => {
    const open = new Set<Exchange>();
    let most = 0;
    const { server, port } = await serve((exchange) => {
      if (exchange.request.version !== "2") return ok(exchange);
      open.add(exchange);
      most = Math.max(most, open.size);
      exchange.onFinish(() => open.delete(exchange));
    });
    const raw = attack(port);
    const cancel = frame("RST_STREAM", 1, { payload: Buffer.from([0, 0, 0, 8]) });
    for (let id = 1; id < 8_000 && !raw.ended; id += 2) {
      cancel.writeUInt32BE(id, 5);
      raw.send(Buffer.concat([headersFrame(id, GET, { endStream: true }), cancel]));
      if (id % 500 === 1) await pause(1);
    }
    await raw.next(isGoaway, 5_000);
    await until(() => server.connectionCount === 0);
    assert.equal(open.size, 0);
    assert.equal(server.inFlight, 0);
    assert.ok(most <= 250, `${most} requests were open at one time`);
    await othersAreServed(port);
  },
);

test("a head that is continued without end is cut off and never becomes a request", OPTIONS, async () => {
  let requests = 0;
  const { server, port } = await serve((exchange) => {
    if (exchange.request.version === "2") requests++;
    ok(exchange);
  });
  const raw = attack(port);
  raw.send(headersFrame(1, GET, { endStream: true, endHeaders: false }));
  const more = frame("CONTINUATION", 1, { payload: headerBlock([["x-filler", "a".repeat(8_000)]]) });
  for (let sent = 0; sent < 2_000 && !raw.ended; sent++) {
    raw.send(more);
    if (sent % 50 === 0) await pause(1);
  }
  await until(() => server.connectionCount === 0);
  assert.equal(requests, 0);
  await othersAreServed(port);
});

test("empty continuations without end are cut off too", OPTIONS, async () => {
  const { server, port } = await serve(ok);
  const raw = attack(port);
  raw.send(headersFrame(1, GET, { endHeaders: false }));
  const empty = frame("CONTINUATION", 1);
  for (let sent = 0; sent < 2_000 && !raw.ended; sent++) {
    raw.send(empty);
    if (sent % 100 === 0) await pause(1);
  }
  await until(() => server.connectionCount === 0);
});

test(
  "a head of more fields than are bearable is refused, and the connection or stream ends",
  OPTIONS,
  async () => {
    let requests = 0;
    const { port } = await serve((exchange) => {
      if (exchange.request.version === "2") requests++;
      ok(exchange);
    });
    const raw = attack(port);
    const many = Array.from({ length: 3_000 }, (_, at): [string, string] => [`x-${at}`, "1"]);
    const block = headerBlock([...GET, ...many]);
    for (let at = 0; at < block.length; at += 16_000) {
      const payload = block.subarray(at, at + 16_000);
      const flags = at + 16_000 >= block.length ? END_HEADERS : 0;
      raw.send(
        frame(at === 0 ? "HEADERS" : "CONTINUATION", 1, { payload, flags: at === 0 ? 1 | flags : flags }),
      );
    }
    const refused = await raw.next(({ type }) => type === "RST_STREAM" || type === "GOAWAY", 5_000);
    assert.ok(refused || raw.ended);
    assert.equal(requests, 0);
    await othersAreServed(port);
  },
);

for (const [what, flood] of [
  ["settings", frame("SETTINGS", 0, { payload: Buffer.from([0, 3, 0, 0, 0, 100]) })],
  ["pings", frame("PING", 0, { payload: Buffer.alloc(8) })],
] as const) {
  test(
    `a client that sends ${what} without reading the answers is cut off within bounded memory`,
    OPTIONS,
    async () => {
      const { server, port } = await serve(ok);
      const socket = connect(port, "127.0.0.1");
      socket.on("error", () => {});
      closers.push(() => socket.destroy());
      const raw = new RawHttp2(socket);
      raw.greet();
      socket.pause();
      const before = process.memoryUsage().rss;
      const burst = Buffer.concat(Array.from({ length: 1_000 }, () => flood));
      for (let sent = 0; sent < 400 && !socket.destroyed; sent++) {
        socket.write(burst);
        await pause(2);
        if (server.connectionCount === 0) break;
      }
      const grownBytes = process.memoryUsage().rss - before;
      assert.ok(grownBytes < 100 * 1024 * 1024, `${grownBytes} bytes more`);
      socket.destroy();
      await othersAreServed(port);
    },
  );
}

test("streams over the allowed number are refused while the others go on", OPTIONS, async () => {
  const { port, held, raw } = await serveHolding();
  for (let stream = 0; stream < 300; stream++)
    raw.send(headersFrame(2 * stream + 1, GET, { endStream: true }));
  const refused = await raw.next(({ type }) => type === "RST_STREAM" || type === "GOAWAY", 5_000);
  assert.ok(refused);
  assert.ok(held.length <= 250, `${held.length} are held`);
  await othersAreServed(port);
});

test(
  "requests whose bodies nobody reads are refused beyond a number, for all connections together",
  OPTIONS,
  async () => {
    const held: Exchange[] = [];
    const { server, port } = await serve(
      (exchange) => (exchange.request.method === "POST" ? held.push(exchange) : ok(exchange)),
      { unreadHttp2BodiesMax: 3 },
    );
    const [first, second] = [attack(port), attack(port)];
    for (const id of [1, 3]) first.send(postBegin(id));
    await until(() => held.length === 2);
    for (const id of [1, 3, 5]) second.send(postBegin(id));
    for (const id of [3, 5]) {
      const refused = await second.next(({ type }) => type === "RST_STREAM");
      assert.deepEqual([refused?.streamId, refused?.payload.readUInt32BE(0)], [id, REFUSED_STREAM]);
    }
    await othersAreServed(port);
    // What the first client held is free for others, once it is gone or somebody reads it.
    first.close();
    await until(() => server.inFlight === 1);
    held[2]?.body.start({ data() {}, end() {}, fail() {} });
    for (const id of [7, 9, 11, 13]) second.send(postBegin(id));
    assert.equal((await second.next(({ type }) => type === "RST_STREAM"))?.streamId, 13);
    assert.equal(held.length, 6);
  },
);

test(
  "streams may send ahead more where bodies are read, on as many connections as may at a time",
  OPTIONS,
  async () => {
    const { port } = await serve(
      ({ body }) => {
        body.start({ data: ({ length }) => body.credit(length), end() {}, fail() {} });
        body.credit(1);
      },
      { wideHttp2Max: 1 },
    );
    const told = [];
    for (const raw of [attack(port), attack(port)]) {
      raw.send(postBegin(1));
      for (let more = 0; more < 3; more++) raw.send(piece(1));
      await raw.next(({ type, streamId }) => type === "WINDOW_UPDATE" && streamId === 1);
      for (let more = 0; more < 4; more++) raw.send(piece(1));
      const settings: Buffer[] = [];
      // What the bytes led to leaves by the end of the turn that answers the first.
      for (let pings = 0; pings < 2; pings++) {
        raw.send(PING);
        await raw.next(({ type, flags, payload }) => {
          if (type === "SETTINGS" && flags === 0) settings.push(payload);
          return type === "PING";
        });
      }
      told.push(settings.filter((payload) => payload.includes(WIDE)).length);
    }
    assert.deepEqual(told, [1, 0]);
  },
);

test("a preface without a request is given up after the time for a head", OPTIONS, async () => {
  const { server, port } = await serve(ok, { headTimeoutMs: 200, idleTimeoutMs: 10_000 });
  const raw = attack(port);
  assert.ok(await raw.next(isGoaway, 5_000));
  await until(() => server.connectionCount === 0);
});

test(
  "a client that never opens its window ends with the answer's own time-out, not with memory",
  OPTIONS,
  async () => {
    const { server, port } = await serve((exchange) => {
      if (exchange.request.version !== "2") return ok(exchange);
      respondWith(exchange, { status: 200, body: Buffer.alloc(1_000_000) });
      setTimeout(() => exchange.abort(new Error("time is up")), 200);
    });
    const raw = attack(port);
    raw.send(frame("SETTINGS", 0, { payload: Buffer.from([0, 4, 0, 0, 0, 0]) }));
    raw.send(headersFrame(1, GET, { endStream: true }));
    assert.ok(await raw.next(({ type }) => type === "HEADERS"));
    await pause(400);
    raw.close();
    await until(() => server.connectionCount === 0);
    assert.equal(server.inFlight, 0);
  },
);
