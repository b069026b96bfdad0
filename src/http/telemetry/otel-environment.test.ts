import assert from "node:assert/strict";
import { test } from "node:test";
import { testAuthority } from "../../../test/support/certificates.ts";
import { readOtelEnvironment } from "./otel-environment.ts";

/** The variables of OpenTelemetry's exporters (spec, C-126). */

function read(env: Record<string, string>, files: Record<string, string> = {}) {
  const complaints: string[] = [];
  const readFile = (path: string) => files[path] ?? assert.fail(`no such file: ${path}`);
  const complain = (variable: string, problem: string) => void complaints.push(`${variable}: ${problem}`);
  return { ...readOtelEnvironment(env, { readFile, complain }), complaints };
}

test("without variables nothing is overridden", () => {
  assert.deepEqual(read({}), {
    traces: {},
    metrics: {},
    batching: { delayMs: undefined, waitingMax: undefined, batchMax: undefined },
    resource: {},
    complaints: [],
  });
});

test("the common endpoint is a base, the signal's own is taken as it is and wins", () => {
  const { traces, metrics } = read({
    OTEL_EXPORTER_OTLP_ENDPOINT: "https://collector.example:4318/base/",
    OTEL_EXPORTER_OTLP_METRICS_ENDPOINT: "http://metrics.example:9000",
  });
  assert.equal(traces.url?.href, "https://collector.example:4318/base/v1/traces");
  assert.equal(metrics.url?.href, "http://metrics.example:9000/");
});

test("headers, time-out and compression are common to both signals, or a signal's own", () => {
  const { traces, metrics } = read({
    OTEL_EXPORTER_OTLP_HEADERS: "authorization=Bearer%20abc, x-tenant = a",
    OTEL_EXPORTER_OTLP_TRACES_TIMEOUT: "1500",
    OTEL_EXPORTER_OTLP_COMPRESSION: "none",
    OTEL_EXPORTER_OTLP_METRICS_COMPRESSION: "gzip",
  });
  const headers = [
    ["authorization", "Bearer abc"],
    ["x-tenant", "a"],
  ];
  assert.deepEqual(traces, { timeoutMs: 1500, gzip: false, headers });
  assert.deepEqual(metrics, { gzip: true, headers });
});

test("certificates are read from the files that are named; those that do not fit together are told", () => {
  const authority = testAuthority();
  const [own, other] = [authority.issue(["client"]), authority.issue(["other"])];
  const files = { ca: authority.certificate, cert: own.cert, key: own.key, other: other.key };
  const { traces, metrics, complaints } = read(
    {
      OTEL_EXPORTER_OTLP_CERTIFICATE: "ca",
      OTEL_EXPORTER_OTLP_CLIENT_CERTIFICATE: "cert",
      OTEL_EXPORTER_OTLP_CLIENT_KEY: "key",
      OTEL_EXPORTER_OTLP_METRICS_CLIENT_KEY: "other",
    },
    files,
  );
  assert.deepEqual(traces, { authorities: authority.certificate, identity: own });
  assert.deepEqual(metrics, { authorities: authority.certificate });
  assert.match(complaints.join(), /^OTEL_EXPORTER_OTLP_METRICS_CLIENT_CERTIFICATE: .*key values mismatch/);
});

test("the sampler is named with its rate, and whether callers decide", () => {
  const sampler = (name: string, argument = "") =>
    read({ OTEL_TRACES_SAMPLER: name, OTEL_TRACES_SAMPLER_ARG: argument }).sampler;
  assert.deepEqual(sampler("always_on"), { samplingRate: 1, followsCaller: false });
  assert.deepEqual(sampler("parentbased_always_off"), { samplingRate: 0, followsCaller: true });
  assert.deepEqual(sampler("TraceIdRatio", "0.25"), { samplingRate: 0.25, followsCaller: false });
  assert.deepEqual(sampler("parentbased_traceidratio"), { samplingRate: 1, followsCaller: true });
  assert.deepEqual(sampler("", "0.5"), { samplingRate: 0.5, followsCaller: true });
});

test("what cannot be read counts as not set and is told", () => {
  const { traces, metricsIntervalMs, batching, resource, complaints } = read({
    OTEL_EXPORTER_OTLP_ENDPOINT: "collector:4317",
    OTEL_EXPORTER_OTLP_TRACES_HEADERS: "plain,a=1",
    OTEL_METRIC_EXPORT_INTERVAL: "soon",
    OTEL_BSP_SCHEDULE_DELAY: "200",
    OTEL_RESOURCE_ATTRIBUTES: "deployment.environment=prod%2Feu,team=100%",
    OTEL_TRACES_SAMPLER: "jaeger_remote",
    OTEL_EXPORTER_OTLP_CERTIFICATE: "nowhere",
  });
  assert.deepEqual(traces, { headers: [["a", "1"]] });
  assert.equal(metricsIntervalMs, undefined);
  assert.equal(batching.delayMs, 200);
  assert.deepEqual(resource, { "deployment.environment": "prod/eu", team: "100%" });
  const told = new Set(complaints.map((one) => one.split(":")[0]));
  assert.deepEqual([...told].sort(), [
    "OTEL_EXPORTER_OTLP_CERTIFICATE",
    "OTEL_EXPORTER_OTLP_ENDPOINT",
    "OTEL_EXPORTER_OTLP_TRACES_HEADERS",
    "OTEL_METRIC_EXPORT_INTERVAL",
    "OTEL_TRACES_SAMPLER",
  ]);
});
