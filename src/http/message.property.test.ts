import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { BodyDecoder } from "./body-decoder.ts";
import { MalformedMessage, parseRequestHead } from "./head-parser.ts";
import { HeadReader } from "./head-reader.ts";
import { requestHeadText } from "./head-writer.ts";
import { HeaderBlock } from "./header-block.ts";
import { DEFAULT_LIMITS } from "./limits.ts";

/** What a stream of requests says, as flat text, whatever the segmentation. */
function read(bytes: Buffer, cuts: readonly number[]): string[] {
  const heads = new HeadReader(DEFAULT_LIMITS);
  const decoder = new BodyDecoder(DEFAULT_LIMITS);
  const events: string[] = [];
  const into = {
    bodyData: (chunk: Buffer) => note("data", chunk.toString("latin1")),
    bodyEnd: (trailers: HeaderBlock | undefined) =>
      events.push(`end ${JSON.stringify([...(trailers ?? [])])}`),
  };
  const note = (kind: string, text: string) => {
    const last = events.at(-1);
    // How a body is cut is the transport's affair.
    if (kind === "data" && last?.startsWith("data ")) events[events.length - 1] = last + text;
    else events.push(`${kind} ${text}`);
  };
  try {
    for (const chunk of segments(bytes, cuts)) {
      for (let at = 0; at < chunk.length; ) {
        if (!decoder.done) {
          at = decoder.decode(chunk, at, into);
          continue;
        }
        const text = heads.feed(chunk, at);
        at = heads.consumed;
        if (text === undefined) continue;
        const { facts, head } = parseRequestHead(text, 100);
        note("head", JSON.stringify([head.method, head.target, head.version, [...head.headers]]));
        decoder.begin(facts.chunked ? "chunked" : { length: Math.max(0, facts.contentLength) });
      }
    }
  } catch (error) {
    assert.ok(error instanceof MalformedMessage, String(error));
    events.push(`malformed ${error.status}`);
  }
  return events;
}

function segments(bytes: Buffer, cuts: readonly number[]): Buffer[] {
  const at = [...new Set(cuts.map((cut) => cut % (bytes.length + 1)))].sort((left, right) => left - right);
  return [...at, bytes.length].map((end, index) => bytes.subarray(index === 0 ? 0 : at[index - 1], end));
}

const tokenChars = fc.constantFrom(..."!#$%&'*+-.^_`|~09azAZ");
const token = fc.string({ unit: tokenChars, minLength: 1, maxLength: 12 });
const value = fc
  .string({ unit: fc.constantFrom(..."\t !~az09:,;=\u00e9\u00ff"), maxLength: 20 })
  .map((text) => text.replace(/^[\t ]+|[\t ]+$/g, ""));
const RESERVED = /^(?:host|content-length|transfer-encoding|connection|expect|upgrade|trailer|te)$/i;
const field = fc.tuple(
  token.filter((name) => !RESERVED.test(name)),
  value,
);
const target = fc
  .string({ unit: fc.constantFrom(..."abz/09-._~?&=;"), maxLength: 20 })
  .map((text) => `/${text}`);
const request = fc.record({
  method: token.filter((name) => name !== "CONNECT"),
  target,
  fields: fc.array(field, { maxLength: 6 }),
  body: fc.string({ unit: fc.constantFrom(..."\r\n0a;:"), maxLength: 60 }),
  chunks: fc.option(fc.array(fc.integer({ min: 1, max: 9 }), { maxLength: 5 }), { nil: undefined }),
});

type Request = typeof request extends fc.Arbitrary<infer Value> ? Value : never;

function bytesOf(sent: Request): Buffer {
  const headers = new HeaderBlock(["Host", "a.example", ...sent.fields.flat()]);
  const framing = sent.chunks ? ("chunked" as const) : ("length" as const);
  const head = { method: sent.method, target: sent.target, version: "1.1" as const, headers };
  let text = requestHeadText(head, {
    framing,
    length: sent.body.length,
    upgrade: undefined,
    defaultHost: "",
  });
  if (!sent.chunks) return Buffer.from(text + sent.body, "latin1");
  let rest = sent.body;
  for (const size of sent.chunks) {
    const part = rest.slice(0, size);
    rest = rest.slice(size);
    if (part !== "") text += `${part.length.toString(16)};x=${size}\r\n${part}\r\n`;
  }
  if (rest !== "") text += `${rest.length.toString(16)}\r\n${rest}\r\n`;
  return Buffer.from(`${text}0\r\nX-Trailer: t\r\n\r\n`, "latin1");
}

const cuts = fc.array(fc.nat(2_000), { maxLength: 12 });

test("messages written by us are read back the same, in any segmentation", () => {
  fc.assert(
    fc.property(fc.array(request, { minLength: 1, maxLength: 3 }), cuts, (requests, at) => {
      const events = read(Buffer.concat(requests.map(bytesOf)), at);
      const heads = events.filter((event) => event.startsWith("head "));
      const bodies = events.filter((event) => event.startsWith("data ")).map((event) => event.slice(5));
      assert.equal(heads.length, requests.length, events.join("\n"));
      assert.deepEqual(
        bodies,
        requests.map((sent) => sent.body).filter((body) => body !== ""),
      );
      for (const [index, sent] of requests.entries()) {
        const [method, path, , fields] = JSON.parse((heads[index] as string).slice(5)) as [
          string,
          string,
          string,
          string[][],
        ];
        assert.deepEqual([method, path], [sent.method, sent.target]);
        assert.deepEqual(fields.slice(1, 1 + sent.fields.length), sent.fields);
      }
    }),
    { numRuns: 400 },
  );
});

test("any bytes give the same events in any segmentation, and nothing but MalformedMessage is thrown", () => {
  const pieces = fc.constantFrom(
    "GET / HTTP/1.1\r\n",
    "POST /a HTTP/1.1\r\n",
    "Host: a\r\n",
    "Content-Length: 3\r\n",
    "Transfer-Encoding: chunked\r\n",
    "\r\n",
    "\n",
    "\r",
    "abc",
    "3\r\n",
    "0\r\n",
    ";ext",
    " ",
    ":",
    "\0",
    "GET",
    "HTTP/1.0",
    "X: y\r\n",
    " folded\r\n",
  );
  fc.assert(
    fc.property(fc.array(pieces, { maxLength: 16 }), cuts, (parts, at) => {
      const bytes = Buffer.from(parts.join(""), "latin1");
      const whole = read(bytes, []);
      const cut = read(bytes, at);
      // An unfinished head is refused as early as its bytes allow, which depends on where they are cut.
      const status = (events: string[]) => events.map((event) => event.replace(/^malformed .*/, "malformed"));
      assert.deepEqual(status(cut), status(whole));
    }),
    { numRuns: 1_500 },
  );
});

test("one byte at a time is linear in the length of the head", () => {
  const bytes = Buffer.from(
    `GET / HTTP/1.1\r\nHost: a\r\n${"X: yyyyyyyyyyyyyyyyyyyyyyyy\r\n".repeat(3_000)}\r\n`,
  );
  const heads = new HeadReader(DEFAULT_LIMITS);
  const startedMs = performance.now();
  let text: string | undefined;
  for (let at = 0; at < bytes.length; at++) text = heads.feed(bytes.subarray(at, at + 1), 0);
  assert.equal(text?.length, bytes.length);
  assert.ok(performance.now() - startedMs < 5_000);
});
