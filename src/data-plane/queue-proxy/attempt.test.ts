import assert from "node:assert/strict";
import http, { type IncomingMessage, type ServerResponse } from "node:http";
import http2 from "node:http2";
import https from "node:https";
import net, { type AddressInfo, type Server } from "node:net";
import { type TestContext, test } from "node:test";
import { testAuthority } from "../../../test/support/certificates.ts";
import { systemClock } from "../../base/clock.ts";
import type { Network } from "../../http/conn.ts";
import { systemNetwork } from "../../http/network.ts";
import { tlsNetwork } from "../../http/tls.ts";
import { networkAttempt } from "./attempt.ts";
import { PROBE_TLS } from "./http-attempt.ts";
import { parseProbes } from "./probe.ts";
import type { AttemptOutcome } from "./probe-run.ts";

/** Probes on the wire, against real servers (spec Q-031…Q-033, H-002). */

const network = systemNetwork(systemClock);

async function listening(context: TestContext, server: Server | http2.Http2Server): Promise<number> {
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  context.after(() => server.close());
  return (server.address() as AddressInfo).port;
}

interface Attempted {
  readonly detectsHttp2?: boolean;
  readonly timeoutMs?: number;
  readonly tlsNetwork?: Network;
}

function attempted(probe: object, options: Attempted = {}): Promise<AttemptOutcome> {
  const attempt = networkAttempt({
    network,
    clock: systemClock,
    locate: (_host, port) => ({ ip: "127.0.0.1", port }),
    detectsHttp2: options.detectsHttp2 ?? false,
    ...(options.tlsNetwork && { tlsNetwork: options.tlsNetwork }),
  });
  const [parsed] = parseProbes(JSON.stringify(probe), Array.isArray(probe));
  assert.ok(parsed);
  return attempt(parsed, options.timeoutMs ?? 20_000);
}

const get = (port: number, more: object = {}) => ({
  httpGet: { scheme: "HTTP", host: "127.0.0.1", port, path: "/ready", ...more },
});

function webServer(
  context: TestContext,
  handle: (request: IncomingMessage, response: ServerResponse) => void,
) {
  return listening(context, http.createServer(handle));
}

async function freePort(context: TestContext): Promise<number> {
  const server = net.createServer();
  const port = await listening(context, server);
  await new Promise((resolve) => server.close(resolve));
  return port;
}

test("an HTTP probe is ready with 200 to 399, with its own headers and the kubelet's name", async (context) => {
  const seen: IncomingMessage[] = [];
  const port = await webServer(context, (request, response) => {
    seen.push(request);
    response.statusCode = Number(request.headers["x-want"]);
    response.end();
  });
  const wanting = (status: number) =>
    attempted(get(port, { path: "ready?full=1", httpHeaders: [{ name: "X-Want", value: String(status) }] }));
  assert.equal(await wanting(200), "ready");
  assert.equal(await wanting(399), "ready");
  assert.equal(await wanting(400), "failed");
  assert.equal(await wanting(503), "failed");
  assert.equal(seen[0]?.url, "/ready?full=1");
  assert.equal(seen[0]?.headers["user-agent"], "kube-probe//");
  assert.equal(seen[0]?.headers.connection, "close");
});

test("redirects are followed, ten at most, to another scheme not without TLS", async (context) => {
  const paths: string[] = [];
  const port = await webServer(context, (request, response) => {
    paths.push(request.url ?? "");
    const [, where = "", count = "0"] = (request.url ?? "").split("/");
    if (where === "good" && Number(count) > 0) {
      response.writeHead(302, { location: `/good/${Number(count) - 1}` });
    } else if (where === "away") response.writeHead(301, { location: "https://127.0.0.1:1/" });
    else response.writeHead(where === "good" ? 200 : 500);
    response.end();
  });
  assert.equal(await attempted(get(port, { path: "/good/3" })), "ready");
  assert.deepEqual(paths, ["/good/3", "/good/2", "/good/1", "/good/0"]);
  assert.equal(await attempted(get(port, { path: "/good/10" })), "failed");
  assert.equal(await attempted(get(port, { path: "/away" })), "failed");
  assert.equal(await attempted(get(port, { path: "/bad" })), "failed");
});

