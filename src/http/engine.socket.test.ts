import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { createServer, request as httpRequest } from "node:http";
import { type AddressInfo, connect, createServer as createNetServer, type Socket } from "node:net";
import { after, test } from "node:test";
import { setTimeout as pause } from "node:timers/promises";
import { until } from "../../test/support/until.ts";
import { systemClock } from "../base/clock.ts";
import { systemRandom } from "../base/random.ts";
import type { Listener } from "./conn.ts";
import { httpFetch } from "./fetch.ts";
import { forward } from "./forward.ts";
import { inProcessUpstream } from "./in-process-upstream.ts";
import type { Exchange, Handler } from "./message.ts";
import { systemNetwork } from "./network.ts";
import { UpstreamPool } from "./pool.ts";
import { respondWith } from "./responses.ts";
import { HttpServer } from "./server.ts";

/** The engine on real sockets: what a simulated network cannot show. */

const network = systemNetwork(systemClock);
const OPTIONS = { timeout: 60_000 };
const pool = new UpstreamPool({ network, clock: systemClock, random: systemRandom });
const closers: (() => unknown)[] = [() => pool.close()];
after(async () => {
  for (const close of closers) await close();
});

async function proxyTo(port: number, inProcess = false): Promise<{ listener: Listener; server: HttpServer }> {
  const upstream = pool.to({ ip: "127.0.0.1", port });
  const handler: Handler = (exchange: Exchange) =>
    forward(exchange, upstream, {
      failed: (error) => respondWith(exchange, { status: 502, body: error.failure }),
    });
  const inner = inProcessUpstream(handler, { remoteAddress: "127.0.0.1" });
  const outer: Handler = (exchange) =>
    forward(exchange, inner, {
      failed: (error) => respondWith(exchange, { status: 502, body: error.failure }),
    });
  const server = new HttpServer({
    clock: systemClock,
    handler: inProcess ? outer : handler,
    limits: { lingerMs: 100 },
  });
  const listener = await network.listen({ ip: "127.0.0.1", port: 0 }, server.accept);
  closers.push(
    () => server.closeNow(),
    () => listener.close(),
  );
  return { listener, server };
}

