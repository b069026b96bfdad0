import assert from "node:assert/strict";
import { once } from "node:events";
import { Duplex } from "node:stream";
import { describe, test } from "node:test";
import { constants, createDeflate, createInflate } from "node:zlib";
import fc from "fast-check";
import { DICTIONARY } from "./spdy-dictionary.ts";
import {
  CONTROL,
  controlFrame,
  dataHead,
  FIN,
  type Frame,
  FrameReader,
  numbers,
  SpdyError,
} from "./spdy-frames.ts";
import { SpdySession, type SpdyStream } from "./spdy-session.ts";

/** A session with a client that writes frames by hand, and compresses its headers as clients do. */
function connection() {
  const frames: Frame[] = [];
  const reader = new FrameReader();
  let heard = () => {};
  const transport = new Duplex({
    read() {},
    write(bytes: Buffer, _encoding, done) {
      frames.push(...reader.push(bytes));
      heard();
      done();
    },
  });
  const streams: SpdyStream[] = [];
  const session = new SpdySession({ transport, onStream: (stream) => streams.push(stream) });
  const deflate = createDeflate({ dictionary: DICTIONARY, flush: constants.Z_SYNC_FLUSH });
  const until = async (holds: () => boolean) => {
    while (!holds()) {
      await new Promise<void>((resolve) => {
        heard = resolve;
        setImmediate(resolve);
      });
    }
  };
  return { session, transport, streams, frames, deflate, until };
}

type Connection = ReturnType<typeof connection>;

async function blockOf({ deflate }: Connection, headers: Record<string, string>): Promise<Buffer> {
  const word = (text: string) => [numbers(text.length), Buffer.from(text)];
  const pairs = Object.entries(headers);
  const text = Buffer.concat([numbers(pairs.length), ...pairs.flat().flatMap(word)]);
  await new Promise<void>((resolve) => deflate.write(text, () => resolve()));
  return deflate.read() as Buffer;
}

async function open(to: Connection, id: number, headers: Record<string, string> = {}): Promise<SpdyStream> {
  const head = Buffer.concat([numbers(id, 0), Buffer.alloc(2)]);
  const count = to.streams.length;
  to.transport.push(controlFrame(CONTROL.synStream, Buffer.concat([head, await blockOf(to, headers)])));
  await to.until(() => to.streams.length > count);
  const stream = to.streams.at(-1);
  assert.ok(stream);
  stream.on("error", () => {});
  return stream;
}

const dataOf = ({ frames }: Connection, id: number) =>
  Buffer.concat(
    frames.flatMap((frame) => (frame.type === "data" && frame.stream === id ? [frame.bytes] : [])),
  ).toString();

const controls = ({ frames }: Connection, kind: number) =>
  frames.flatMap((frame) => (frame.type === "control" && frame.kind === kind ? [frame.payload] : []));

