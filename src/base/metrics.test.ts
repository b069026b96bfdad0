import assert from "node:assert/strict";
import { test } from "node:test";
import { Histogram, Observed, snapshotOf } from "./metrics.ts";
import { METRICS_TEXT_TYPE, metricsText } from "./metrics-text.ts";

const seven = { attributes: {}, value: 7 };
const options = { name: "app.wait.time", unit: "s", description: "How long", scope: "app", bounds: [0.1, 1] };

test("a histogram is written with cumulative buckets, sum and count, its names in Prometheus' way", () => {
  const waits = new Histogram(options);
  const series = waits.at({ "route.tag": "blue" });
  for (const value of [0.1, 0.5, 3]) series.record(value);
  const depth = new Observed("gauge", {
    ...options,
    name: "app.depth",
    unit: "{request}",
    read: () => [seven],
  });
  const absent = new Observed("gauge", { ...options, name: "app.absent", unit: "{request}", read: () => [] });
  const text = metricsText({ resource: { "pod.name": "p" }, metrics: [waits, depth, absent] });
  const labels = 'route_tag="blue",otel_scope_name="app",otel_scope_schema_url="",otel_scope_version=""';
  assert.deepEqual(text.trimEnd().split("\n"), [
    "# HELP target_info Target metadata",
    "# TYPE target_info gauge",
    'target_info{pod_name="p"} 1',
    "# HELP app_wait_time_seconds How long",
    "# TYPE app_wait_time_seconds histogram",
    `app_wait_time_seconds_bucket{${labels},le="0.1"} 1`,
    `app_wait_time_seconds_bucket{${labels},le="1"} 2`,
    `app_wait_time_seconds_bucket{${labels},le="+Inf"} 3`,
    `app_wait_time_seconds_sum{${labels}} 3.6`,
    `app_wait_time_seconds_count{${labels}} 3`,
    "# HELP app_depth How long",
    "# TYPE app_depth gauge",
    'app_depth{otel_scope_name="app",otel_scope_schema_url="",otel_scope_version=""} 7',
  ]);
  assert.match(METRICS_TEXT_TYPE, /^text\/plain/);
});

test("a sum that only grows ends in _total, one that also falls is a gauge, and a rate is one per second", () => {
  const of = (type: "counter" | "upDownCounter" | "gauge", name: string, unit: string) =>
    new Observed(type, { ...options, name, unit, read: () => [seven] });
  const text = metricsText({
    resource: {},
    metrics: [
      of("counter", "app.errors", "{error}"),
      of("upDownCounter", "app.active", "{request}"),
      of("gauge", "app.rps", "{request}/s"),
      of("gauge", "app.age", "s"),
    ],
  });
  assert.deepEqual(
    text.split("\n").filter((line) => line.startsWith("# TYPE app")),
    [
      "# TYPE app_errors_total counter",
      "# TYPE app_active gauge",
      "# TYPE app_rps_per_second gauge",
      "# TYPE app_age_seconds gauge",
    ],
  );
});

test("programs that measure the same stand under one heading, also as copies that travelled as JSON", () => {
  const source = (program: string) => {
    const waits = new Histogram(options);
    waits.at({ program }).record(0.5);
    const depth = new Observed("gauge", {
      ...options,
      name: "app.depth",
      read: () => [{ attributes: { program }, value: 1 }],
    });
    return { resource: { "service.name": program }, metrics: [waits, depth] };
  };
  const [a, b] = [source("a"), source("b")];
  const travelled = JSON.parse(JSON.stringify(snapshotOf(b)));
  const text = metricsText(a, travelled);
  assert.equal(text, metricsText(a, b));
  for (const name of ["target_info", "app_wait_time_seconds", "app_depth_seconds"]) {
    assert.equal(text.split(`# TYPE ${name} `).length, 2, name);
  }
  assert.match(text, /target_info\{service_name="a"\} 1\ntarget_info\{service_name="b"\} 1\n/);
});

test("what a client chose as a label cannot break the text", () => {
  const waits = new Histogram(options);
  waits.at({ tag: 'a"b\\c\nd' }).record(1);
  assert.match(metricsText({ resource: {}, metrics: [waits] }), /tag="a\\"b\\\\c\\nd"/);
});

test("the same attributes are the same series, and whoever invents new ones shares one in the end", () => {
  const waits = new Histogram(options);
  assert.equal(waits.at({ host: "a" }), waits.at({ host: "a" }));
  for (let host = 0; host < 5000; host++) waits.at({ host: `h${host}` }).record(1);
  const all = [...waits.series];
  assert.equal(all.length, 2000);
  const shared = waits.at({ "otel.metric.overflow": "true" });
  assert.equal(all.includes(shared), true);
  assert.equal(shared.count, 5000 - 1998);
});
