import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { SimNetwork } from "../../sim/network.ts";
import { VirtualClock } from "../../sim/virtual-clock.ts";
import { RawConn } from "../../test/support/raw-conn.ts";
import { Cancel } from "../base/cancel.ts";
import { seededRandom } from "../base/random.ts";
import { HeaderBlock } from "./header-block.ts";
import type { BodySource } from "./message.ts";
import { UpstreamPool } from "./pool.ts";
import { EMPTY_BODY } from "./received-body.ts";
import { bytesBody } from "./responses.ts";

const ADDRESS = { ip: "10.0.0.1", port: 80 };
const OK = "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n";

/** What the server does with each request that it sees. */
const PLAYS = {
  answers: (conn: RawConn) => conn.send(OK),
  closes: (conn: RawConn) => conn.conn.end(),
  resets: (conn: RawConn) => conn.conn.reset(),
  "says one byte and closes": (conn: RawConn) => {
    conn.send("H");
    conn.conn.end();
  },
  "says 103 and closes": (conn: RawConn) => {
    conn.send("HTTP/1.1 103 Early Hints\r\n\r\n");
    conn.conn.end();
  },
};
type Play = keyof typeof PLAYS;

interface Asked {
  readonly method: string;
  readonly body: string;
  readonly key: string;
}

/** A request and, in their order, what the server does when it sees it for the first, the second… time. */
const rounds = fc.array(
  fc.record({
    method: fc.constantFrom("GET", "HEAD", "OPTIONS", "TRACE", "POST", "PUT", "DELETE", "get"),
    body: fc.constantFrom("", "", "abc"),
    key: fc.constantFrom("", "", "Idempotency-Key", "X-Idempotency-Key"),
    plays: fc.array(fc.constantFrom(...(Object.keys(PLAYS) as Play[])), { minLength: 1, maxLength: 3 }),
  }),
  { maxLength: 12 },
);

/** How many times the server sees a request, said as plainly as possible; there is one idle connection at most. */
function expected({ method, body, key }: Asked, plays: readonly Play[], isIdle: boolean) {
  const mayRepeat = body === "" && (["GET", "HEAD", "OPTIONS", "TRACE"].includes(method) || key !== "");
  const first = plays[0] as Play;
  const repeats = isIdle && mayRepeat && (first === "closes" || first === "resets");
  const last = repeats ? (plays[1] ?? "answers") : first;
  return { seen: repeats ? 2 : 1, isAnswered: last === "answers" };
}

function ask(pool: UpstreamPool, { method, body, key }: Asked): { outcome: string } {
  const result = { outcome: "" };
  const headers = new HeaderBlock(["Host", "a", ...(key === "" ? [] : [key, "7"])]);
  const sent: BodySource = body === "" ? EMPTY_BODY : bytesBody(Buffer.from(body));
  pool.to(ADDRESS).send(
    { head: { method, target: "/", version: "1.1", headers }, body: sent, cancel: new Cancel() },
    {
      interim() {},
      upgraded() {},
      response() {
        result.outcome += "answered";
      },
      failed() {
        result.outcome += "failed";
      },
    },
  );
  return result;
}

test("a request is sent twice when an idle connection ended without a byte and it may be repeated, else once", async () => {
  await fc.assert(
    fc.asyncProperty(rounds, async (all) => {
      const clock = new VirtualClock();
      const network = new SimNetwork(clock, seededRandom(1));
      const pool = new UpstreamPool({ network, clock, random: seededRandom(2) });
      const conns: RawConn[] = [];
      await network.listen(ADDRESS, (conn) => conns.push(new RawConn(conn)));
      let isIdle = false;
      for (const { plays, ...asked } of all) {
        const result = ask(pool, asked);
        let seen = 0;
        for (let turn = 0; turn < 5; turn++) {
          await clock.advance(5);
          for (const conn of conns.filter(({ received }) => received.includes("\r\n\r\n"))) {
            conn.take();
            PLAYS[plays[seen] ?? "answers"](conn);
            seen += 1;
          }
        }
        const want = expected(asked, plays, isIdle);
        assert.equal(seen, want.seen, JSON.stringify({ asked, plays, isIdle }));
        assert.equal(result.outcome, want.isAnswered ? "answered" : "failed");
        isIdle = want.isAnswered;
      }
    }),
    { numRuns: 150 },
  );
});
