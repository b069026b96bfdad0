import assert from "node:assert/strict";
import { test } from "node:test";
import { VirtualClock } from "../../../sim/virtual-clock.ts";
import { type DataPlaneSettings, QUIET_SETTINGS } from "../../api/wire/settings.ts";
import { Cancel } from "../../base/cancel.ts";
import { silentLog } from "../../base/log.ts";
import { metricsText } from "../../base/metrics-text.ts";
import { seededRandom } from "../../base/random.ts";
import type { Network } from "../../http/conn.ts";
import { HeaderBlock } from "../../http/header-block.ts";
import { inProcessUpstream } from "../../http/in-process-upstream.ts";
import type { Handler } from "../../http/message.ts";
import { bytesBody, respondWith } from "../../http/responses.ts";
import { TimerWheel } from "../../http/timer-wheel.ts";
import { Activator } from "./activator.ts";
import { activatorMetrics } from "./activator-metrics.ts";
import { ActivatorTelemetry } from "./telemetry.ts";

const POD = { ip: "10.0.0.7", port: 8012, podUid: "pod" };
const FOR_HELLO = ["Knative-Serving-Namespace", "default", "Knative-Serving-Revision", "hello-00001"];
const NOBODY: Network = {
  listen: () => Promise.reject(new Error("nobody listens")),
  connect: () => Promise.reject(new Error("nobody connects")),
};

/** An activator with one pod, in one process, on virtual time. */
async function activator(settings: Partial<DataPlaneSettings>, { report = () => {} } = {}) {
  const clock = new VirtualClock();
  const random = seededRandom(1);
  const lines: string[] = [];
  const seen: HeaderBlock[] = [];
  const held: (() => void)[] = [];
  const pod: Handler = (exchange) => {
    const isProbe = exchange.request.headers.has("k-network-probe");
    if (!isProbe) seen.push(exchange.request.headers.copy());
    if (isProbe) respondWith(exchange, { status: 200, body: "queue" });
    else if (exchange.request.target === "/held") held.push(() => respondWith(exchange, { status: 200 }));
    else respondWith(exchange, { status: 200, body: "hello" });
  };
  const telemetry = new ActivatorTelemetry({
    clock,
    random,
    log: silentLog,
    network: NOBODY,
    resource: { "service.name": "activator" },
    writeLine: (line) => void lines.push(line),
  });
  telemetry.apply({ ...QUIET_SETTINGS, ...settings });
  const made = new Activator({
    clock,
    random,
    log: silentLog,
    timers: new TimerWheel(clock),
    upstreamFor: () => inProcessUpstream(pod, { remoteAddress: "" }),
    podName: "activator-1",
    activatorIp: "10.0.0.1",
    report,
    telemetry,
  });
  const limits = { totalMs: 300_000, responseStartMs: 0, idleMs: 0 };
  const names = { namespace: "default", name: "hello-00001", service: "hello", configuration: "hello" };
  made.revisions.set({ ...names, containerConcurrency: 1, limits, trustsProbes: true });
  made.revisions.setPods("default", "hello-00001", { ready: [POD], notReady: [] });
  await clock.advance(10);
  const source = activatorMetrics(made, { "service.name": "activator" });
  const ask = (headers: string[], target = "/a?b") => {
    const head = { method: "GET", target, version: "1.1" as const, headers: new HeaderBlock(headers) };
    return new Promise<number>((resolve, reject) => {
      inProcessUpstream(made.handle, { remoteAddress: "1.2.3.4" }).send(
        { head, body: bytesBody(new Uint8Array(0)), cancel: new Cancel() },
        {
          interim() {},
          upgraded() {},
          failed: reject,
          response(answer, body) {
            body.start({ data() {}, end: () => resolve(answer.status), fail: reject });
            body.credit(100);
          },
        },
      );
    });
  };
  const number = (name: string) =>
    metricsText(source)
      .split("\n")
      .filter((line) => line.startsWith(`${name}{`))
      .map((line) => line.replace(/,?otel_scope_\w+="[^"]*"/g, ""));
  return { clock, telemetry, lines, seen, held, ask, number };
}

test("requests are measured with the names of their revision, those of no revision without", async () => {
  const { ask, number } = await activator({ measures: true });
  assert.equal(await ask(["Host", "app.example.com", ...FOR_HELLO]), 200);
  assert.equal(await ask(["Host", "app.example.com", ...FOR_HELLO]), 200);
  assert.equal(await ask(["Host", "app.example.com"]), 404);
  assert.equal(await ask(["Host", "a", "K-Network-Probe", "activator"]), 200);
  const http = 'network_protocol_name="http",network_protocol_version="1.1"';
  const of = 'k8s_namespace_name="default",kn_configuration_name="hello",kn_revision_name="hello-00001"';
  assert.deepEqual(number("http_server_request_duration_seconds_count"), [
    `http_server_request_duration_seconds_count{http_request_method="GET",${of},kn_service_name="hello",${http},` +
      'http_response_status_code="200",server_address="app.example.com",url_scheme="http"} 2',
    `http_server_request_duration_seconds_count{http_request_method="GET",${http},` +
      'http_response_status_code="404",server_address="app.example.com",url_scheme="http"} 1',
  ]);
  const [calls = ""] = number("http_client_request_duration_seconds_count");
  assert.match(calls, /http_response_status_code="200",server_address="10.0.0.7",server_port="8012",.*\} 2$/);
});