test("an answer that takes longer than the time limit fails", async (context) => {
  const port = await webServer(context, () => {});
  assert.equal(await attempted(get(port), { timeoutMs: 60 }), "failed");
});

test("a body that does not end is waited for until the time limit, and the head counts all the same", async (context) => {
  const port = await webServer(context, ({ url }, response) => {
    response.writeHead(url === "/bad" ? 500 : 200, { "content-length": 4 });
    response.write("ab");
    if (url === "/cut") setTimeout(() => response.destroy(), 20);
  });
  const startedMs = performance.now();
  assert.equal(await attempted(get(port), { timeoutMs: 200 }), "ready");
  assert.ok(performance.now() - startedMs >= 195);
  assert.equal(await attempted(get(port, { path: "/bad" }), { timeoutMs: 100 }), "failed");
  assert.equal(await attempted(get(port, { path: "/cut" })), "ready");
});

test("an answer without end is read up to a bound", async (context) => {
  let sentBytes = 0;
  const port = await webServer(context, (_request, response) => {
    const more = () => {
      while (!response.destroyed && response.write("c".repeat(65_536))) sentBytes += 65_536;
    };
    response.on("drain", more);
    more();
  });
  assert.equal(await attempted(get(port), { timeoutMs: 20_000 }), "ready");
  assert.ok(sentBytes < 16 * 1024 * 1024, `${sentBytes}`);
});

test("a port that nobody listens on is refused, for each kind of probe", async (context) => {
  const port = await freePort(context);
  assert.equal(await attempted(get(port)), "refused");
  assert.equal(await attempted({ tcpSocket: { port } }), "refused");
  assert.equal(await attempted({ grpc: { port } }), "refused");
});

test("a TCP probe is ready as soon as it connects", async (context) => {
  const port = await listening(
    context,
    net.createServer((socket) => void socket.on("error", () => {})),
  );
  assert.equal(await attempted({ tcpSocket: { port } }), "ready");
});

/** A health service that answers each name with a status of its own; a name without one is unknown. */
function healthServer(context: TestContext, statuses: Record<string, number>, asked: string[] = []) {
  const server = http2.createServer();
  server.on("stream", async (stream: http2.ServerHttp2Stream, headers) => {
    const chunks: Buffer[] = [];
    for await (const chunk of stream) chunks.push(chunk);
    const name = Buffer.concat(chunks).subarray(7).toString();
    asked.push(`${headers[":path"]} ${name} ${headers.te}`);
    const status = statuses[name];
    stream.respond({ ":status": 200, "content-type": "application/grpc" }, { waitForTrailers: true });
    stream.on("wantTrailers", () => stream.sendTrailers({ "grpc-status": status === undefined ? "5" : "0" }));
    const message = Buffer.from([0, 0, 0, 0, 2, 8, status ?? 0]);
    const answers = { twice: Buffer.concat([message, message]), cut: message.subarray(0, -1) };
    stream.end(answers[name as keyof typeof answers] ?? (status === undefined ? undefined : message));
  });
  return listening(context, server);
}

test("a gRPC probe asks the health service by name, and only SERVING is ready", async (context) => {
  const asked: string[] = [];
  const longName = "s".repeat(200);
  const port = await healthServer(context, { "my.Service": 1, "": 2, twice: 1, cut: 1 }, asked);
  assert.equal(await attempted({ grpc: { port, service: "my.Service" } }), "ready");
  assert.equal(await attempted({ grpc: { port } }), "failed", "NOT_SERVING");
  assert.equal(await attempted({ grpc: { port, service: "nobody" } }), "failed", "NOT_FOUND");
  assert.equal(asked[0], "/grpc.health.v1.Health/Check my.Service trailers");
  assert.equal(await attempted({ grpc: { port, service: "twice" } }), "failed", "two messages");
  assert.equal(await attempted({ grpc: { port, service: "cut" } }), "failed", "a part of a message");
  assert.equal(await attempted({ grpc: { port, service: longName } }), "failed");
  assert.equal(asked.at(-1)?.includes("s".repeat(199)), true, "a name of more than 127 bytes arrives whole");
});

