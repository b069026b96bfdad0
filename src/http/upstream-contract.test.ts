import assert from "node:assert/strict";
import { test } from "node:test";
import { SimNetwork } from "../../sim/network.ts";
import { VirtualClock } from "../../sim/virtual-clock.ts";
import { RawConn } from "../../test/support/raw-conn.ts";
import { Cancel } from "../base/cancel.ts";
import { seededRandom } from "../base/random.ts";
import type { Conn } from "./conn.ts";
import { HeaderBlock } from "./header-block.ts";
import { inProcessUpstream } from "./in-process-upstream.ts";
import type { BodySink, BodySource, Exchange, ExchangeOutcome, Handler, ResponseHead } from "./message.ts";
import { UpstreamPool } from "./pool.ts";
import { EMPTY_BODY } from "./received-body.ts";
import { bytesBody, respondWith } from "./responses.ts";
import { HttpServer } from "./server.ts";
import type { Upstream, UpstreamError, UpstreamObserver } from "./upstream.ts";

/** One contract, two implementations (DESIGN §4): what a program behind an Upstream and its caller see. */

interface World {
  readonly upstream: Upstream;
  readonly clock: VirtualClock;
}

type MakeWorld = (handler: Handler) => Promise<World>;

const MAKERS: Record<string, MakeWorld> = {
  "over sockets": async (handler) => {
    const clock = new VirtualClock();
    const network = new SimNetwork(clock, seededRandom(11));
    network.everywhere.segmentBytesMax = 1_000;
    const address = { ip: "10.0.0.1", port: 8080 };
    await network.listen(address, new HttpServer({ clock, handler }).accept);
    return { clock, upstream: new UpstreamPool({ network, clock, random: seededRandom(12) }).to(address) };
  },
  "in process": async (handler) => ({
    clock: new VirtualClock(),
    upstream: inProcessUpstream(handler, { remoteAddress: "10.0.0.2" }),
  }),
};

/** A body that a test feeds by hand and whose demand it can see. */
class HandBody implements BodySource {
  readonly length: number | undefined;
  sink: BodySink | undefined;
  creditBytes = 0;
  abandoned = 0;

  constructor(length?: number) {
    this.length = length;
  }

  start(sink: BodySink): void {
    this.sink = sink;
  }

  credit(bytes: number): void {
    this.creditBytes += bytes;
  }

  abandon(): void {
    this.abandoned++;
  }

  /** Sends chunks as long as there is credit, at most `bytesMax`; returns how many bytes that were. */
  pump(bytesMax: number): number {
    let sent = 0;
    while (this.creditBytes > 0 && sent < bytesMax) {
      this.creditBytes -= 1_000;
      sent += 1_000;
      this.sink?.data(Buffer.alloc(1_000, 97));
    }
    return sent;
  }
}

class Observed implements UpstreamObserver {
  readonly events: string[] = [];
  head: ResponseHead | undefined;
  body: BodySource | undefined;
  conn: RawConn | undefined;
  error: UpstreamError | undefined;

  interim(head: ResponseHead): void {
    this.events.push(`interim ${head.status}`);
  }

  response(head: ResponseHead, body: BodySource): void {
    this.events.push(`response ${head.status}`);
    this.head = head;
    this.body = body;
  }

  upgraded(head: ResponseHead, conn: Conn): void {
    this.events.push(`upgraded ${head.status}`);
    this.conn = new RawConn(conn);
  }

  failed(error: UpstreamError): void {
    this.events.push(`failed ${error.failure}`);
    this.error = error;
  }
}

class Collected implements BodySink {
  bytes = 0;
  text = "";
  trailers: HeaderBlock | undefined;
  over = "";

  data(chunk: Uint8Array): void {
    this.bytes += chunk.length;
    if (this.bytes < 10_000) this.text += Buffer.from(chunk).toString("latin1");
  }

  end(trailers?: HeaderBlock): void {
    this.trailers = trailers;
    this.over += "end";
  }

  fail(): void {
    this.over += "fail";
  }
}

