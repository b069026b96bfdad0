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
  const [parsed] = parseProbes(JSON.stringify(probe));
  assert.ok(parsed);
  return attempt(parsed, options.timeoutMs ?? 1000);
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
    stream.end(status === undefined ? undefined : Buffer.from([0, 0, 0, 0, 2, 8, status]));
  });
  return listening(context, server);
}

test("a gRPC probe asks the health service by name, and only SERVING is ready", async (context) => {
  const asked: string[] = [];
  const longName = "s".repeat(200);
  const port = await healthServer(context, { "my.Service": 1, "": 2 }, asked);
  assert.equal(await attempted({ grpc: { port, service: "my.Service" } }), "ready");
  assert.equal(await attempted({ grpc: { port } }), "failed", "NOT_SERVING");
  assert.equal(await attempted({ grpc: { port, service: "nobody" } }), "failed", "NOT_FOUND");
  assert.equal(asked[0], "/grpc.health.v1.Health/Check my.Service trailers");
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
