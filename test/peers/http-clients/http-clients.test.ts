import assert from "node:assert/strict";
import { spawn, spawnSync } from "node:child_process";
import { createHash } from "node:crypto";
import { once } from "node:events";
import { connect } from "node:net";
import { Readable } from "node:stream";
import { pipeline } from "node:stream/promises";
import { after, before, test } from "node:test";
import { fileURLToPath } from "node:url";
import { systemClock } from "../../../src/base/clock.ts";
import { systemRandom } from "../../../src/base/random.ts";
import { forward } from "../../../src/http/forward.ts";
import { systemNetwork } from "../../../src/http/network.ts";
import { UpstreamPool } from "../../../src/http/pool.ts";
import { respondWith } from "../../../src/http/responses.ts";
import { HttpServer } from "../../../src/http/server.ts";
import { go, skipWithoutGo } from "../../support/go.ts";
import { run } from "../../support/run.ts";
import { pattern, startApplication, sumOf } from "./application.ts";

/** Clients that others wrote, through the engine to an application: kept connections, large bodies, upgrades. */

/** 1 GiB where CI=true, less beside other work. */
const LARGE_BYTES = Number(
  process.env.EBB_PEER_BYTES ?? (process.env.CI === "true" ? 1024 ** 3 : 128 * 1024 ** 2),
);
const MIDDLE_BYTES = 32 * 1024 * 1024;
const GROWN_BYTES_MAX = 192 * 1024 * 1024;
const LONG = { timeout: 180_000 };
const SHORT = { timeout: 60_000 };
const folder = fileURLToPath(new URL(".", import.meta.url));
const network = systemNetwork(systemClock);
const pool = new UpstreamPool({ network, clock: systemClock, random: systemRandom });
const closers: (() => unknown)[] = [() => pool.close()];
let port = 0;
let base = "";

const has = (program: string, args: readonly string[]) => spawnSync(program, args).status === 0;
const without = (program: string, ...args: string[]) => (has(program, args) ? false : `no ${program} here`);

before(async () => {
  const application = await startApplication();
  const upstream = pool.to({ ip: "127.0.0.1", port: application.port });
  const server = new HttpServer({
    clock: systemClock,
    http2: true,
    handler: (exchange) => {
      const failed = (error: Error) => respondWith(exchange, { status: 502, body: error.message });
      forward(exchange, upstream, { speaks: "1.1", failed });
    },
  });
  const listener = await network.listen({ ip: "127.0.0.1", port: 0 }, server.accept);
  port = listener.address.port;
  base = `http://127.0.0.1:${port}`;
  closers.push(
    () => application.close(),
    () => server.closeNow(),
    () => listener.close(),
  );
});

after(async () => {
  for (const close of closers.reverse()) await close();
});

/** Runs it and checks that the memory of this process, engine and application together, does not grow with it. */
async function inFlatMemory(work: () => Promise<void>): Promise<void> {
  const before = process.memoryUsage().rss;
  let most = before;
  const look = setInterval(() => {
    most = Math.max(most, process.memoryUsage().rss);
  }, 20);
  await work();
  clearInterval(look);
  assert.ok(most - before < GROWN_BYTES_MAX, `${most - before} bytes more at the most`);
}

for (const version of ["--http1.1", "--http2-prior-knowledge"]) {
  test(
    `curl ${version} fetches a large body whole, in flat memory`,
    { ...LONG, skip: without("curl", "-V") },
    () =>
      inFlatMemory(async () => {
        const curl = spawn("curl", ["-sS", version, `${base}/bytes?n=${LARGE_BYTES}`]);
        const hash = createHash("sha256");
        await pipeline(curl.stdout, hash);
        assert.equal(hash.digest("hex"), sumOf(pattern(LARGE_BYTES)));
      }),
  );

  test(
    `curl ${version} sends a large body whole, in flat memory`,
    { ...LONG, skip: without("curl", "-V") },
    () =>
      inFlatMemory(async () => {
        const curl = spawn("curl", ["-sS", version, "-T", "-", `${base}/sum`]);
        const hash = createHash("sha256");
        const hashed = function* () {
          for (const chunk of pattern(LARGE_BYTES)) {
            hash.update(chunk);
            yield chunk;
          }
        };
        const answer = once(curl.stdout, "data");
        await pipeline(Readable.from(hashed()), curl.stdin);
        assert.equal(String((await answer)[0]), hash.digest("hex"));
      }),
  );
}