interface Sent {
  readonly observed: Observed;
  readonly cancel: Cancel;
}

function send(
  { upstream }: World,
  options: { method?: string; body?: BodySource; fields?: string[] } = {},
): Sent {
  const observed = new Observed();
  const cancel = new Cancel();
  const headers = new HeaderBlock(["Host", "app", ...(options.fields ?? [])]);
  const head = { method: options.method ?? "POST", target: "/x", version: "1.1" as const, headers };
  upstream.send({ head, body: options.body ?? EMPTY_BODY, cancel }, observed);
  return { observed, cancel };
}

function read(observed: Observed, creditBytes = Number.MAX_SAFE_INTEGER): Collected {
  const collected = new Collected();
  observed.body?.start(collected);
  observed.body?.credit(creditBytes);
  return collected;
}

function answer(status: number, fields: string[] = []): ResponseHead {
  return { status, reason: "", headers: new HeaderBlock(fields) };
}

/** Collects what the handler saw. */
class Handled {
  readonly exchanges: Exchange[] = [];
  readonly outcomes: ExchangeOutcome[] = [];
  readonly handler: Handler;

  constructor(handle: (exchange: Exchange) => void = () => {}) {
    this.handler = (exchange) => {
      this.exchanges.push(exchange);
      exchange.onFinish((outcome) => this.outcomes.push(outcome));
      handle(exchange);
    };
  }

  get first(): Exchange {
    return this.exchanges[0] as Exchange;
  }
}

function contract(name: string, run: (make: MakeWorld) => Promise<void>): void {
  for (const [where, make] of Object.entries(MAKERS)) test(`${name} (${where})`, () => run(make));
}

contract("a request and its answer arrive whole", async (make) => {
  const handled = new Handled((exchange) => {
    const body = new Collected();
    exchange.body.start(body);
    exchange.body.credit(1_000_000);
    exchange.respond(answer(201, ["X-Target", exchange.request.target]), bytesBody(Buffer.from("made")));
    bodies.push(body);
  });
  const bodies: Collected[] = [];
  const world = await make(handled.handler);
  const { observed } = send(world, { body: bytesBody(Buffer.from("hello")) });
  await world.clock.advance(100);
  const got = read(observed);
  await world.clock.advance(100);
  assert.deepEqual([bodies[0]?.text, bodies[0]?.over], ["hello", "end"]);
  assert.deepEqual([got.text, got.over, observed.head?.headers.get("x-target")], ["made", "end", "/x"]);
  assert.deepEqual(observed.events, ["response 201"]);
  assert.deepEqual(handled.outcomes, [{ status: 201, responseBytes: 4, complete: true }]);
});

contract("the request's body flows only as fast as the handler reads", async (make) => {
  const handled = new Handled();
  const world = await make(handled.handler);
  const body = new HandBody();
  send(world, { body });
  let sent = 0;
  for (let round = 0; round < 50; round++) {
    await world.clock.advance(10);
    sent += body.pump(100_000);
  }
  assert.ok(sent <= 300_000, `${sent} bytes left although nobody reads`);
  const collected = new Collected();
  handled.first.body.start(collected);
  for (let round = 0; round < 100; round++) {
    handled.first.body.credit(10_000);
    await world.clock.advance(10);
    sent += body.pump(100_000);
  }
  body.sink?.end();
  handled.first.body.credit(10_000_000);
  for (let round = 0; round < 50; round++) await world.clock.advance(10);
  assert.deepEqual([collected.bytes, collected.over], [sent, "end"]);
});

contract("the answer's body flows only as fast as the caller reads", async (make) => {
  const body = new HandBody();
  const handled = new Handled((exchange) => exchange.respond(answer(200), body));
  const world = await make(handled.handler);
  const { observed } = send(world);
  let sent = 0;
  for (let round = 0; round < 50; round++) {
    await world.clock.advance(10);
    sent += body.pump(100_000);
  }
  assert.ok(sent <= 300_000, `${sent} bytes left although nobody reads`);
  const collected = read(observed, 5_000);
  for (let round = 0; round < 100; round++) {
    observed.body?.credit(10_000);
    await world.clock.advance(10);
    sent += body.pump(100_000);
  }
  body.sink?.end();
  observed.body?.credit(10_000_000);
  for (let round = 0; round < 50; round++) await world.clock.advance(10);
  assert.deepEqual([collected.bytes, collected.over], [sent, "end"]);
});

