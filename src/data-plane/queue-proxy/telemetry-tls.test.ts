import assert from "node:assert/strict";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import http2 from "node:http2";
import { createServer, type Server } from "node:https";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, type TestContext, test } from "node:test";
import { gunzipSync } from "node:zlib";
import { testAuthority } from "../../../test/support/certificates.ts";
import { startLoneQueueProxy } from "../../../test/support/lone-queue-proxy.ts";
import { systemClock } from "../../base/clock.ts";
import { type Log, silentLog } from "../../base/log.ts";
import { httpFetch } from "../../http/fetch.ts";
import { systemNetwork } from "../../http/network.ts";

/** A queue-proxy whose collector speaks https, and the environment that tells it so. */

const authority = testAuthority();
const folder = mkdtempSync(join(tmpdir(), "ebb-otlp-"));
after(() => rmSync(folder, { recursive: true }));

function file(name: string, text: string): string {
  writeFileSync(join(folder, name), text);
  return join(folder, name);
}

const ca = file("ca.pem", authority.certificate);
const server = authority.issue(["localhost"]);

interface Taken {
  readonly path: string;
  readonly headers: Record<string, unknown>;
  readonly body: Buffer;
  /** The client's certificate, by its name. */
  readonly client: string | undefined;
}

async function listening(context: TestContext, collector: Server | http2.Http2SecureServer): Promise<number> {
  await new Promise<void>((resolve) => collector.listen(0, "127.0.0.1", resolve));
  context.after(() => collector.close());
  return (collector.address() as AddressInfo).port;
}

async function httpCollector(context: TestContext) {
  const taken: Taken[] = [];
  const options = { ...server, ca: authority.certificate, requestCert: true, rejectUnauthorized: false };
  const collector = createServer(options, async (request, response) => {
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk);
    const { subject } = (request.socket as import("node:tls").TLSSocket).getPeerCertificate();
    const { url: path = "", headers } = request;
    taken.push({ path, headers, body: Buffer.concat(chunks), client: subject?.CN as string | undefined });
    response.end();
  });
  return { port: await listening(context, collector), taken };
}

/** One request through a queue-proxy that then ends; returns what it complained of. */
async function exported(context: TestContext, observability: object, env: Record<string, string>) {
  const told: string[] = [];
  const warn: Log["warn"] = (message, fields) => void told.push(`${message} ${fields?.error}`);
  const log: Log = { ...silentLog, warn, with: () => log };
  const { ip, proxy, exited } = await startLoneQueueProxy(context, (_request, response) => response.end(), {
    log,
    env: { EBB_QUIET_PERIOD_MS: "1", OBSERVABILITY_CONFIG: JSON.stringify(observability), ...env },
  });
  const ports = { network: systemNetwork(systemClock), clock: systemClock };
  await httpFetch(ports, { address: { ip, port: 8012 }, target: "/", timeoutMs: 3_000 });
  proxy.stop();
  await exited;
  return told;
}

test("spans and metrics go over https with the headers, compression and certificate of the environment", async (context) => {
  const { port, taken } = await httpCollector(context);
  const client = authority.issue(["queue-proxy-client"]);
  const endpoint = `https://localhost:${port}`;
  const told = await exported(
    context,
    {
      tracing: { protocol: "http/protobuf", endpoint, samplingRate: 1 },
      requestMetrics: { protocol: "http/protobuf", endpoint: "http://127.0.0.1:1", exportInterval: 3.6e12 },
    },
    {
      OTEL_EXPORTER_OTLP_METRICS_ENDPOINT: `https://127.0.0.1:${port}/custom`,
      OTEL_EXPORTER_OTLP_CERTIFICATE: ca,
      OTEL_EXPORTER_OTLP_CLIENT_CERTIFICATE: file("client.pem", client.cert),
      OTEL_EXPORTER_OTLP_CLIENT_KEY: file("client.key", client.key),
      OTEL_EXPORTER_OTLP_HEADERS: "authorization=Bearer%20abc",
      OTEL_EXPORTER_OTLP_COMPRESSION: "gzip",
      OTEL_RESOURCE_ATTRIBUTES: "deployment.environment=prod",
    },
  );
  assert.deepEqual(told, []);
  assert.deepEqual(taken.map(({ path }) => path).sort(), ["/custom", "/v1/traces"]);
  for (const { headers, body, client } of taken) {
    assert.equal(headers.authorization, "Bearer abc");
    assert.equal(headers["content-encoding"], "gzip");
    assert.equal(client, "queue-proxy-client");
    assert.ok(gunzipSync(body).includes("deployment.environment"));
  }
});

test("gRPC goes over TLS, and a name with a port alone means TLS", async (context) => {
  const calls: { path: string; scheme: string; body: Buffer }[] = [];
  const collector = http2.createSecureServer(server);
  collector.on("stream", async (stream: http2.ServerHttp2Stream, headers) => {
    const chunks: Buffer[] = [];
    for await (const chunk of stream) chunks.push(chunk);
    calls.push({
      path: String(headers[":path"]),
      scheme: String(headers[":scheme"]),
      body: Buffer.concat(chunks),
    });
    stream.respond({ ":status": 200, "content-type": "application/grpc" }, { waitForTrailers: true });
    stream.on("wantTrailers", () => stream.sendTrailers({ "grpc-status": "0" }));
    stream.end(Buffer.from([0, 0, 0, 0, 0]));
  });
  const port = await listening(context, collector);
  const tracing = { protocol: "grpc", endpoint: `localhost:${port}`, samplingRate: 1 };
  const env = { OTEL_EXPORTER_OTLP_CERTIFICATE: ca, OTEL_EXPORTER_OTLP_TRACES_COMPRESSION: "gzip" };
  assert.deepEqual(await exported(context, { tracing }, env), []);
  const [call] = calls;
  assert.equal(call?.scheme, "https");
  assert.equal(call?.body[0], 1, "the message is marked as compressed");
  assert.ok(gunzipSync(call?.body.subarray(5) ?? "").includes("kn.queueproxy.proxy"));
});

test("a collector that nothing vouches for gets nothing, and that is told", async (context) => {
  const { port, taken } = await httpCollector(context);
  const tracing = { protocol: "http/protobuf", endpoint: `https://localhost:${port}`, samplingRate: 1 };
  const told = await exported(context, { tracing }, {});
  assert.match(told.join(), /spans were lost .*certificate/);
  assert.equal(taken.length, 0);
});

test("the environment's sampler wins over the configured rate, and over the caller where it says so", async (context) => {
  const { port, taken } = await httpCollector(context);
  const tracing = { protocol: "http/protobuf", endpoint: `https://localhost:${port}`, samplingRate: 1 };
  const env = { OTEL_EXPORTER_OTLP_CERTIFICATE: ca, OTEL_TRACES_SAMPLER: "always_off" };
  assert.deepEqual(await exported(context, { tracing }, env), []);
  assert.equal(taken.length, 0);
});
