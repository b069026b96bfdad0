import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { once } from "node:events";
import { createServer as createHttp1Server } from "node:http";
import http2, { type ClientHttp2Session, type ServerHttp2Stream } from "node:http2";
import { type AddressInfo, createServer as createNetServer } from "node:net";
import { after, test } from "node:test";
import { setTimeout as pause } from "node:timers/promises";
import { until } from "../../test/support/until.ts";
import { systemClock } from "../base/clock.ts";
import { systemRandom } from "../base/random.ts";
import { httpFetch } from "./fetch.ts";
import { type ForwardObserver, forward } from "./forward.ts";
import { resetStream } from "./http2-library.ts";
import type { Exchange, Handler } from "./message.ts";
import { systemNetwork } from "./network.ts";
import { UpstreamPool } from "./pool.ts";
import { respondWith } from "./responses.ts";
import { HttpServer } from "./server.ts";

/** HTTP/2 on real sockets, on both sides of the engine. */

const network = systemNetwork(systemClock);
const OPTIONS = { timeout: 60_000 };
const pool = new UpstreamPool({ network, clock: systemClock, random: systemRandom });
const closers: (() => unknown)[] = [() => pool.close()];
after(async () => {
  for (const close of closers.reverse()) await close();
});

async function serve(handler: Handler): Promise<{ port: number; server: HttpServer }> {
  const server = new HttpServer({ clock: systemClock, handler, http2: true, limits: { lingerMs: 100 } });
  const listener = await network.listen({ ip: "127.0.0.1", port: 0 }, server.accept);
  closers.push(
    () => server.closeNow(),
    () => listener.close(),
  );
  return { port: listener.address.port, server };
}

function proxyTo(port: number, observer: Partial<ForwardObserver> = {}) {
  const upstream = pool.to({ ip: "127.0.0.1", port });
  return serve((exchange: Exchange) => {
    const failed: ForwardObserver["failed"] = (error) =>
      respondWith(exchange, { status: 502, body: error.message });
    forward(exchange, upstream, { failed, ...observer });
  });
}

type App = (stream: ServerHttp2Stream, headers: http2.IncomingHttpHeaders) => void;