contract("an answer may come before the request's body has ended", async (make) => {
  const handled = new Handled((exchange) => respondWith(exchange, { status: 413, body: "no" }));
  const world = await make(handled.handler);
  const body = new HandBody(1_000_000);
  const { observed } = send(world, { body });
  await world.clock.advance(100);
  const got = read(observed);
  await world.clock.advance(100);
  assert.deepEqual([observed.events, got.text, got.over], [["response 413"], "no", "end"]);
});

contract("trailers pass in both directions", async (make) => {
  const requestBody = new Collected();
  const responseBody = new HandBody();
  const handled = new Handled((exchange) => {
    exchange.body.start(requestBody);
    exchange.body.credit(1_000);
    exchange.respond(answer(200), responseBody);
  });
  const world = await make(handled.handler);
  const body = new HandBody();
  const { observed } = send(world, { body });
  await world.clock.advance(50);
  body.sink?.data(Buffer.from("a"));
  body.sink?.end(new HeaderBlock(["X-Up", "1"]));
  await world.clock.advance(50);
  const got = read(observed);
  responseBody.sink?.data(Buffer.from("b"));
  responseBody.sink?.end(new HeaderBlock(["X-Down", "2"]));
  await world.clock.advance(50);
  assert.deepEqual([requestBody.text, requestBody.trailers?.get("x-up")], ["a", "1"]);
  assert.deepEqual([got.text, got.trailers?.get("x-down")], ["b", "2"]);
});

contract("interim answers come before the final one, in order", async (make) => {
  const handled = new Handled((exchange) => {
    exchange.interim(answer(103, ["Link", "</a>"]));
    exchange.interim(answer(102));
    respondWith(exchange, { status: 200, body: "x" });
  });
  const world = await make(handled.handler);
  const { observed } = send(world);
  await world.clock.advance(100);
  assert.deepEqual(observed.events, ["interim 103", "interim 102", "response 200"]);
});

contract("an upgrade gives both sides a connection, early bytes first", async (make) => {
  const tunnels: RawConn[] = [];
  const handled = new Handled((exchange) => {
    const conn = exchange.upgrade(answer(101, ["Connection", "Upgrade", "Upgrade", "echo"]));
    conn.write(Buffer.from("early"));
    tunnels.push(new RawConn(conn));
  });
  const world = await make(handled.handler);
  const { observed } = send(world, { method: "GET", fields: ["Connection", "Upgrade", "Upgrade", "echo"] });
  await world.clock.advance(100);
  observed.conn?.send("up");
  await world.clock.advance(100);
  const server = tunnels[0] as RawConn;
  assert.deepEqual(
    [observed.events, observed.conn?.take(), server.take()],
    [["upgraded 101"], "early", "up"],
  );
  observed.conn?.conn.end();
  await world.clock.advance(100);
  assert.deepEqual([server.ended, handled.outcomes.length], [true, 0]);
  server.send("after half-close");
  server.conn.end();
  await world.clock.advance(100);
  assert.equal(observed.conn?.take(), "after half-close");
  assert.deepEqual([observed.conn?.closed, handled.outcomes.length], [true, 1]);
});

contract("cancel before an answer ends both sides exactly once", async (make) => {
  const handled = new Handled();
  const world = await make(handled.handler);
  const { observed, cancel } = send(world);
  await world.clock.advance(100);
  cancel.raise(new Error("client left"));
  cancel.raise(new Error("again"));
  await world.clock.advance(100);
  assert.deepEqual(observed.events, ["failed cancelled"]);
  assert.equal(handled.first.cancel.raised, true);
  assert.equal(handled.outcomes.length, 1);
  respondWith(handled.first, { status: 200 });
  await world.clock.advance(100);
  assert.deepEqual([observed.events.length, handled.outcomes.length], [1, 1]);
});