describe("a SPDY session", () => {
  test("opens streams with their headers, of which later ones are compressed with the earlier ones", async () => {
    const client = connection();
    const first = await open(client, 1, { streamType: "error", port: "8080", requestID: "0" });
    const second = await open(client, 3, { streamType: "data", port: "8080", requestID: "0" });
    assert.deepEqual(Object.fromEntries(first.headers), {
      streamtype: "error",
      port: "8080",
      requestid: "0",
    });
    assert.equal(second.headers.get("streamtype"), "data");
    client.session.close();
  });

  test("answers each stream with empty headers that the client can read", async () => {
    const client = connection();
    await open(client, 1);
    await open(client, 3);
    const inflate = createInflate({ dictionary: DICTIONARY });
    const replies = controls(client, CONTROL.synReply);
    assert.deepEqual(
      replies.map((payload) => payload.readUInt32BE(0)),
      [1, 3],
    );
    for (const payload of replies) {
      inflate.write(payload.subarray(4));
      const [text] = await once(inflate, "data");
      assert.deepEqual(text, numbers(0));
    }
    client.session.close();
  });

  test("carries each stream's bytes whole, however the connection cuts them", async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.tuple(fc.constantFrom(1, 3), fc.string({ maxLength: 40 })), { maxLength: 10 }),
        fc.integer({ min: 1, max: 30 }),
        async (parts, cut) => {
          const client = connection();
          const streams = [await open(client, 1), await open(client, 3)];
          const bytes = Buffer.concat([
            ...parts.flatMap(([id, text]) => [dataHead(id, Buffer.byteLength(text)), Buffer.from(text)]),
            ...[1, 3].map((id) => dataHead(id, 0, FIN)),
          ]);
          const texts = streams.map(async (stream) => {
            let text = "";
            for await (const part of stream.iterator({ destroyOnReturn: false }))
              text += part.toString("latin1");
            return text;
          });
          for (let at = 0; at < bytes.length; at += cut) client.transport.push(bytes.subarray(at, at + cut));
          const wanted = [1, 3].map((id) =>
            Buffer.from(parts.map(([of, text]) => (of === id ? text : "")).join("")).toString("latin1"),
          );
          assert.deepEqual(await Promise.all(texts), wanted);
          client.session.close();
        },
      ),
      { numRuns: 20 },
    );
  });

  test("sends what is written, and its end", async () => {
    const client = connection();
    const stream = await open(client, 1);
    stream.write("hello ");
    stream.end("world");
    await once(stream, "finish");
    assert.equal(dataOf(client, 1), "hello world");
    assert.ok(client.frames.some((frame) => frame.type === "data" && frame.isLast));
    client.session.close();
  });

  test("echoes pings", async () => {
    const client = connection();
    client.transport.push(controlFrame(CONTROL.ping, numbers(7)));
    await client.until(() => controls(client, CONTROL.ping).length === 1);
    assert.deepEqual(controls(client, CONTROL.ping), [numbers(7)]);
    client.session.close();
  });

  test("resets a stream that is destroyed, and not one that the client has reset", async () => {
    const client = connection();
    const [ours, theirs] = [await open(client, 1), await open(client, 3)];
    ours.destroy();
    client.transport.push(controlFrame(CONTROL.rstStream, numbers(3, 5)));
    await once(theirs, "close");
    assert.deepEqual(controls(client, CONTROL.rstStream), [numbers(1, 5)]);
    client.session.close();
  });

  test("a stream that nobody reads holds up the connection before its memory grows, until it is read", async () => {
    const client = connection();
    const full = await open(client, 1);
    const other = await open(client, 3);
    const part = Buffer.alloc(64 * 1024);
    for (let sent = 0; sent < 4; sent++) {
      client.transport.push(Buffer.concat([dataHead(1, part.length), part]));
      await new Promise((resolve) => setImmediate(resolve));
    }
    client.transport.push(Buffer.concat([dataHead(3, 2), Buffer.from("hi")]));
    await new Promise((resolve) => setImmediate(resolve));
    assert.equal(full.readableLength, 2 * part.length);
    assert.equal(other.readableLength, 0);
    full.resume();
    const [text] = await once(other, "data");
    assert.equal(String(text), "hi");
    client.session.close();
  });

  for (const [what, bytes] of [
    ["another version", Buffer.from("8002000100000000", "hex")],
    ["a control frame without end", Buffer.from("8003000100ffffff", "hex")],
    ["an even stream", controlFrame(CONTROL.synStream, Buffer.concat([numbers(2, 0), Buffer.alloc(8)]))],
    [
      "headers that are no zlib",
      controlFrame(CONTROL.synStream, Buffer.concat([numbers(1, 0), Buffer.alloc(9, 7)])),
    ],
    ["HTTP", Buffer.from("\x80\x03GET / HTTP/1.1\r\n\r\n", "latin1")],
  ] as const) {
    test(`${what} ends it with a reason, and its streams with it`, async () => {
      const client = connection();
      const stream = await open(client, 1);
      client.transport.push(bytes);
      assert.match(String(await client.session.closed), /stream|SPDY|control frame|header/i);
      assert.equal(stream.destroyed, true);
    });
  }

  test("a client that leaves ends its streams without a reason", async () => {
    const client = connection();
    const stream = await open(client, 1);
    client.transport.push(null);
    assert.equal(await client.session.closed, undefined);
    assert.equal(stream.destroyed, true);
  });

  test("whatever bytes come, it ends, and for no reason of its own making", async () => {
    const whole = connection();
    const opening = [
      numbers(1, 0),
      Buffer.alloc(2),
      await blockOf(whole, { streamType: "data", port: "80" }),
    ];
    const talk = Buffer.concat([
      controlFrame(CONTROL.synStream, Buffer.concat(opening)),
      dataHead(1, 5),
      Buffer.from("hello"),
      controlFrame(CONTROL.ping, numbers(1)),
      controlFrame(CONTROL.rstStream, numbers(1, 5)),
    ]);
    whole.session.close();
    const change = fc.tuple(fc.nat(talk.length - 1), fc.integer({ min: 0, max: 255 }));
    await fc.assert(
      fc.asyncProperty(
        fc.array(change, { maxLength: 6 }),
        fc.integer({ min: 1, max: 40 }),
        async (changes, cut) => {
          const bytes = Buffer.from(talk);
          for (const [at, value] of changes) bytes[at] = value;
          const client = connection();
          for (let at = 0; at < bytes.length; at += cut) client.transport.push(bytes.subarray(at, at + cut));
          client.transport.push(null);
          const reason = await client.session.closed;
          assert.ok(reason === undefined || reason instanceof SpdyError, String(reason));
        },
      ),
      { numRuns: 200 },
    );
  });
});