test("curl's kept connection carries many requests", { ...SHORT, skip: without("curl", "-V") }, async () => {
  const { stdout } = await run("curl", ["-sS", "-w", "%{num_connects} ", `${base}/bytes?n=0&x=[1-200]`]);
  assert.deepEqual(stdout.trim().split(" ").map(Number), [1, ...new Array<number>(199).fill(0)]);
});

/** The machine's own too: a Python that comes first on PATH need not have the library. */
const python = ["python3", "/usr/bin/python3"].find((program) => has(program, ["-c", "import requests"]));

test("Python's requests keeps its connection and sends and gets large bodies", {
  ...SHORT,
  skip: python === undefined && "no python3 with the library requests here",
}, async () => {
  const program = `
import hashlib, requests, sys
base, size = sys.argv[1], int(sys.argv[2])
session = requests.Session()
for n in range(200):
    assert len(session.get(base + "/bytes", params={"n": n}).content) == n
body = b"0123456789abcdef!" * (size // 17)
assert session.post(base + "/sum", data=body).text == hashlib.sha256(body).hexdigest()
pieces = (body[at:at + 100_000] for at in range(0, len(body), 100_000))
assert session.post(base + "/sum", data=pieces).text == hashlib.sha256(body).hexdigest()
print(hashlib.sha256(session.get(base + "/bytes", params={"n": size, "length": 1}).content).hexdigest())
`;
  const { code, stdout, stderr } = await run(python ?? "python3", [
    "-c",
    program,
    base,
    String(MIDDLE_BYTES),
  ]);
  assert.equal(code, 0, stderr);
  assert.equal(stdout.trim(), sumOf(pattern(MIDDLE_BYTES)));
});

test("Node's fetch keeps its connections and sends and gets large bodies", SHORT, async () => {
  const small = Array.from({ length: 200 }, async (_, n) => {
    assert.equal((await (await fetch(`${base}/bytes?n=${n}`)).arrayBuffer()).byteLength, n);
  });
  await Promise.all(small);
  const body = Buffer.concat([...pattern(MIDDLE_BYTES)]);
  assert.equal(await (await fetch(`${base}/sum`, { method: "POST", body })).text(), sumOf([body]));
  const got = Buffer.from(await (await fetch(`${base}/bytes?n=${MIDDLE_BYTES}`)).arrayBuffer());
  assert.equal(sumOf([got]), sumOf([body]));
});

test("Go's net/http asks side by side and sends a large body", {
  timeout: 180_000,
  skip: skipWithoutGo,
}, async () => {
  if ("missing" in go) throw new Error(go.missing);
  const { code, stdout, stderr } = await run(go.path, ["run", ".", base], { cwd: folder });
  assert.equal(code, 0, stderr);
  assert.equal(stdout.trim(), "ok");
});

test("wrk sees no error on 64 connections", {
  ...SHORT,
  skip: without("which", "wrk"),
}, async () => {
  const { stdout } = await run("wrk", ["-t1", "-c64", "-d2s", `${base}/bytes?n=100`]);
  assert.doesNotMatch(stdout, /Socket errors|Non-2xx/, stdout);
  assert.match(stdout, /[1-9]\d* requests in/);
});

test("a WebSocket client talks to its application", SHORT, async () => {
  const socket = new WebSocket(`ws://127.0.0.1:${port}/`);
  await once(socket, "open");
  for (const word of ["one", "two", "three"]) {
    socket.send(word);
    const [event] = (await once(socket, "message")) as [MessageEvent];
    assert.equal(event.data, word);
  }
  socket.close();
});

test("an upgraded connection carries early bytes, a large echo and a half-close", LONG, () =>
  inFlatMemory(async () => {
    const socket = connect({ host: "127.0.0.1", port, allowHalfOpen: true });
    const sent = createHash("sha256");
    const got = createHash("sha256");
    const everything = function* () {
      for (const chunk of pattern(LARGE_BYTES)) {
        sent.update(chunk);
        yield chunk;
      }
    };
    const early = Buffer.from("bytes that come with the request");
    sent.update(early);
    const head = "GET / HTTP/1.1\r\nHost: a\r\nConnection: Upgrade\r\nUpgrade: echo\r\n\r\n";
    socket.write(Buffer.concat([Buffer.from(head), early]));
    let headLeft = true;
    socket.on("data", (chunk: Buffer) => {
      const end = headLeft ? chunk.indexOf("\r\n\r\n") + 4 : 0;
      headLeft = false;
      got.update(chunk.subarray(end));
    });
    const ended = once(socket, "end");
    await pipeline(Readable.from(everything()), socket);
    await ended;
    assert.equal(got.digest("hex"), sent.digest("hex"));
  }),
);
