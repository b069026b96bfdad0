import assert from "node:assert/strict";
import { test } from "node:test";
import { BASE_ENV } from "../../../test/support/queue-proxy-env.ts";
import { metricsText } from "../../base/metrics-text.ts";
import { HeaderBlock } from "../../http/header-block.ts";
import type { RequestHead } from "../../http/message.ts";
import { readConfig } from "./config.ts";
import { RequestMetrics, routeTagOf } from "./request-metrics.ts";

function metrics(depth?: number): RequestMetrics {
  return new RequestMetrics({ config: readConfig(BASE_ENV), version: "1.2.3", queueDepth: () => depth });
}

function request(headers: string[], method = "GET"): RequestHead {
  return { method, target: "/", version: "1.1", headers: new HeaderBlock(headers) };
}

function lines(from: RequestMetrics, name: string): string[] {
  return metricsText(from)
    .split("\n")
    .filter((line) => line.startsWith(`${name}{`))
    .map((line) => line.replace(/,?otel_scope_\w+="[^"]*"/g, ""));
}

test("the route tag follows the two headers of the gateway, empty ones counting as absent", () => {
  const tagOf = (...headers: string[]) => routeTagOf(new HeaderBlock(headers));
  assert.equal(tagOf(), "kn:disabled");
  assert.equal(tagOf("Knative-Serving-Default-Route", "false"), "kn:default");
  assert.equal(tagOf("Knative-Serving-Tag", "", "Knative-Serving-Default-Route", "true"), "kn:default");
  assert.equal(tagOf("Knative-Serving-Tag", "blue", "Knative-Serving-Default-Route", "true"), "kn:undefined");
  assert.equal(tagOf("Knative-Serving-Tag", "blue", "Knative-Serving-Default-Route", "false"), "blue");
});

test("requests with the same labels share their series, found again without a look-up", () => {
  const all = metrics();
  const first = all.routeOf(request(["Host", "a"]), "http");
  assert.equal(all.routeOf(request(["Host", "a"]), "http"), first);
  assert.notEqual(all.routeOf(request(["Host", "b"]), "http"), first);
  assert.notEqual(all.routeOf(request(["Host", "a"]), "https"), first);
  assert.notEqual(all.routeOf(request(["Host", "a", "Knative-Serving-Tag", "t"]), "http"), first);
  assert.equal(all.routeOf(request(["Host", "a"]), "http"), first);
});

test("a served request is counted by method, status, host and port; an own method is _OTHER", () => {
  const all = metrics();
  const route = all.routeOf(request(["Host", "app.example.com:8443"], "PURGE"), "https");
  route.served({ status: 503, seconds: 0.2, requestBytes: undefined, responseBytes: 12 });
  assert.deepEqual(lines(all, "http_server_request_duration_seconds_count"), [
    'http_server_request_duration_seconds_count{http_request_method="_OTHER",kn_route_tag="kn:disabled",' +
      'network_protocol_name="http",network_protocol_version="1.1",http_response_status_code="503",' +
      'server_address="app.example.com",server_port="8443",url_scheme="https"} 1',
  ]);
  assert.equal(lines(all, "http_server_response_body_size_bytes_sum")[0]?.endsWith("} 12"), true);
  assert.deepEqual(lines(all, "http_server_request_body_size_bytes_count"), [], "its length is not known");
});

test("an upgraded connection counts as 200, a client that left as 499", () => {
  const all = metrics();
  all.invocation(101, 1);
  all.invocation(0, 1);
  all.invocation(200, 1);
  assert.deepEqual(lines(all, "kn_serving_invocation_duration_seconds_count"), [
    'kn_serving_invocation_duration_seconds_count{http_response_status_code="200"} 2',
    'kn_serving_invocation_duration_seconds_count{http_response_status_code="499"} 1',
  ]);
});

test("the depth of the queue is there only with a limit", () => {
  assert.equal(lines(metrics(), "kn_serving_queue_depth").length, 0);
  assert.match(lines(metrics(3), "kn_serving_queue_depth")[0] ?? "", / 3$/);
});

test("clients that invent hosts share one set of series in the end", () => {
  const all = metrics();
  for (let host = 0; host < 3000; host++) {
    const route = all.routeOf(request(["Host", `h${host}`]), "http");
    route.served({ status: 200, seconds: 1, requestBytes: 0, responseBytes: 0 });
  }
  const series = lines(all, "http_server_request_duration_seconds_count");
  assert.equal(series.length, 1001);
  assert.match(series.at(-1) ?? "", /\{otel_metric_overflow="true"\} 2000$/);
});

test("the resource names pod, revision and service, and the service by its configuration when it has none", () => {
  const [info = ""] = metricsText(metrics()).split("\n").slice(2);
  assert.match(info, /k8s_pod_name="pod"/);
  assert.match(info, /kn_revision_name="hello-00001"/);
  assert.match(info, /,service_name="hello"/);
});