async function echoApp(): Promise<number> {
  const server = createServer((request, response) => {
    response.writeHead(200, { "content-type": "application/octet-stream" });
    request.pipe(response);
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  closers.push(() => {
    server.closeAllConnections();
    server.close();
  });
  return (server.address() as AddressInfo).port;
}

async function rawApp(onSocket: (socket: Socket) => void): Promise<number> {
  const server = createNetServer({ allowHalfOpen: true }, (socket) => {
    socket.on("error", () => {});
    onSocket(socket);
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  closers.push(() => server.close());
  return (server.address() as AddressInfo).port;
}

/** An application that is asked and never answers. */
async function silentApp(): Promise<{ app: number; asked: Promise<void>; closed: Promise<void> }> {
  const [asked, closed] = [Promise.withResolvers<void>(), Promise.withResolvers<void>()];
  const app = await rawApp((socket) => {
    socket.once("data", () => asked.resolve());
    socket.once("close", () => closed.resolve());
  });
  return { app, asked: asked.promise, closed: closed.promise };
}

/** Sends `megabytes` by chunked upload and reads the echo; resolves with both checksums. */
function upload(port: number, megabytes: number): Promise<{ sent: string; got: string; bytes: number }> {
  const sent = createHash("sha1");
  const got = createHash("sha1");
  let bytes = 0;
  return new Promise((resolve, reject) => {
    const request = httpRequest({ port, host: "127.0.0.1", method: "POST", path: "/" }, (response) => {
      response.on("data", (chunk: Buffer) => {
        got.update(chunk);
        bytes += chunk.length;
      });
      response.on("end", () => resolve({ sent: sent.digest("hex"), got: got.digest("hex"), bytes }));
    });
    request.on("error", reject);
    let left = megabytes;
    const more = () => {
      for (; left > 0; left--) {
        const chunk = Buffer.alloc(1024 * 1024, left);
        sent.update(chunk);
        if (!request.write(chunk)) {
          left--;
          request.once("drain", more);
          return;
        }
      }
      request.end();
    };
    more();
  });
}

for (const inProcess of [false, true]) {
  test(
    `passes 192 MiB both ways unharmed and in flat memory (${inProcess ? "two hops" : "one hop"})`,
    OPTIONS,
    async () => {
      const { listener } = await proxyTo(await echoApp(), inProcess);
      await upload(listener.address.port, 4);
      const before = process.memoryUsage();
      let peakBytes = 0;
      const watch = setInterval(() => {
        const { arrayBuffers } = process.memoryUsage();
        peakBytes = Math.max(peakBytes, arrayBuffers - before.arrayBuffers);
      }, 5);
      const { sent, got, bytes } = await upload(listener.address.port, 192);
      clearInterval(watch);
      assert.deepEqual([got, bytes], [sent, 192 * 1024 * 1024]);
      // Client and application live in this process too, and what is freed waits for the collector.
      assert.ok(peakBytes < 120 * 1024 * 1024, `${Math.round(peakBytes / 1024 / 1024)} MiB`);
    },
  );
}

test(
  "an application that sends without end is held back by a client that does not read",
  OPTIONS,
  async () => {
    let written = 0;
    const app = await rawApp((socket) => {
      socket.once("data", () => {
        socket.write("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n");
        const chunk = `10000\r\n${"x".repeat(0x10000)}\r\n`;
        const more = () => {
          while (!socket.destroyed && socket.write(chunk)) written += chunk.length;
          written += chunk.length;
        };
        socket.on("drain", more);
        more();
      });
    });
    const { listener } = await proxyTo(app);
    const client = connect(listener.address.port, "127.0.0.1");
    client.write("GET / HTTP/1.1\r\nHost: a\r\n\r\n");
    client.pause();
    // Only kernels and one window each hold anything; how much a kernel takes is its own affair.
    for (let before = -1; before !== written && written < 64_000_000; ) {
      before = written;
      await pause(300);
    }
    assert.ok(written < 64_000_000, `${written} bytes were taken for a client that reads nothing`);
    client.resetAndDestroy();
  },
);

test("a client that resets ends the application's connection", OPTIONS, async () => {
  const { app, asked, closed } = await silentApp();
  const { listener, server } = await proxyTo(app);
  const client = connect(listener.address.port, "127.0.0.1");
  client.write("GET / HTTP/1.1\r\nHost: a\r\n\r\n");
  await asked;
  assert.equal(server.inFlight, 1);
  client.resetAndDestroy();
  await closed;
  assert.equal(server.inFlight, 0);
});

test(
  "a client that closes without reset is noticed too, though its request was complete",
  OPTIONS,
  async () => {
    const { app, asked, closed } = await silentApp();
    const { listener } = await proxyTo(app);
    const client = connect(listener.address.port, "127.0.0.1");
    client.write("GET / HTTP/1.1\r\nHost: a\r\n\r\n");
    await asked;
    client.destroy();
    await closed;
  },
);

test("a client that half-closes gets its answer", OPTIONS, async () => {
  const app = await rawApp((socket) => {
    socket.once("data", () =>
      setTimeout(() => socket.write("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"), 50),
    );
  });
  const { listener } = await proxyTo(app);
  const text = await new Promise<string>((resolve) => {
    let got = "";
    const client = connect({ port: listener.address.port, host: "127.0.0.1", allowHalfOpen: true });
    client.on("data", (data) => {
      got += data;
    });
    client.on("end", () => resolve(got));
    client.end("GET / HTTP/1.1\r\nHost: a\r\n\r\n");
  });
  assert.match(text, /HTTP\/1\.1 200 OK\r\n[\s\S]*\r\n\r\nok$/);
});

test("sees the reset of a paused client when asked", OPTIONS, async () => {
  const held = Promise.withResolvers<Exchange>();
  const server = new HttpServer({ clock: systemClock, handler: (exchange) => held.resolve(exchange) });
  const listener = await network.listen({ ip: "127.0.0.1", port: 0 }, server.accept);
  closers.push(
    () => server.closeNow(),
    () => listener.close(),
  );
  const client = connect(listener.address.port, "127.0.0.1");
  client.on("error", () => {});
  client.write(`POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 1000000\r\n\r\n${"x".repeat(100_000)}`);
  const exchange = await held.promise;
  await pause(30);
  assert.equal(await exchange.stillThere(), true);
  client.resetAndDestroy();
  await until(async () => !(await exchange.stillThere()));
});

test("splices an upgraded connection: 16 MiB echoed, then half-close", OPTIONS, async () => {
  const app = await rawApp((socket) => {
    socket.once("data", (head: Buffer) => {
      socket.write("HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: echo\r\n\r\n");
      socket.write(head.subarray(head.indexOf("\r\n\r\n") + 4));
      socket.pipe(socket);
    });
  });
  const { listener } = await proxyTo(app, true);
  const size = 16 * 1024 * 1024;
  const got = await new Promise<number>((resolve, reject) => {
    let bytes = 0;
    const client = connect({ port: listener.address.port, host: "127.0.0.1", allowHalfOpen: true });
    client.on("error", reject);
    client.write("GET / HTTP/1.1\r\nHost: a\r\nConnection: Upgrade\r\nUpgrade: echo\r\n\r\nearly");
    client.once("data", (first: Buffer) => {
      bytes += first.length - (first.indexOf("\r\n\r\n") + 4);
      client.on("data", (data) => {
        bytes += data.length;
      });
      client.end(Buffer.alloc(size, 7));
    });
    client.on("end", () => resolve(bytes));
  });
  assert.equal(got, size + 5);
});

test("httpFetch reads, bounds, times out and tells a refused dial", OPTIONS, async () => {
  const app = await rawApp((socket) => {
    socket.once("data", (data) => {
      if (String(data).startsWith("GET /slow")) return;
      socket.end("HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello");
    });
  });
  const address = { ip: "127.0.0.1", port: app };
  const ports = { network, clock: systemClock };
  const { status, body } = await httpFetch(ports, { address, target: "/", timeoutMs: 2_000 });
  assert.deepEqual([status, body.toString()], [200, "hello"]);
  await assert.rejects(httpFetch(ports, { address, target: "/", timeoutMs: 2_000, bodyLimitBytes: 3 }), {
    code: "fetch-too-large",
  });
  await assert.rejects(httpFetch(ports, { address, target: "/slow", timeoutMs: 50 }), {
    code: "fetch-timeout",
  });
  await assert.rejects(
    httpFetch(ports, { address: { ip: "127.0.0.1", port: 1 }, target: "/", timeoutMs: 500 }),
    {
      failure: "refused",
    },
  );
});

test("an in-use address is told by its code", OPTIONS, async () => {
  const port = await rawApp(() => {});
  await assert.rejects(
    network.listen({ ip: "127.0.0.1", port }, () => {}),
    { code: "EADDRINUSE" },
  );
});

test("a listener closes at once, whatever connections are open, and its port is free again", async () => {
  const listener = await network.listen({ ip: "127.0.0.1", port: 0 }, () => {});
  const idle = await network.connect(listener.address, { timeoutMs: 1000 });
  await listener.close();
  const next = await network.listen(listener.address, () => {});
  await next.close();
  idle.reset();
});
