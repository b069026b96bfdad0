import assert from "node:assert/strict";
import { test } from "node:test";
import { SimNetwork } from "../../sim/network.ts";
import { VirtualClock } from "../../sim/virtual-clock.ts";
import { RawConn } from "../../test/support/raw-conn.ts";
import { Cancel } from "../base/cancel.ts";
import { seededRandom } from "../base/random.ts";
import { HeaderBlock } from "./header-block.ts";
import type { BodySource, ResponseHead } from "./message.ts";
import { UpstreamPool, type UpstreamPoolOptions } from "./pool.ts";
import { EMPTY_BODY } from "./received-body.ts";
import type { UpstreamError } from "./upstream.ts";

const ADDRESS = { ip: "10.0.0.1", port: 80 };

async function world(options: Partial<UpstreamPoolOptions> = {}) {
  const clock = new VirtualClock();
  const network = new SimNetwork(clock, seededRandom(1));
  const conns: RawConn[] = [];
  const listener = await network.listen(ADDRESS, (conn) => conns.push(new RawConn(conn)));
  const pool = new UpstreamPool({ network, clock, random: seededRandom(2), ...options });
  return { clock, network, conns, listener, pool };
}

type World = Awaited<ReturnType<typeof world>>;

interface Result {
  status?: number;
  text: string;
  over: string;
  error?: UpstreamError;
  body?: BodySource;
}

function get(here: World, cancel = new Cancel()): Result {
  return ask(here, { cancel });
}

function ask({ pool }: World, { method = "GET", cancel = new Cancel() } = {}): Result {
  const result: Result = { text: "", over: "" };
  const head = { method, target: "/", version: "1.1" as const, headers: new HeaderBlock(["Host", "a"]) };
  pool.to(ADDRESS).send(
    { head, body: EMPTY_BODY, cancel },
    {
      interim() {},
      upgraded() {},
      response(answer: ResponseHead, body) {
        result.status = answer.status;
        result.body = body;
        body.start({
          data: (chunk) => {
            result.text += Buffer.from(chunk).toString("latin1");
          },
          end: () => {
            result.over += "end";
          },
          fail: () => {
            result.over += "fail";
          },
        });
        body.credit(1_000_000);
      },
      failed(error) {
        assert.equal(result.error, undefined, "failed once");
        result.error = error;
      },
    },
  );
  return result;
}

const OK = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok";

test("uses a connection again, the last used first", async () => {
  const here = await world();
  const first = get(here);
  const second = get(here);
  await here.clock.advance(10);
  assert.equal(here.conns.length, 2);
  for (const conn of here.conns) conn.send(OK);
  await here.clock.advance(10);
  assert.deepEqual([first.text, second.text], ["ok", "ok"]);
  for (let round = 0; round < 5; round++) {
    get(here);
    await here.clock.advance(10);
    here.conns[1]?.send(OK);
    await here.clock.advance(10);
  }
  assert.equal(here.conns.length, 2);
  assert.equal(here.conns[0]?.received.match(/GET/g)?.length, 1);
});

test("closes what stays idle, what exceeds the bound, and everything of a forgotten address", async () => {
  const here = await world({ idlePerAddressMax: 1, idleTimeoutMs: 1_000 });
  get(here);
  get(here);
  await here.clock.advance(10);
  for (const conn of here.conns) conn.send(OK);
  await here.clock.advance(10);
  assert.equal(here.conns.filter((conn) => conn.ended).length, 1);
  await here.clock.advance(1_600);
  assert.equal(here.conns.filter((conn) => conn.ended).length, 2);
  get(here);
  await here.clock.advance(10);
  here.conns[2]?.send(OK);
  await here.clock.advance(10);
  here.pool.forget(ADDRESS);
  await here.clock.advance(10);
  assert.equal(here.conns[2]?.ended, true);
  for (const conn of here.conns) conn.conn.end();
  await here.clock.advance(2_000);
  assert.equal(here.network.openEnds, 0);
  assert.equal(here.clock.pending, 0);
});

test("obeys the keep-alive time that the server names", async () => {
  const here = await world();
  get(here);
  await here.clock.advance(10);
  here.conns[0]?.send("HTTP/1.1 200 OK\r\nKeep-Alive: timeout=2\r\nContent-Length: 2\r\n\r\nok");
  await here.clock.advance(1_300);
  get(here);
  await here.clock.advance(10);
  assert.equal(here.conns.length, 2);
});

test("tries a dial again after time-outs only, 15 times, as spec TM-019", async () => {
  const here = await world();
  here.network.setFaults(ADDRESS, { blackHole: true });
  const startedMs = here.clock.monotonic();
  const result = get(here);
  await here.clock.runUntil(() => result.error !== undefined, { limitMs: 100_000 });
  assert.deepEqual([result.error?.failure, result.error?.sent], ["dial-timeout", false]);
  const tookMs = here.clock.monotonic() - startedMs;
  const connectsMs = (50 * (1.4 ** 15 - 1)) / 0.4;
  assert.ok(tookMs > connectsMs && tookMs < connectsMs * 1.1 + 15 * 60, `${tookMs}`);
  here.network.setFaults(ADDRESS, {});
  await here.listener.close();
  const refused = get(here);
  await here.clock.advance(5);
  assert.deepEqual([refused.error?.failure, refused.error?.sent], ["refused", false]);
});

