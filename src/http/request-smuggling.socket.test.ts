import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { createServer, type IncomingMessage, METHODS, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { after, before, test } from "node:test";
import { answerTo } from "../../test/support/half-close.ts";
import { NotedExchange } from "../../test/support/noted-exchange.ts";
import { systemClock } from "../base/clock.ts";
import { type Random, randomInt, seededRandom, systemRandom } from "../base/random.ts";
import type { Listener } from "./conn.ts";
import { forward } from "./forward.ts";
import { systemNetwork } from "./network.ts";
import { UpstreamPool } from "./pool.ts";
import { respondWith } from "./responses.ts";
import { HttpServer } from "./server.ts";

/**
 * Each case is sent through a proxy to a strict server (llhttp). Whatever the proxy makes of it, the server must see
 * as many requests as the proxy forwarded, with the bodies that the proxy saw: one more or less is a desync.
 */

interface Case {
  readonly name: string;
  readonly bytes: string;
}

const corpus = new URL("../../test/corpus/request-smuggling.json", import.meta.url);
const CASES = JSON.parse(readFileSync(corpus, "utf8")) as Case[];
/** Agreed: what we accept although llhttp refuses it. */
const ACCEPTED_ANYWAY = new Set([
  // White space after a value may be a tab (RFC 9110 §5.5).
  'TE alone, "Transfer-Encoding: chunked\\t"',
  // Fields that must not be trailers are left out and never forwarded (RFC 9110 §6.5.1).
  'chunks, "5\\r\\nhello\\r\\n0\\r\\nContent-Length: 50\\r\\n\\r\\n"',
  'chunks, "5\\r\\nhello\\r\\n0\\r\\nTransfer-Encoding: chunked\\r\\n\\r\\n"',
]);

const network = systemNetwork(systemClock);
const pool = new UpstreamPool({ network, clock: systemClock, random: systemRandom });
const seen: string[] = [];
const forwarded: string[] = [];
const strictSeen: string[] = [];
let broken = 0;
let backend: Server;
let direct: Server;
let proxy: Listener;

function backendHost(): string {
  return `127.0.0.1:${(backend.address() as AddressInfo).port}`;
}

function whole(request: IncomingMessage, done: (text: string) => void): void {
  let body = "";
  request.setEncoding("latin1");
  request.on("data", (text: string) => {
    body += text;
  });
  request.on("end", () =>
    done(`${request.method} ${request.url} ${request.headers.host} ${JSON.stringify(body)}`),
  );
}

function strictServer(note: (text: string) => void): Promise<Server> {
  const server = createServer((request, response) => {
    whole(request, (text) => {
      note(text);
      response.end("ok");
    });
  });
  server.on("clientError", (error: NodeJS.ErrnoException, socket) => {
    // A request that the proxy cuts, because the client's body is malformed, is no disagreement.
    if (error.code?.startsWith("HPE_") && error.code !== "HPE_INVALID_EOF_STATE") broken++;
    socket.end("HTTP/1.1 400 Bad Request\r\nConnection: close\r\n\r\n");
  });
  return new Promise((resolve) => server.listen(0, "127.0.0.1", () => resolve(server)));
}

before(async () => {
  backend = await strictServer((text) => seen.push(text));
  direct = await strictServer((text) => strictSeen.push(text));
  const upstream = pool.to({ ip: "127.0.0.1", port: (backend.address() as AddressInfo).port });
  const server = new HttpServer({
    clock: systemClock,
    limits: { lingerMs: 50 },
    handler: (exchange) => {
      const { method, target, headers } = exchange.request;
      const noted = new NotedExchange(exchange, (body) => {
        forwarded.push(`${method} ${target} ${headers.get("host") ?? backendHost()} ${JSON.stringify(body)}`);
      });
      forward(noted, upstream, {
        failed: (error) => respondWith(exchange, { status: 502, body: error.code }),
      });
    },
  });
  proxy = await network.listen({ ip: "127.0.0.1", port: 0 }, server.accept);
});

after(async () => {
  pool.close();
  await proxy.close();
  for (const server of [backend, direct]) {
    server.closeAllConnections();
    server.close();
  }
});

test("the corpus has at least 200 different cases", () => {
  assert.ok(new Set(CASES.map(({ bytes }) => bytes)).size >= 200);
});

test("no case makes proxy and server disagree about where a request ends", async () => {
  for (const { name, bytes } of CASES) {
    seen.length = 0;
    forwarded.length = 0;
    broken = 0;
    const answer = await answerTo(proxy.address.port, bytes);
    assert.doesNotMatch(answer, /TIMEOUT/, `${name}: no end\n${answer}`);
    // Methods are open-ended in HTTP, while llhttp knows a list of them.
    const known = forwarded.filter((line) => METHODS.includes(line.split(" ")[0] ?? ""));
    assert.equal(broken, forwarded.length - known.length, `${name}: the server refused what the proxy sent`);
    assert.deepEqual(seen, known, `${name}: the server saw other requests`);
    // Every answer is to a request that the client really sent in this place.
    const answers = answer.match(/HTTP\/1\.[01] [2-5]\d\d/g)?.length ?? 0;
    assert.ok(answers <= (bytes.match(/HTTP\/1/g)?.length ?? 0) + 1, `${name}: too many answers\n${answer}`);
  }
});

test("a first request that llhttp refuses is refused, but for the agreed list", async () => {
  const more: string[] = [];
  for (const { name, bytes } of CASES) {
    strictSeen.length = 0;
    forwarded.length = 0;
    await answerTo((direct.address() as AddressInfo).port, bytes);
    await answerTo(proxy.address.port, bytes);
    if (strictSeen.length === 0 && forwarded.length > 0 && !ACCEPTED_ANYWAY.has(name)) more.push(name);
  }
  assert.deepEqual(more, []);
});

const PIECES = [
  "\r",
  "\n",
  "\r\n",
  " ",
  "\t",
  ":",
  ";",
  ",",
  "\0",
  "0",
  "5",
  "chunked",
  "Content-Length: 3\r\n",
  "\x80",
  "\x7f",
  "=",
];

/** Cuts a piece out, doubles it, or puts another one in, a few times. */
function mutated(bytes: string, random: Random): string {
  let text = bytes;
  for (let edits = 1 + randomInt(random, 3); edits > 0; edits--) {
    const at = randomInt(random, text.length);
    const to = at + 1 + randomInt(random, 4);
    const kind = randomInt(random, 3);
    const put =
      kind === 0
        ? ""
        : kind === 1
          ? text.slice(at, to) + text.slice(at, to)
          : PIECES[randomInt(random, PIECES.length)];
    text = text.slice(0, at) + put + text.slice(kind === 2 ? at : to);
  }
  return text;
}

test("mutations of the corpus: no desync, and nothing accepted that llhttp refuses", async () => {
  const random = seededRandom(77);
  const wrong: string[] = [];
  for (let run = 0; run < 1500; run++) {
    const base = CASES[randomInt(random, CASES.length)] as Case;
    if (ACCEPTED_ANYWAY.has(base.name)) continue;
    const bytes = mutated(base.bytes, random);
    for (const list of [seen, forwarded, strictSeen]) list.length = 0;
    await answerTo((direct.address() as AddressInfo).port, bytes);
    broken = 0;
    await answerTo(proxy.address.port, bytes);
    // Any token is a method (RFC 9110 §9.1); llhttp knows a list.
    const methods = [bytes, ...forwarded].map((text) => text.split(" ", 1)[0] ?? "");
    if (methods.some((method) => !METHODS.includes(method))) continue;
    // Agreed as well: bytes above 127 in a target, which we escape, and a tab after a value.
    if (/^\w+ [^ ]*[\x80-\xff]/.test(bytes) || /Transfer-Encoding: chunked\t\r/.test(bytes)) continue;
    const about = JSON.stringify(bytes);
    if (broken > 0) wrong.push(`the server refused what the proxy sent: ${about}`);
    if (JSON.stringify(seen) !== JSON.stringify(forwarded)) wrong.push(`desync: ${about}`);
    if (strictSeen.length === 0 && forwarded.length > 0) wrong.push(`more permissive than llhttp: ${about}`);
  }
  assert.deepEqual(wrong, []);
});