test("who waits and who is at a pod is counted when someone looks", async () => {
  const { ask, number, held, clock } = await activator({ measures: true });
  const first = ask(["Host", "a", ...FOR_HELLO], "/held");
  const second = ask(["Host", "a", ...FOR_HELLO]);
  await clock.advance(1_000);
  const values = () =>
    ["queued", "active", "concurrency"].map((name) =>
      Number(number(`kn_revision_request_${name}`)[0]?.split(" ")[1]),
    );
  assert.deepEqual(values().slice(0, 2), [1, 1]);
  await clock.advance(1_000);
  assert.deepEqual(values(), [1, 1, 2]);
  held[0]?.();
  await Promise.all([first, second]);
  assert.deepEqual(values().slice(0, 2), [0, 0]);
});

test("a report that cannot be sent is counted and costs the request nothing", async () => {
  const { ask, number } = await activator(
    { measures: true },
    {
      report() {
        throw new Error("nobody hears");
      },
    },
  );
  assert.equal(await ask(["Host", "a", ...FOR_HELLO]), 200);
  assert.deepEqual(number("kn_activator_stats_conn_errors_total"), [
    'kn_activator_stats_conn_errors_total{peer="autoscaler"} 1',
  ]);
  assert.deepEqual(number("kn_activator_stats_conn_reachable"), [
    'kn_activator_stats_conn_reachable{peer="autoscaler"} 1',
  ]);
});

test("a request that is recorded leaves spans for the wait and the call, and the pod learns of the call", async () => {
  const { ask, lines, seen } = await activator({
    tracing: { protocol: "stdout", endpoint: "", samplingRate: 1 },
  });
  await ask(["Host", "a", ...FOR_HELLO]);
  const spans = lines.map((line) => JSON.parse(line));
  const named = (name: string) => spans.find((span) => span.name === name);
  assert.deepEqual(spans.map(({ name }) => name).sort(), [
    "GET /a",
    "activator_proxy",
    "handle",
    "throttler_try",
  ]);
  assert.equal(named("handle").attributes["kn.revision.name"], "hello-00001");
  assert.equal(named("throttler_try").parentSpanId, named("handle").spanId);
  assert.equal(named("GET /a").parentSpanId, named("activator_proxy").spanId);
  const { traceId, spanId } = named("GET /a");
  assert.equal(seen[0]?.get("traceparent"), `00-${traceId}-${spanId}-01`);
});

test("the request log has a line for each request of a revision, none for probes and those of no revision", async () => {
  const template =
    "{{.Request.Host}} {{.Response.Code}} {{.Revision.Name}} {{.Revision.PodName}} {{.Revision.PodIP}}";
  const { ask, lines } = await activator({ requestLogTemplate: template });
  await ask(["Host", "app.example.com", ...FOR_HELLO]);
  await ask(["Host", "b"]);
  await ask(["Host", "b", "K-Network-Probe", "activator"]);
  assert.deepEqual(lines, ["app.example.com 200 hello-00001 activator-1 10.0.0.1\n"]);
});

test("settings count from the next request on, and counts stay when nobody reads them for a while", async () => {
  const { ask, number, telemetry, seen } = await activator({});
  const count = () => number("http_server_request_duration_seconds_count").map((line) => line.split(" ")[1]);
  await ask(["Host", "a", ...FOR_HELLO]);
  assert.deepEqual(count(), []);
  telemetry.apply({ ...QUIET_SETTINGS, measures: true });
  await ask(["Host", "a", ...FOR_HELLO]);
  telemetry.apply(QUIET_SETTINGS);
  await ask(["Host", "a", ...FOR_HELLO]);
  assert.deepEqual(count(), ["1"]);
  assert.equal(
    seen.some((headers) => headers.has("traceparent")),
    false,
  );
});