test("a gRPC probe against a server of HTTP/1 fails", async (context) => {
  const port = await webServer(context, (_request, response) => response.end("ok"));
  assert.equal(await attempted({ grpc: { port } }), "failed");
});

test("HTTP/2 is tried first where it is to be detected, and HTTP/1.1 after it each time", async (context) => {
  const versions: string[] = [];
  const modern = http2.createServer((request, response) => {
    versions.push(`${request.httpVersion} ${request.headers["x-one"] ?? "-"}`);
    response.end();
  });
  const modernPort = await listening(context, modern);
  const probe = { httpHeaders: [{ name: "X-One", value: "1" }] };
  assert.equal(await attempted(get(modernPort, probe), { detectsHttp2: true }), "ready");
  assert.deepEqual(versions, ["2.0 -", "2.0 1"], "the first one only asks for the protocol");
  assert.equal(await attempted(get(modernPort, probe)), "failed", "without detection it is HTTP/1.1");

  const old = await webServer(context, (_request, response) => response.end("ok"));
  assert.equal(await attempted(get(old, probe), { detectsHttp2: true }), "ready");
});

test("what answers in HTTP/2 that it is not ready is not asked a second time", async (context) => {
  let requests = 0;
  const server = http2.createServer((_request, response) => {
    requests += 1;
    response.writeHead(404).end();
  });
  const port = await listening(context, server);
  assert.equal(await attempted(get(port), { detectsHttp2: true }), "failed");
  assert.equal(requests, 1);
});

test("to find out the protocol takes nothing of the time that the answer has", async (context) => {
  // Says nothing until the first limit is over, to whoever asks in HTTP/2.
  const server = net.createServer((socket) => {
    socket.on("error", () => {});
    socket.on("data", (data) => {
      if (data.toString("latin1").startsWith("GET "))
        socket.end("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n");
    });
  });
  const port = await listening(context, server);
  assert.equal(await attempted(get(port), { detectsHttp2: true, timeoutMs: 1500 }), "ready");
});

/** What each path of a probe looks like in the request line that Go's client writes; undefined = it sends nothing. */
const TARGETS: Readonly<Record<string, string | undefined>> = {
  "/a/../b": "/a/../b",
  "a?x=%zz": "/a?x=%zz",
  "/?": "/?",
  '/a b|?"c d"': '/a%20b%7C?"c d"',
  "/é?é": "/%C3%A9?\xc3\xa9",
  "/a#b": "/a",
  "/a\nb": undefined,
  "/%z": undefined,
};

/** Answers as told and keeps the heads as they came. */
async function rawServer(context: TestContext, answer: (head: string) => string) {
  const heads: string[] = [];
  const server = net.createServer((socket) => {
    let text = "";
    socket.on("error", () => {});
    socket.setEncoding("latin1").on("data", (data: string) => {
      text += data;
      if (!text.endsWith("\r\n\r\n")) return;
      heads.push(text);
      socket.end(`HTTP/1.1 ${answer(text)}\r\nContent-Length: 0\r\n\r\n`, "latin1");
    });
  });
  return { heads, port: await listening(context, server) };
}

test("a probe's path is written as Go's client writes it", async (context) => {
  const { heads, port } = await rawServer(context, () => "200 OK");
  for (const [path, target] of Object.entries(TARGETS)) {
    heads.length = 0;
    const outcome = await attempted(get(port, { path }));
    const line = target === undefined ? undefined : `GET ${target} HTTP/1.1`;
    assert.deepEqual([outcome, heads[0]?.split("\r\n", 1)[0]], [line ? "ready" : "failed", line], path);
  }
});

test("a probe's header fields are sent as bytes, and none at all when one of them is no field", async (context) => {
  const { heads, port } = await rawServer(context, () => "200 OK");
  const asks = (name: string, value: string) => attempted(get(port, { httpHeaders: [{ name, value }] }));
  assert.equal(await asks("X-One", "é"), "ready");
  assert.match(heads[0] ?? "", /\r\nX-One: \xc3\xa9\r\n/);
  for (const name of ["X One", "", "X-é"]) assert.equal(await asks(name, "1"), "failed", name);
  assert.equal(await asks("X-One", "a\nX-Two: b"), "failed");
  assert.equal(heads.length, 1);
});

