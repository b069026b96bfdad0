import assert from "node:assert/strict";
import { type AddressInfo, createServer } from "node:net";
import { after, test } from "node:test";
import { END_STREAM, frame, headersFrame, type RawFrame, RawHttp2 } from "../../test/support/raw-http2.ts";
import { Cancel } from "../base/cancel.ts";
import { systemClock } from "../base/clock.ts";
import { systemRandom } from "../base/random.ts";
import { HeaderBlock } from "./header-block.ts";
import type { BodySource } from "./message.ts";
import { systemNetwork } from "./network.ts";
import { UpstreamPool } from "./pool.ts";
import { EMPTY_BODY } from "./received-body.ts";
import { bytesBody } from "./responses.ts";

/** Servers of HTTP/2 that refuse, lie or die, frame by frame: what the side that asked them learns. */

const OPTIONS = { timeout: 60_000 };
const pool = new UpstreamPool({
  network: systemNetwork(systemClock),
  clock: systemClock,
  random: systemRandom,
});
const closers: (() => unknown)[] = [() => pool.close()];
after(() => {
  for (const close of closers.reverse()) close();
});

/** Plays its part in the `turn`th request that the server gets, on whichever connection. */
type Play = (raw: RawHttp2, streamId: number, turn: number) => void;

async function server(play: Play): Promise<number> {
  let turn = 0;
  const listener = createServer((socket) => {
    const raw = new RawHttp2(socket);
    closers.push(() => raw.close());
    const serve = async () => {
      await raw.welcome();
      const isRequest = ({ type }: RawFrame) => type === "HEADERS";
      for (let request = await raw.next(isRequest); request; request = await raw.next(isRequest)) {
        turn += 1;
        play(raw, request.streamId, turn);
      }
    };
    void serve();
  });
  await new Promise<void>((resolve) => listener.listen(0, "127.0.0.1", resolve));
  closers.push(() => listener.close());
  return (listener.address() as AddressInfo).port;
}

interface Told {
  status?: number;
  body: string;
  failure?: string;
  sent?: boolean;
  broke?: boolean;
}

function ask(port: number, body: BodySource = EMPTY_BODY): Promise<Told> {
  return new Promise((resolve) => {
    const told: Told = { body: "" };
    const headers = new HeaderBlock(["Host", "a"]);
    const head = { method: "POST", target: "/", version: "2", headers } as const;
    pool.to({ ip: "127.0.0.1", port }).send(
      { head, body, cancel: new Cancel() },
      {
        interim() {},
        upgraded() {},
        failed: ({ failure, sent }) => resolve({ ...told, failure, sent }),
        response({ status }, answer) {
          told.status = status;
          answer.start({
            data: (chunk) => {
              told.body += Buffer.from(chunk).toString();
            },
            end: () => resolve(told),
            fail: () => resolve({ ...told, broke: true }),
          });
          answer.credit(1_000_000);
        },
      },
    );
  });
}

const code = (value: number) => Buffer.from([0, 0, 0, value]);
const reset = (streamId: number, value: number) => frame("RST_STREAM", streamId, { payload: code(value) });
const goaway = (lastStreamId: number, value = 0) =>
  frame("GOAWAY", 0, { payload: Buffer.concat([code(lastStreamId), code(value)]) });
const head = (streamId: number, ...more: [string, string][]) =>
  headersFrame(streamId, [[":status", "200"], ...more]);
const data = (streamId: number, text: string, flags = 0) =>
  frame("DATA", streamId, { flags, payload: Buffer.from(text) });
const good: Play = (raw, id) => raw.send(Buffer.concat([head(id), data(id, "good", END_STREAM)]));
const GOOD: Told = { status: 200, body: "good" };
const REFUSED_STREAM = 7;
const INTERNAL_ERROR = 2;

