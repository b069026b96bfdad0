import assert from "node:assert/strict";
import { test } from "node:test";
import { seededRandom } from "../src/base/random.ts";
import type { Address, Conn } from "../src/http/conn.ts";
import { SimNetwork } from "./network.ts";
import { VirtualClock } from "./virtual-clock.ts";

const POD: Address = { ip: "10.0.0.1", port: 8012 };

function world(seed = 1) {
  const clock = new VirtualClock();
  return { clock, network: new SimNetwork(clock, seededRandom(seed)) };
}

interface Seen {
  conn: Conn;
  chunks: string[];
  events: string[];
}

function record(conn: Conn): Seen {
  const seen: Seen = { conn, chunks: [], events: [] };
  conn.setHandler({
    data: (chunk) => seen.chunks.push(Buffer.from(chunk).toString("latin1")),
    end: () => seen.events.push("end"),
    drain: () => seen.events.push("drain"),
    closed: (error) => seen.events.push(error ? `closed ${(error as { code?: string }).code}` : "closed"),
  });
  return seen;
}

async function connected({
  clock,
  network,
}: ReturnType<typeof world>): Promise<{ client: Seen; server: Seen }> {
  const accepted: Seen[] = [];
  await network.listen(POD, (conn) => accepted.push(record(conn)));
  const client = record(await clock.until(network.connect(POD, { timeoutMs: 1_000 })));
  return { client, server: accepted[0] as Seen };
}

test("carries bytes in order, in segments that a seed decides", async () => {
  const run = async (seed: number) => {
    const here = world(seed);
    here.network.everywhere.segmentBytesMax = 4;
    here.network.everywhere.delayMs = [1, 20];
    const { client, server } = await connected(here);
    client.conn.write(Buffer.from("the quick brown fox"));
    client.conn.end();
    await here.clock.advance(1_000);
    assert.equal(server.chunks.join(""), "the quick brown fox");
    assert.deepEqual(server.events, ["end"]);
    return server.chunks.join("|");
  };
  assert.equal(await run(5), await run(5));
  assert.notEqual(await run(5), await run(6));
});

test("keeps the order of segments of the same moment, whatever the clock does with its timers", async () => {
  const clock = new VirtualClock({ random: seededRandom(9) });
  const here = { clock, network: new SimNetwork(clock, seededRandom(9)) };
  here.network.everywhere.segmentBytesMax = 3;
  const { client, server } = await connected(here);
  client.conn.write(Buffer.from("the quick brown fox jumps"));
  await here.clock.advance(10);
  assert.equal(server.chunks.join(""), "the quick brown fox jumps");
});

test("closes both ends when both have ended", async () => {
  const here = world();
  const { client, server } = await connected(here);
  client.conn.end();
  await here.clock.advance(10);
  server.conn.write(Buffer.from("late answer"));
  server.conn.end();
  await here.clock.advance(10);
  assert.deepEqual(client.chunks, ["late answer"]);
  assert.deepEqual(
    [client.events, server.events],
    [
      ["end", "closed"],
      ["end", "closed"],
    ],
  );
  assert.equal(here.network.openEnds, 0);
});

test("a paused end sees neither bytes, nor end, nor reset", async () => {
  const here = world();
  const { client, server } = await connected(here);
  server.conn.pause();
  client.conn.write(Buffer.from("x"));
  client.conn.reset();
  await here.clock.advance(10);
  assert.deepEqual([server.chunks, server.events], [[], []]);
  server.conn.resume();
  await here.clock.advance(10);
  assert.deepEqual([server.chunks, server.events], [[], ["closed ECONNRESET"]]);
});

test("refuses where nobody listens and times out in a black hole", async () => {
  const { clock, network } = world();
  await assert.rejects(clock.until(network.connect(POD, { timeoutMs: 50 })), { code: "ECONNREFUSED" });
  network.setFaults(POD, { blackHole: true });
  const startedMs = clock.monotonic();
  await assert.rejects(clock.until(network.connect(POD, { timeoutMs: 50 })), { code: "ETIMEDOUT" });
  assert.equal(clock.monotonic() - startedMs, 50);
});

test("asks the writer to wait when the reader does not read", async () => {
  const here = world();
  const { client, server } = await connected(here);
  server.conn.pause();
  assert.equal(client.conn.write(Buffer.alloc(40_000)), true);
  assert.equal(client.conn.write(Buffer.alloc(40_000)), false);
  await here.clock.advance(10);
  assert.deepEqual(client.events, []);
  server.conn.resume();
  await here.clock.advance(10);
  assert.deepEqual(client.events, ["drain"]);
});

test("cutting an address resets all its connections", async () => {
  const here = world();
  const { client, server } = await connected(here);
  here.network.cut(POD);
  await here.clock.advance(10);
  assert.deepEqual([client.events, server.events], [["closed ECONNRESET"], ["closed"]]);
});