test("a redirect without a place counts, one to a place that is none fails, names and passwords are used", async (context) => {
  const places: Record<string, string> = { "/empty": "", "/broken": "/%zz", "/user": "" };
  const { heads, port } = await rawServer(context, (head) => {
    const place = places[head.split(" ", 2)[1] ?? ""];
    return place === undefined ? "200 OK" : `302 Found\r\nLocation: ${place}`;
  });
  places["/user"] = `http://u:p@127.0.0.1:${port}/x`;
  assert.equal(await attempted(get(port, { path: "/empty" })), "ready");
  assert.equal(await attempted(get(port, { path: "/broken" })), "failed");
  assert.equal(await attempted(get(port, { path: "/user" })), "ready");
  assert.match(heads.at(-1) ?? "", /^GET \/x .*\r\nAuthorization: Basic dTpw\r\n/s);
  assert.match(heads.at(-1) ?? "", /\r\nReferer: http:\/\/127.0.0.1:\d+\/user\r\n/);
});

test("a redirect to another host is not told the probe's secrets", async (context) => {
  const far = await rawServer(context, () => "200 OK");
  const near = await rawServer(context, () => `302 Found\r\nLocation: http://localhost:${far.port}/`);
  const httpHeaders = [
    { name: "Authorization", value: "secret" },
    { name: "Proxy-Authorization", value: "secret" },
    { name: "X-One", value: "1" },
  ];
  assert.equal(await attempted(get(near.port, { httpHeaders })), "ready");
  assert.match(near.heads[0] ?? "", /secret/);
  assert.match(far.heads[0] ?? "", /X-One/);
  assert.doesNotMatch(far.heads[0] ?? "", /secret/);
});

test("a redirect that comes back from another host is not told them again", async (context) => {
  const far = await rawServer(context, () => `302 Found\r\nLocation: http://127.0.0.1:${near.port}/back`);
  const near = await rawServer(context, (head) =>
    head.startsWith("GET /back ") ? "200 OK" : `302 Found\r\nLocation: http://localhost:${far.port}/`,
  );
  const httpHeaders = [{ name: "Cookie", value: "secret" }];
  assert.equal(await attempted(get(near.port, { httpHeaders })), "ready");
  const told = near.heads.map((head) => head.includes("secret"));
  assert.deepEqual(told, [true, false]);
});

test("a scheme that does not exist, a broken escape or no action at all is never ready", async (context) => {
  const port = await webServer(context, (_request, response) => response.end("ok"));
  assert.equal(await attempted(get(port, { scheme: "FTP" })), "failed");
  assert.equal(await attempted(get(port, { scheme: "" })), "failed");
  assert.equal(await attempted(get(port, { path: "/%zz" })), "failed");
  assert.equal(await attempted({ exec: { command: ["true"] } }), "failed");
});

test("an HTTPS probe is ready only with a certificate that a known authority made for 127.0.0.1", async (context) => {
  const authority = testAuthority();
  const port = await listening(
    context,
    https.createServer(authority.issue(["127.0.0.1"]), (_request, response) => response.end("ok")),
  );
  const trusting = tlsNetwork({
    clock: systemClock,
    ...PROBE_TLS,
    trust: { ...PROBE_TLS.trust, authorities: () => authority.certificate },
  });
  const probe = get(port, { scheme: "HTTPS" });
  assert.equal(await attempted(probe, { tlsNetwork: trusting }), "ready");
  const strange = tlsNetwork({ clock: systemClock, ...PROBE_TLS });
  assert.equal(await attempted(probe, { tlsNetwork: strange }), "failed");
  assert.equal(await attempted(probe), "failed", "without TLS there is no such probe");
  assert.equal(await attempted(get(port), { tlsNetwork: trusting }), "failed", "HTTP to a port of HTTPS");
});
