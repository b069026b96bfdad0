import assert from "node:assert/strict";
import { test } from "node:test";
import { Gauge, Histogram } from "./metrics.ts";
import { METRICS_TEXT_TYPE, metricsText } from "./metrics-text.ts";

const options = { name: "app.wait.time", unit: "s", description: "How long", scope: "app", bounds: [0.1, 1] };

test("a histogram is written with cumulative buckets, sum and count, its names in Prometheus' way", () => {
  const waits = new Histogram(options);
  const series = waits.at({ "route.tag": "blue" });
  for (const value of [0.1, 0.5, 3]) series.record(value);
  const depth = new Gauge({ ...options, name: "app.depth", unit: "{request}", read: () => 7 });
  const absent = new Gauge({ ...options, name: "app.absent", unit: "{request}", read: () => undefined });
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