test("succeeds when the hole closes between two tries", async () => {
  const here = await world();
  here.network.setFaults(ADDRESS, { blackHole: true });
  const result = get(here);
  await here.clock.advance(300);
  here.network.setFaults(ADDRESS, {});
  await here.clock.advance(500);
  here.conns[0]?.send(OK);
  await here.clock.advance(10);
  assert.equal(result.text, "ok");
});

test("cancel while dialling fails at once and closes a connection that comes late", async () => {
  const here = await world();
  here.network.setFaults(ADDRESS, { delayMs: 10 });
  const cancel = new Cancel();
  const result = get(here, cancel);
  await here.clock.advance(15);
  cancel.raise(new Error("client left"));
  assert.deepEqual([result.error?.failure, result.error?.sent], ["cancelled", false]);
  await here.clock.advance(100);
  assert.equal(here.conns[0]?.received, "");
  assert.equal(here.network.openEnds, 0);
});

test("cancel within an exchange resets the connection and never uses it again", async () => {
  const here = await world();
  const cancel = new Cancel();
  const result = get(here, cancel);
  await here.clock.advance(10);
  cancel.raise(new Error("client left"));
  await here.clock.advance(10);
  assert.deepEqual([result.error?.failure, result.error?.sent], ["cancelled", true]);
  assert.equal(here.conns[0]?.closed, true);
  get(here);
  await here.clock.advance(10);
  assert.equal(here.conns.length, 2);
});

test("a connection that dies under a request says that bytes were sent", async () => {
  const here = await world();
  const first = get(here);
  await here.clock.advance(10);
  here.conns[0]?.send(OK);
  await here.clock.advance(10);
  assert.equal(first.over, "end");
  const second = ask(here, { method: "DELETE" });
  here.conns[0]?.conn.end();
  await here.clock.advance(10);
  assert.deepEqual([second.error?.failure, second.error?.sent], ["closed", true]);
});

test("a request that meets the end of an idle connection is sent on a new one, as Go's transport does", async () => {
  const here = await world();
  get(here);
  await here.clock.advance(10);
  here.conns[0]?.send(OK);
  await here.clock.advance(10);
  const result = get(here);
  here.conns[0]?.conn.end();
  await here.clock.advance(10);
  here.conns[1]?.send(OK);
  await here.clock.advance(10);
  assert.deepEqual([result.error, result.over, result.text], [undefined, "end", "ok"]);
});

test("a client that left before its request could be sent again gets no second one", async () => {
  const here = await world();
  get(here);
  await here.clock.advance(10);
  here.conns[0]?.send(OK);
  await here.clock.advance(10);
  const cancel = new Cancel();
  const result = get(here, cancel);
  here.network.setFaults(ADDRESS, { delayMs: 10 });
  here.conns[0]?.conn.reset();
  await here.clock.advance(15);
  cancel.raise(new Error("client left"));
  await here.clock.advance(100);
  assert.equal(result.error?.failure, "cancelled");
  assert.ok(here.conns.slice(1).every(({ received }) => received === ""));
});

const BROKEN: [what: string, sent: string, close: boolean, expected: string][] = [
  ["garbage", "garbage\r\n\r\n", false, "failed malformed"],
  ["a head cut off", "HTTP/1.1 200 OK\r\nContent-Le", true, "failed malformed"],
  ["nothing", "", true, "failed closed"],
  [
    "two lengths",
    "HTTP/1.1 200 OK\r\nContent-Length: 2\r\nContent-Length: 3\r\n\r\nabc",
    false,
    "failed malformed",
  ],
  [
    "length and coding",
    "HTTP/1.1 200 OK\r\nContent-Length: 2\r\nTransfer-Encoding: chunked\r\n\r\n",
    false,
    "failed malformed",
  ],
  ["an unasked 101", "HTTP/1.1 101 Switching Protocols\r\nUpgrade: x\r\n\r\n", false, "failed upgrade"],
  ["a body cut off", "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nab", true, "fail ab"],
  ["chunks cut off", "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nab\r\n", true, "fail ab"],
  ["a bad chunk", "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nab\r\nzz\r\n", false, "fail ab"],
  ["a body until close", "HTTP/1.1 200 OK\r\n\r\nab", true, "end ab"],
  ["more than it said", `${OK}and more`, false, "end ok"],
  ["two answers", OK + OK, false, "end ok"],
];
for (const [what, sent, close, expected] of BROKEN) {
  test(`a server that sends ${what}: ${expected}, and its connection is not used again`, async () => {
    const here = await world();
    const result = get(here);
    await here.clock.advance(10);
    here.conns[0]?.send(sent);
    await here.clock.advance(10);
    if (close) here.conns[0]?.conn.end();
    await here.clock.advance(10);
    assert.equal(result.error ? `failed ${result.error.failure}` : `${result.over} ${result.text}`, expected);
    get(here);
    await here.clock.advance(10);
    assert.equal(here.conns.length, 2);
  });
}

test("gives a request without Host, as HTTP/1.0 allows, the address for one", async () => {
  const here = await world();
  const observer = { interim() {}, upgraded() {}, response() {}, failed() {} };
  const head = { method: "GET", target: "/", version: "1.0" as const, headers: new HeaderBlock() };
  here.pool.to(ADDRESS).send({ head, body: EMPTY_BODY, cancel: new Cancel() }, observer);
  await here.clock.advance(10);
  assert.equal(here.conns[0]?.received, "GET / HTTP/1.1\r\nHost: 10.0.0.1:80\r\n\r\n");
});
