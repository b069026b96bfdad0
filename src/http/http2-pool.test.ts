import assert from "node:assert/strict";
import { test } from "node:test";
import { SimNetwork } from "../../sim/network.ts";
import { VirtualClock } from "../../sim/virtual-clock.ts";
import { Cancel } from "../base/cancel.ts";
import { seededRandom } from "../base/random.ts";
import type { Conn } from "./conn.ts";
import { HeaderBlock } from "./header-block.ts";
import { UpstreamPool } from "./pool.ts";
import { EMPTY_BODY } from "./received-body.ts";
import type { UpstreamError } from "./upstream.ts";

/** What happens before there is a session, on virtual time; sessions themselves are in http2.socket.test.ts. */

const ADDRESS = { ip: "10.0.0.1", port: 8013 };

async function world() {
  const clock = new VirtualClock();
  const network = new SimNetwork(clock, seededRandom(1));
  const conns: Conn[] = [];
  const listener = await network.listen(ADDRESS, (conn) => conns.push(conn));
  const pool = new UpstreamPool({ network, clock, random: seededRandom(2) });
  const send = (cancel = new Cancel()) => {
    const failures: UpstreamError[] = [];
    const head = { method: "GET", target: "/", version: "2" as const, headers: new HeaderBlock() };
    const unexpected = () => assert.fail("nothing can answer");
    const observer = { interim: unexpected, response: unexpected, upgraded: unexpected };
    pool
      .to(ADDRESS)
      .send(
        { head, body: EMPTY_BODY, cancel },
        { ...observer, failed: (error) => void failures.push(error) },
      );
    return failures;
  };
  return { clock, network, conns, listener, send };
}

test("requests that come together wait for one connection", async () => {
  const { clock, conns, send } = await world();
  const all = Array.from({ length: 50 }, () => send());
  await clock.advance(1_000);
  assert.equal(conns.length, 1);
  assert.ok(
    all.every((failures) => failures.length === 1),
    "each hears of its end once",
  );
});

test("more than a hundred waiting requests get a second connection", async () => {
  const { clock, conns, send } = await world();
  for (let request = 0; request < 150; request++) send();
  await clock.advance(1_000);
  assert.equal(conns.length, 2);
});

test("a request that is cancelled while it waits fails at once, and the others go on waiting", async () => {
  const { clock, conns, send } = await world();
  const cancel = new Cancel();
  const [first, second] = [send(cancel), send()];
  cancel.raise(new Error("the client left"));
  assert.deepEqual(
    first.map(({ failure, sent }) => [failure, sent]),
    [["cancelled", false]],
  );
  assert.equal(second.length, 0);
  await clock.advance(1_000);
  assert.equal(conns.length, 1);
  assert.equal(first.length, 1);
  assert.equal(second.length, 1);
});

test("nobody listens: every waiting request may be sent elsewhere", async () => {
  const { clock, listener, send } = await world();
  await listener.close();
  const all = [send(), send()];
  await clock.advance(1_000);
  for (const failures of all) {
    assert.deepEqual(
      failures.map(({ failure, sent }) => [failure, sent]),
      [["refused", false]],
    );
  }
});

test("a network without real connections says that HTTP/2 needs them", async () => {
  const { clock, send } = await world();
  const failures = send();
  await clock.advance(1_000);
  assert.match(failures[0]?.message ?? "", /no real connections/);
});