async function http2App(app: App): Promise<number> {
  const server = http2.createServer();
  const sessions = new Set<http2.ServerHttp2Session>();
  server.on("session", (session) => sessions.add(session));
  server.on("stream", (stream, headers) => {
    stream.on("error", () => {});
    app(stream as ServerHttp2Stream, headers);
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  closers.push(() => {
    for (const session of sessions) session.destroy();
    server.close();
  });
  return (server.address() as AddressInfo).port;
}

function client(port: number): ClientHttp2Session {
  const session = http2.connect(`http://127.0.0.1:${port}`);
  session.on("error", () => {});
  closers.push(() => session.destroy());
  return session;
}

interface Answer {
  status: number | undefined;
  headers: http2.IncomingHttpHeaders;
  trailers: http2.IncomingHttpHeaders | undefined;
  interim: number[];
  body: Buffer;
  rstCode: number;
}

type Sent = { body?: Uint8Array | string; trailers?: http2.OutgoingHttpHeaders };

function call(
  session: ClientHttp2Session,
  headers: http2.OutgoingHttpHeaders,
  sent: Sent = {},
): Promise<Answer> {
  const stream = session.request(headers, {
    endStream: sent.body === undefined,
    waitForTrailers: sent.trailers !== undefined,
  });
  if (sent.trailers) stream.on("wantTrailers", () => stream.sendTrailers(sent.trailers ?? {}));
  if (sent.body !== undefined) stream.end(sent.body);
  return answerOf(stream);
}

function answerOf(stream: http2.ClientHttp2Stream): Promise<Answer> {
  const chunks: Buffer[] = [];
  const answer: Partial<Answer> = { interim: [], headers: {} };
  stream.on("headers", (head) => void answer.interim?.push(Number(head[":status"])));
  stream.on("response", (head) => Object.assign(answer, { headers: head, status: head[":status"] }));
  stream.on("trailers", (trailers) => Object.assign(answer, { trailers }));
  stream.on("data", (chunk: Buffer) => void chunks.push(chunk));
  stream.on("error", () => {});
  return new Promise((resolve) => {
    stream.on("close", () => {
      resolve({ ...(answer as Answer), body: Buffer.concat(chunks), rstCode: stream.rstCode ?? -1 });
    });
  });
}

const echo: App = (stream, headers) => {
  stream.respond(
    { ":status": 200, "x-version": "2", "x-host": headers[":authority"] },
    { waitForTrailers: true },
  );
  let trailers: http2.OutgoingHttpHeaders = {};
  stream.on("trailers", (got) => {
    trailers = { "x-got": got["x-sent"] };
  });
  stream.on("wantTrailers", () => stream.sendTrailers({ ...trailers, "grpc-status": "0" }));
  stream.pipe(stream);
};

test("a stream passes through: head, body and trailers, both ways", OPTIONS, async () => {
  const { port } = await proxyTo(await http2App(echo));
  const head = { ":method": "POST", ":path": "/say", ":authority": "a.example", te: "trailers" };
  const answer = await call(client(port), head, { body: "hello", trailers: { "x-sent": "mine" } });
  assert.equal(answer.status, 200);
  assert.equal(answer.headers["x-host"], "a.example");
  assert.equal(answer.body.toString(), "hello");
  assert.equal(answer.trailers?.["x-got"], "mine");
  assert.equal(answer.trailers?.["grpc-status"], "0");
});

test("streams of one client share one session to the application, side by side", OPTIONS, async () => {
  let open = 0;
  const sessions = new Set<unknown>();
  const app = await http2App(async (stream) => {
    sessions.add(stream.session);
    open++;
    await until(() => open === 20);
    stream.respond({ ":status": 200 });
    stream.end();
  });
  const { port } = await proxyTo(app);
  const session = client(port);
  const answers = await Promise.all(Array.from({ length: 20 }, () => call(session, { ":path": "/" })));
  assert.ok(answers.every(({ status }) => status === 200));
  assert.equal(sessions.size, 1);
});

test("messages are answered one by one while the stream stays open", OPTIONS, async () => {
  const { port } = await proxyTo(await http2App(echo));
  const stream = client(port).request({ ":method": "POST", ":path": "/" });
  for (const word of ["one", "two", "three"]) {
    stream.write(word);
    const [chunk] = (await once(stream, "data")) as [Buffer];
    assert.equal(chunk.toString(), word);
  }
  stream.end();
  assert.equal((await answerOf(stream)).rstCode, 0);
});

test("an application that speaks HTTP/1.1 gets it when it is told so", OPTIONS, async () => {
  const app = createHttp1Server((request, response) => {
    const seen = {
      version: request.httpVersion,
      host: request.headers.host,
      te: request.headers["transfer-encoding"],
    };
    response.writeHead(200, { trailer: "x-t", connection: "keep-alive", "keep-alive": "timeout=5" });
    let bytes = 0;
    request.on("data", (chunk: Buffer) => {
      bytes += chunk.length;
    });
    request.on("end", () => {
      response.addTrailers({ "x-t": String(bytes) });
      response.end(JSON.stringify(seen));
    });
  });
  await new Promise<void>((resolve) => app.listen(0, "127.0.0.1", resolve));
  closers.push(() => app.close());
  const { port } = await proxyTo((app.address() as AddressInfo).port, { speaks: "1.1" });
  const head = { ":method": "POST", ":path": "/", ":authority": "b.example" };
  const answer = await call(client(port), head, { body: Buffer.alloc(70_000) });
  assert.deepEqual(JSON.parse(answer.body.toString()), { version: "1.1", host: "b.example", te: "chunked" });
  assert.equal(answer.trailers?.["x-t"], "70000");
  assert.equal(answer.headers.connection, undefined);
  assert.equal(answer.headers["keep-alive"], undefined);
});

test("HTTP/1.1 and HTTP/2 are served on one port", OPTIONS, async () => {
  const { port } = await serve((exchange) =>
    respondWith(exchange, { status: 200, body: exchange.request.version }),
  );
  assert.equal((await call(client(port), { ":path": "/" })).body.toString(), "2");
  assert.equal(await (await fetch(`http://127.0.0.1:${port}/`)).text(), "1.1");
});

test("interim answers pass, and 100 Continue is said when the body is wanted", OPTIONS, async () => {
  const { port } = await serve((exchange) => {
    exchange.interim({ status: 103, reason: "", headers: exchange.request.headers });
    exchange.body.start({ data() {}, end: () => respondWith(exchange, { status: 200 }), fail() {} });
    exchange.body.credit(100);
  });
  const answer = await call(
    client(port),
    { ":method": "POST", ":path": "/", expect: "100-continue" },
    { body: "x" },
  );
  assert.deepEqual(answer.interim, [103, 100]);
  assert.equal(answer.status, 200);
});

test(
  "an application that resets the stream in its answer breaks the client's answer too",
  OPTIONS,
  async () => {
    const arrived = Promise.withResolvers<void>();
    const app = await http2App(async (stream) => {
      stream.respond({ ":status": 200 });
      stream.write("part");
      await arrived.promise;
      resetStream(stream, 2);
    });
    const { port } = await proxyTo(app);
    const stream = client(port).request({ ":path": "/" });
    stream.once("data", arrived.resolve);
    const answer = await answerOf(stream);
    assert.equal(answer.body.toString(), "part");
    assert.equal(answer.rstCode, 2);
  },
);

test("an application that resets before it answers is told in words", OPTIONS, async () => {
  const { port } = await proxyTo(await http2App((stream) => stream.close(2)));
  const answer = await call(client(port), { ":path": "/" });
  assert.equal(answer.status, 502);
  assert.equal(answer.body.toString(), "stream error: stream ID 1; INTERNAL_ERROR; received from peer");
});

test("a client that resets its stream ends the application's with CANCEL", OPTIONS, async () => {
  const { promise: code, resolve } = Promise.withResolvers<number>();
  const app = await http2App((stream) => {
    stream.respond({ ":status": 200 });
    stream.write("x");
    stream.on("close", () => resolve(stream.rstCode ?? -1));
  });
  const { port, server } = await proxyTo(app);
  const stream = client(port).request({ ":method": "POST", ":path": "/" });
  stream.on("error", () => {});
  await once(stream, "data");
  stream.close(8);
  assert.equal(await code, 8);
  assert.equal(server.inFlight, 0);
});

test("a request that breaks off is never complete for the application", OPTIONS, async () => {
  const { promise: ended, resolve } = Promise.withResolvers<string>();
  const begun = Promise.withResolvers<void>();
  const app = await http2App((stream) => {
    stream.on("end", () => {
      if (!stream.aborted && stream.rstCode === 0) resolve("complete");
    });
    stream.on("aborted", () => resolve("broken"));
    stream.on("data", begun.resolve);
  });
  const { port } = await proxyTo(app);
  const stream = client(port).request({ ":method": "POST", ":path": "/" });
  stream.on("error", () => {});
  stream.write("half");
  await begun.promise;
  resetStream(stream, 8);
  assert.equal(await ended, "broken");
});

test("a body longer or shorter than its Content-Length is refused", OPTIONS, async () => {
  const { port } = await proxyTo(await http2App(echo));
  for (const body of ["toolong", "s"]) {
    const answer = await call(
      client(port),
      { ":method": "POST", ":path": "/", "content-length": "3" },
      { body },
    );
    assert.notEqual(answer.rstCode, 0);
  }
});

test("a client that does not read holds the application back", OPTIONS, async () => {
  let written = 0;
  const app = await http2App((stream) => {
    stream.respond({ ":status": 200 });
    const chunk = Buffer.alloc(64 * 1024);
    const more = () => {
      while (!stream.destroyed && stream.write(chunk)) written += chunk.length;
    };
    stream.on("drain", more);
    more();
  });
  const { port } = await proxyTo(app);
  const stream = client(port).request({ ":path": "/" });
  stream.on("error", () => {});
  await once(stream, "response");
  let before = -1;
  for (; before !== written; await pause(150)) before = written;
  assert.ok(written < 8 * 1024 * 1024, `${written} bytes were taken for a client that reads nothing`);
  stream.close(8);
});

test("a large body arrives whole, both ways", OPTIONS, async () => {
  const { port } = await proxyTo(await http2App(echo));
  const body = Buffer.alloc(8 * 1024 * 1024, "0123456789abcdef!");
  const answer = await call(client(port), { ":method": "POST", ":path": "/" }, { body });
  const hash = (bytes: Buffer) => createHash("sha256").update(bytes).digest("hex");
  assert.equal(hash(answer.body), hash(body));
});

test("an answer before the whole body was read reaches the client", OPTIONS, async () => {
  const { port } = await proxyTo(
    await http2App((stream) => {
      stream.respond({ ":status": 413 });
      stream.end("too much");
    }),
  );
  const answer = await call(
    client(port),
    { ":method": "POST", ":path": "/" },
    { body: Buffer.alloc(4_000_000) },
  );
  assert.equal(answer.status, 413);
  assert.equal(answer.body.toString(), "too much");
});

test("a drain says goodbye, finishes what is open and then ends the connection", OPTIONS, async () => {
  const asked: string[] = [];
  const leaving = Promise.withResolvers<void>();
  const { port, server } = await proxyTo(
    await http2App(async (stream, { ":path": path = "" }) => {
      asked.push(path);
      if (path === "/open") await leaving.promise;
      stream.respond({ ":status": 200 });
      stream.end("done");
    }),
  );
  const idle = client(port);
  await call(idle, { ":path": "/" });
  const session = client(port);
  const answer = call(session, { ":path": "/open" });
  await until(() => asked.includes("/open"));
  const goodbye = once(session, "goaway");
  const drained = server.drain();
  assert.deepEqual((await goodbye).slice(0, 1), [0]);
  leaving.resolve();
  assert.equal((await answer).body.toString(), "done");
  await drained;
  assert.equal(server.connectionCount, 0);
});

test(
  "requests that cross with the goodbye are answered, whether others are open or not",
  OPTIONS,
  async () => {
    const { port, server } = await serve((exchange) => respondWith(exchange, { status: 200, body: "ok" }));
    const session = client(port);
    await call(session, { ":path": "/" });
    const drained = server.drain();
    const crossing = [1, 2, 3].map(() => call(session, { ":path": "/" }));
    for (const { status, rstCode } of await Promise.all(crossing))
      assert.deepEqual([status, rstCode], [200, 0]);
    await drained;
    assert.equal(server.connectionCount, 0);
  },
);

test("an application that says goodbye gets its next request on a new session", OPTIONS, async () => {
  const sessions = new Set<unknown>();
  const app = await http2App((stream) => {
    sessions.add(stream.session);
    stream.respond({ ":status": 200 });
    stream.end("ok");
    if (sessions.size === 1) stream.session?.close();
  });
  const { port } = await proxyTo(app);
  const session = client(port);
  for (let round = 0; round < 5; round++) {
    assert.equal((await call(session, { ":path": "/" })).status, 200);
    await pause(20);
  }
  assert.equal(sessions.size, 2);
});

test("an application that speaks only HTTP/1.1 is named as such", OPTIONS, async () => {
  const app = createNetServer((socket) => {
    socket.on("error", () => {});
    socket.once("data", () => socket.end("HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\n\r\n"));
  });
  await new Promise<void>((resolve) => app.listen(0, "127.0.0.1", resolve));
  closers.push(() => app.close());
  const { port } = await proxyTo((app.address() as AddressInfo).port);
  const answer = await call(client(port), { ":path": "/" });
  assert.equal(answer.status, 502);
  assert.match(answer.body.toString(), /looked like an HTTP\/1\.1 header/);
});

test(
  "a small request over HTTP/2 resolves with body and trailers, on a session of its own",
  OPTIONS,
  async () => {
    const ports = { network, clock: systemClock };
    const address = { ip: "127.0.0.1", port: await http2App(echo) };
    const asked = {
      address,
      method: "POST",
      target: "/",
      body: Buffer.from("ping"),
      timeoutMs: 5_000,
      http2: true,
    };
    const answer = await httpFetch(ports, asked);
    assert.equal(answer.status, 200);
    assert.equal(answer.body.toString(), "ping");
    assert.equal(answer.trailers?.get("grpc-status"), "0");
  },
);

test("a server without HTTP/2 refuses its preface by its version", OPTIONS, async () => {
  const server = new HttpServer({
    clock: systemClock,
    handler: (exchange) => respondWith(exchange, { status: 200 }),
  });
  const listener = await network.listen({ ip: "127.0.0.1", port: 0 }, server.accept);
  closers.push(() => listener.close());
  const session = http2.connect(`http://127.0.0.1:${listener.address.port}`);
  const [error] = (await once(session, "error")) as [Error];
  assert.match(String((error as { code?: string }).code), /ERR_HTTP2/);
});