/** Faults that break the one request, and what is told of it; the next request is served. */
const FAULTS: Readonly<Record<string, { play: Play; told: Told }>> = {
  "resets instead of an answer": {
    play: (raw, id) => raw.send(reset(id, INTERNAL_ERROR)),
    told: { body: "", failure: "reset", sent: true },
  },
  "hangs up instead of an answer": {
    play: (raw) => raw.socket.end(),
    told: { body: "", failure: "closed", sent: true },
  },
  "resets the connection instead of an answer": {
    play: (raw) => void raw.socket.resetAndDestroy(),
    // Node tells its session of a reset as of a close.
    told: { body: "", failure: "closed", sent: true },
  },
  "sends bytes that are no frames": {
    play: (raw) => raw.send(Buffer.alloc(64, 0xff)),
    told: { body: "", failure: "malformed", sent: true },
  },
  "says goodbye after the request, then hangs up": {
    play: (raw, id) => {
      raw.send(goaway(id));
      raw.socket.end();
    },
    told: { body: "", failure: "closed", sent: true },
  },
  "resets in the body": {
    play: (raw, id) => raw.send(Buffer.concat([head(id), data(id, "half"), reset(id, INTERNAL_ERROR)])),
    told: { status: 200, body: "half", broke: true },
  },
  "hangs up in the body": {
    play: (raw, id) => {
      raw.send(Buffer.concat([head(id), data(id, "half")]));
      raw.socket.end();
    },
    told: { status: 200, body: "half", broke: true },
  },
  "ends before the length that it said": {
    play: (raw, id) =>
      raw.send(Buffer.concat([head(id, ["content-length", "9"]), data(id, "half", END_STREAM)])),
    told: { status: 200, body: "half", broke: true },
  },
  "sends more than the length that it said": {
    play: (raw, id) =>
      raw.send(Buffer.concat([head(id, ["content-length", "2"]), data(id, "much", END_STREAM)])),
    told: { status: 200, body: "", broke: true },
  },
  "refuses the stream in the middle of its answer": {
    play: (raw, id) => raw.send(Buffer.concat([head(id), data(id, "half"), reset(id, REFUSED_STREAM)])),
    told: { status: 200, body: "half", broke: true },
  },
};

for (const [name, { play, told }] of Object.entries(FAULTS)) {
  test(`a server that ${name}`, OPTIONS, async () => {
    const port = await server((raw, id, turn) => (turn === 1 ? play : good)(raw, id, turn));
    assert.deepEqual(await ask(port), told);
    assert.deepEqual(await ask(port), GOOD);
  });
}

/** Ways to say that a request was not looked at (RFC 9113 §8.7). */
const UNTOUCHED: Readonly<Record<string, Play>> = {
  "refuses the stream": (raw, id) => raw.send(reset(id, REFUSED_STREAM)),
  "said goodbye before the request came": (raw) => raw.send(goaway(0)),
  "gives up for a reason before the request came": (raw) => raw.send(goaway(0, INTERNAL_ERROR)),
  "said goodbye before the request came, and hangs up": (raw) => {
    raw.send(goaway(0));
    raw.socket.end();
  },
};

for (const [name, play] of Object.entries(UNTOUCHED)) {
  test(`a request without a body is sent again to a server that ${name}`, OPTIONS, async () => {
    const turns: number[] = [];
    const port = await server((raw, id, turn) => {
      turns.push(turn);
      (turn === 1 ? play : good)(raw, id, turn);
    });
    assert.deepEqual(await ask(port), GOOD);
    assert.equal(turns.length, 2);
  });

  test(`a request whose body has begun is not sent again to a server that ${name}`, OPTIONS, async () => {
    let turns = 0;
    const port = await server((raw, id, turn) => {
      turns = turn;
      play(raw, id, turn);
    });
    const { failure, sent } = await ask(port, bytesBody(Buffer.from("body")));
    assert.notEqual(failure, undefined);
    assert.equal(sent, true);
    assert.equal(turns, 1);
  });
}

test(
  "a server that refuses every time is told of after three tries, and the request may go elsewhere",
  OPTIONS,
  async () => {
    let turns = 0;
    const port = await server((raw, id, turn) => {
      turns = turn;
      raw.send(reset(id, REFUSED_STREAM));
    });
    assert.deepEqual(await ask(port), { body: "", failure: "reset", sent: false });
    assert.equal(turns, 3);
  },
);