contract("cancel within an answer fails its body and frees the handler's source", async (make) => {
  const body = new HandBody();
  const handled = new Handled((exchange) => exchange.respond(answer(200), body));
  const world = await make(handled.handler);
  const { observed, cancel } = send(world);
  await world.clock.advance(50);
  const got = read(observed);
  body.sink?.data(Buffer.from("some"));
  await world.clock.advance(50);
  cancel.raise(new Error("client left"));
  await world.clock.advance(100);
  assert.deepEqual([got.text, got.over], ["some", "fail"]);
  assert.ok(body.abandoned >= 1);
  assert.deepEqual([handled.outcomes.length, handled.outcomes[0]?.complete], [1, false]);
});

contract("a caller that abandons the answer ends the handler's exchange", async (make) => {
  const body = new HandBody();
  const handled = new Handled((exchange) => exchange.respond(answer(200), body));
  const world = await make(handled.handler);
  const { observed } = send(world);
  await world.clock.advance(50);
  observed.body?.abandon();
  await world.clock.advance(50);
  body.sink?.data(Buffer.from("more"));
  await world.clock.advance(100);
  assert.equal(handled.first.cancel.raised, true);
  assert.deepEqual([handled.outcomes.length, handled.outcomes[0]?.complete], [1, false]);
  assert.ok(body.abandoned >= 1);
});

contract("a handler that aborts gives no answer, or a broken one", async (make) => {
  const handled = new Handled((exchange) => {
    if (exchange.request.method === "GET") return exchange.abort(new Error("no"));
    exchange.respond(answer(200), new HandBody());
    return undefined;
  });
  const world = await make(handled.handler);
  const refused = send(world, { method: "GET" }).observed;
  await world.clock.advance(100);
  assert.deepEqual([refused.events, refused.error?.sent], [["failed closed"], true]);
  const { observed } = send(world);
  await world.clock.advance(50);
  const got = read(observed);
  (handled.exchanges[1] as Exchange).abort(new Error("no"));
  await world.clock.advance(100);
  assert.deepEqual([observed.events, got.over], [["response 200"], "fail"]);
  assert.equal(handled.outcomes.length, 2);
});

contract("last words never make a broken answer whole", async (make) => {
  const body = new HandBody(6);
  const handled = new Handled((exchange) => exchange.respond(answer(200), body));
  const world = await make(handled.handler);
  const { observed } = send(world);
  await world.clock.advance(50);
  const got = read(observed);
  await world.clock.advance(50);
  body.sink?.data(Buffer.from("one"));
  await world.clock.advance(50);
  (handled.exchanges[0] as Exchange).abort(new Error("time-out"), "timeout");
  await world.clock.advance(100);
  assert.deepEqual([got.text, got.over], ["one", "fail"]);
});

contract("a request whose body breaks off is never complete for the handler", async (make) => {
  const collected = new Collected();
  const handled = new Handled((exchange) => {
    exchange.body.start(collected);
    exchange.body.credit(1_000);
  });
  const world = await make(handled.handler);
  const body = new HandBody();
  const { observed } = send(world, { body });
  await world.clock.advance(50);
  body.sink?.data(Buffer.from("half"));
  await world.clock.advance(50);
  body.sink?.fail(new Error("client left"));
  await world.clock.advance(100);
  assert.deepEqual([collected.text, collected.over], ["half", "fail"]);
  assert.ok(observed.events.length <= 1);
});

contract("HEAD, 204 and 304 have no body", async (make) => {
  const handled = new Handled((exchange) => {
    exchange.respond(answer(exchange.request.method === "HEAD" ? 200 : 204), bytesBody(Buffer.from("body")));
  });
  const world = await make(handled.handler);
  for (const method of ["HEAD", "GET"]) {
    const { observed } = send(world, { method });
    await world.clock.advance(50);
    const got = read(observed);
    await world.clock.advance(50);
    assert.deepEqual([got.text, got.over], ["", "end"]);
  }
});
