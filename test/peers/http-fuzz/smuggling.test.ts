import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { after, before, type TestContext, test } from "node:test";
import { systemClock } from "../../../src/base/clock.ts";
import { seededRandom, systemRandom } from "../../../src/base/random.ts";
import { forward } from "../../../src/http/forward.ts";
import { systemNetwork } from "../../../src/http/network.ts";
import { UpstreamPool } from "../../../src/http/pool.ts";
import { respondWith } from "../../../src/http/responses.ts";
import { HttpServer } from "../../../src/http/server.ts";
import { answerTo } from "../../support/half-close.ts";
import { NotedExchange } from "../../support/noted-exchange.ts";
import { nextInput } from "./inputs.ts";
import { described, hasNginx, llhttpReader, nginxReaders, type Reader } from "./parsers.ts";

/**
 * The corpus of request smuggling through ebb to two servers of different make: each must take exactly the requests
 * that ebb forwarded, with their bodies.
 */

const corpus = new URL("../../corpus/request-smuggling.json", import.meta.url);
const CASES = JSON.parse(readFileSync(corpus, "utf8")) as { name: string; bytes: string }[];
/** What nginx answers with 400 by itself, before and without a request behind it. */
const REFUSED_BY_NGINX = new Set([
  'line, "OPTIONS * HTTP/1.1\\r\\nHost: a\\r\\n\\r\\n"',
  'line, "GET / HTTP/1.1\\r\\nHost:\\r\\n\\r\\n"',
]);
const network = systemNetwork(systemClock);
const pool = new UpstreamPool({ network, clock: systemClock, random: systemRandom });
const behind: Record<string, Reader> = {};

before(async () => {
  if (!hasNginx && process.env.CI === "true") throw new Error("nginx is missing: install nginx-light");
  behind.llhttp = await llhttpReader();
  const [nginx] = hasNginx ? await nginxReaders(1) : [];
  if (nginx) behind.nginx = nginx;
});

after(async () => {
  pool.close();
  for (const reader of Object.values(behind)) await reader.close();
});

interface Proxied {
  readonly reader: Reader;
  /** Through ebb to the reader; resolves with what ebb forwarded. */
  send(bytes: string): Promise<readonly string[]>;
}

/** undefined where that server is not installed. */
async function proxyTo(name: string, context: TestContext): Promise<Proxied | undefined> {
  const reader = behind[name];
  if (reader === undefined) {
    context.skip(`${name} is not installed`);
    return undefined;
  }
  const upstream = pool.to({ ip: "127.0.0.1", port: reader.port });
  const forwarded: string[] = [];
  const server = new HttpServer({
    clock: systemClock,
    limits: { lingerMs: 50 },
    handler: (exchange) => {
      const { method } = exchange.request;
      const noted = new NotedExchange(exchange, (body) => forwarded.push(described(method, body)));
      forward(noted, upstream, {
        failed: (error) => respondWith(exchange, { status: 502, body: error.code }),
      });
    },
  });
  const listener = await network.listen({ ip: "127.0.0.1", port: 0 }, server.accept);
  context.after(async () => {
    server.closeNow();
    await listener.close();
  });
  return {
    reader,
    async send(bytes) {
      forwarded.length = 0;
      reader.taken.length = 0;
      await answerTo(listener.address.port, bytes);
      return forwarded;
    },
  };
}

/** Half of CI's minute for each server; `npm run fuzz` goes on for an hour. */
const MS = Number(process.env.EBB_FUZZ_MS ?? (process.env.CI === "true" ? "60000" : "4000")) / 2;
const SEED = process.env.CI === "true" ? 1 : Date.now() % 1_000_000;

/** A server may refuse what ebb forwarded; what it takes is what was forwarded, in that order. */
function isPartOf(taken: readonly string[], forwarded: readonly string[]): boolean {
  let at = 0;
  for (const request of forwarded) if (request === taken[at]) at++;
  return at === taken.length;
}

/** Neither server knows every method that HTTP allows. */
function isAllThatIsKnown(taken: readonly string[], forwarded: readonly string[]): boolean {
  const known = forwarded.filter((request) => /^(?:GET|HEAD|POST|PUT|DELETE|OPTIONS|PATCH) /.test(request));
  return JSON.stringify(taken) === JSON.stringify(known);
}

/** What is wrong about these bytes, or undefined. Sent twice: a loaded machine may be late with a request. */
async function wrongAbout(
  { reader, send }: Proxied,
  bytes: string,
  isRight: (taken: readonly string[], forwarded: readonly string[]) => boolean,
): Promise<string | undefined> {
  let wrong: string | undefined;
  for (let time = 0; time < 2; time++) {
    const forwarded = await send(bytes);
    if (isRight(reader.taken, forwarded)) return undefined;
    wrong = `ebb forwarded ${forwarded}, ${reader.taken} were taken`;
  }
  return wrong;
}

for (const name of ["llhttp", "nginx"]) {
  test(`no changed case makes ${name} take what ebb did not forward`, {
    timeout: MS + 60_000,
  }, async (context) => {
    const proxied = await proxyTo(name, context);
    if (proxied === undefined) return;
    const random = seededRandom(SEED);
    const wrong: string[] = [];
    let runs = 0;
    for (const end = Date.now() + MS; Date.now() < end && wrong.length < 10; runs++) {
      const bytes = nextInput(random);
      const found = await wrongAbout(proxied, bytes, isPartOf);
      if (found !== undefined) wrong.push(`${JSON.stringify(bytes)}: ${found}`);
    }
    context.diagnostic(`${runs} inputs, seed ${SEED}`);
    assert.deepEqual(wrong, []);
  });

  test(`no case makes ebb and ${name} disagree about where a request ends`, {
    timeout: 120_000,
  }, async (context) => {
    const proxied = await proxyTo(name, context);
    if (proxied === undefined) return;
    const wrong: string[] = [];
    for (const { name: about, bytes } of CASES) {
      if (name === "nginx" && REFUSED_BY_NGINX.has(about)) continue;
      const found = await wrongAbout(proxied, bytes, isAllThatIsKnown);
      if (found !== undefined) wrong.push(`${about}: ${found}`);
    }
    assert.deepEqual(wrong, []);
  });
}
