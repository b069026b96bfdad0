import assert from "node:assert/strict";
import { createServer, type IncomingMessage, type RequestListener } from "node:http";
import http2 from "node:http2";
import type { AddressInfo } from "node:net";
import { type TestContext, test } from "node:test";
import { startLoneQueueProxy } from "../../../test/support/lone-queue-proxy.ts";
import { systemClock } from "../../base/clock.ts";
import { httpFetch } from "../../http/fetch.ts";
import { HeaderBlock } from "../../http/header-block.ts";
import { systemNetwork } from "../../http/network.ts";

/** A whole queue-proxy with a collector behind it, on loopback sockets. */

const network = systemNetwork(systemClock);

async function started(context: TestContext, observability: object) {
  const seen: IncomingMessage["headers"][] = [];
  const lines: string[] = [];
  const application: RequestListener = (request, response) => {
    seen.push(request.headers);
    response.end("ok");
  };
  const { ip, proxy, exited } = await startLoneQueueProxy(context, application, {
    env: { EBB_QUIET_PERIOD_MS: "1", OBSERVABILITY_CONFIG: JSON.stringify(observability) },
    writeLine: (line) => void lines.push(line),
  });
  const get = (...headers: string[]) =>
    httpFetch(
      { network, clock: systemClock },
      { address: { ip, port: 8012 }, target: "/a?b", headers: new HeaderBlock(headers), timeoutMs: 3000 },
    );
  /** What waits is sent before the end. */
  const end = () => {
    proxy.stop();
    return exited;
  };
  return { get, end, seen, lines };
}

const PARENT = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";

async function collector(
  context: TestContext,
): Promise<{ endpoint: string; taken: { path: string; body: Buffer }[] }> {
  const taken: { path: string; body: Buffer }[] = [];
  const server = createServer(async (request, response) => {
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk);
    taken.push({ path: request.url ?? "", body: Buffer.concat(chunks) });
    response.end();
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  context.after(() => server.close());
  return { endpoint: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, taken };
}

test("a recorded request reaches the collector as spans of its caller's trace, and the application as its child", async (context) => {
  const { endpoint, taken } = await collector(context);
  const { get, end, seen } = await started(context, { tracing: { protocol: "http/protobuf", endpoint } });
  await get("Traceparent", PARENT, "User-Agent", "test/1");
  await end();
  const [, traceId, spanId, flags] = String(seen[0]?.traceparent).split("-");
  assert.deepEqual([traceId, flags], [PARENT.split("-")[1], "01"]);
  assert.notEqual(spanId, PARENT.split("-")[2]);
  assert.deepEqual(
    taken.map(({ path }) => path),
    ["/v1/traces"],
  );
  const body = taken[0]?.body ?? Buffer.alloc(0);
  for (const text of ["queue", "kn.queueproxy.proxy", "GET /a", "hello-00001", "http.response.status_code"]) {
    assert.ok(body.includes(text), `${text} is in the message`);
  }
  const count = (bytes: Buffer) => body.toString("latin1").split(bytes.toString("latin1")).length - 1;
  assert.equal(count(Buffer.from(String(traceId), "hex")), 3);
  assert.equal(count(Buffer.from(String(spanId), "hex")), 1, "the client's span is the application's parent");
});

test("a trace that is not recorded passes as it came, and nothing is sent", async (context) => {
  const { endpoint, taken } = await collector(context);
  const { get, end, seen } = await started(context, { tracing: { protocol: "http/protobuf", endpoint } });
  const parent = PARENT.replace(/01$/, "00");
  await get("Traceparent", parent);
  await get();
  await end();
  assert.deepEqual(
    seen.map(({ traceparent }) => traceparent),
    [parent, undefined],
  );
  assert.equal(taken.length, 0);
});

test("traces that begin here are recorded at the rate, and written as lines when that is wanted", async (context) => {
  const { get, end, seen, lines } = await started(context, {
    tracing: { protocol: "stdout", samplingRate: 1 },
  });
  await get();
  await end();
  const spans = lines.map((line) => JSON.parse(line));
  assert.deepEqual(spans.map(({ name }) => name).sort(), ["GET /a", "kn.queueproxy.proxy", "queue"]);
  const [server] = spans.filter(({ kind }) => kind === "server");
  const [inner] = spans.filter(({ kind }) => kind === "internal");
  const [client] = spans.filter(({ kind }) => kind === "client");
  assert.deepEqual([inner.parentSpanId, client.parentSpanId], [server.spanId, inner.spanId]);
  assert.equal(seen[0]?.traceparent, `00-${client.traceId}-${client.spanId}-01`);
});

test("metrics are pushed over HTTP, and spans over gRPC", async (context) => {
  const { endpoint, taken } = await collector(context);
  const calls: { path: string; body: Buffer }[] = [];
  const grpc = http2.createServer();
  grpc.on("stream", async (stream: http2.ServerHttp2Stream, headers) => {
    const chunks: Buffer[] = [];
    for await (const chunk of stream) chunks.push(chunk);
    calls.push({ path: String(headers[":path"]), body: Buffer.concat(chunks) });
    stream.respond({ ":status": 200, "content-type": "application/grpc" }, { waitForTrailers: true });
    stream.on("wantTrailers", () => stream.sendTrailers({ "grpc-status": "0" }));
    stream.end(Buffer.from([0, 0, 0, 0, 0]));
  });
  await new Promise<void>((resolve) => grpc.listen(0, "127.0.0.1", resolve));
  context.after(() => grpc.close());
  const { get, end } = await started(context, {
    requestMetrics: { protocol: "http/protobuf", endpoint, exportInterval: 3.6e12 },
    tracing: {
      protocol: "grpc",
      endpoint: `127.0.0.1:${(grpc.address() as AddressInfo).port}`,
      samplingRate: 1,
    },
  });
  await get();
  await end();
  assert.deepEqual(
    taken.map(({ path }) => path),
    ["/v1/metrics"],
  );
  assert.ok(taken[0]?.body.includes("kn.serving.invocation.duration"));
  assert.deepEqual(
    calls.map(({ path }) => path),
    ["/opentelemetry.proto.collector.trace.v1.TraceService/Export"],
  );
  const [call] = calls;
  assert.equal(call?.body.readUInt32BE(1), (call?.body.length ?? 0) - 5);
});

test("a collector that cannot be reached costs a request nothing and does not keep the program", async (context) => {
  const tracing = { protocol: "http/protobuf", endpoint: "http://127.0.0.1:1", samplingRate: 1 };
  const { get, end } = await started(context, { tracing });
  assert.equal((await get()).status, 200);
  await end();
});
