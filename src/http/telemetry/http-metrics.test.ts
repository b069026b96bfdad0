import assert from "node:assert/strict";
import { test } from "node:test";
import { metricsText } from "../../base/metrics-text.ts";
import { HeaderBlock } from "../header-block.ts";
import type { RequestHead } from "../message.ts";
import { HttpMetrics } from "./http-metrics.ts";

const LABELS = { key: "blue", attributes: { "app.color": "blue" } };

function request(headers: string[], method = "GET"): RequestHead {
  return { method, target: "/", version: "1.1", headers: new HeaderBlock(headers) };
}

function lines({ metrics }: HttpMetrics, name: string): string[] {
  return metricsText({ resource: {}, metrics })
    .split("\n")
    .filter((line) => line.startsWith(`${name}{`))
    .map((line) => line.replace(/,?otel_scope_\w+="[^"]*"/g, ""));
}

test("requests with the same labels share their series, found again without a look-up", () => {
  const all = new HttpMetrics();
  const first = all.routeOf(request(["Host", "a"]), "http", LABELS);
  assert.equal(all.routeOf(request(["Host", "a"]), "http", LABELS), first);
  assert.notEqual(all.routeOf(request(["Host", "b"]), "http", LABELS), first);
  assert.notEqual(all.routeOf(request(["Host", "a"]), "https", LABELS), first);
  assert.notEqual(all.routeOf(request(["Host", "a"]), "http", { ...LABELS, key: "red" }), first);
  assert.equal(all.routeOf(request(["Host", "a"]), "http", LABELS), first);
});

test("a served request is counted by method, status, host and port; an own method is _OTHER", () => {
  const all = new HttpMetrics();
  const route = all.routeOf(request(["Host", "app.example.com:8443"], "PURGE"), "https", LABELS);
  route.served({ status: 503, seconds: 0.2, requestBytes: undefined, responseBytes: 12 });
  assert.deepEqual(lines(all, "http_server_request_duration_seconds_count"), [
    'http_server_request_duration_seconds_count{http_request_method="_OTHER",app_color="blue",' +
      'network_protocol_name="http",network_protocol_version="1.1",http_response_status_code="503",' +
      'server_address="app.example.com",server_port="8443",url_scheme="https"} 1',
  ]);
  assert.equal(lines(all, "http_server_response_body_size_bytes_sum")[0]?.endsWith("} 12"), true);
  assert.deepEqual(lines(all, "http_server_request_body_size_bytes_count"), [], "its length is not known");
});

test("a usual method counts in any case, an address without brackets, a usual port not at all", () => {
  const labelsOf = (host: string, method: string, scheme: "http" | "https") => {
    const all = new HttpMetrics();
    const route = all.routeOf(request(["Host", host], method), scheme, LABELS);
    route.served({ status: 200, seconds: 0.2, requestBytes: 0, responseBytes: 0 });
    const [line = ""] = lines(all, "http_server_request_duration_seconds_count");
    return ["http_request_method", "server_address", "server_port"].map(
      (name) => new RegExp(`${name}="([^"]*)"`).exec(line)?.[1],
    );
  };
  assert.deepEqual(labelsOf("a:80", "get", "http"), ["GET", "a", undefined]);
  assert.deepEqual(labelsOf("a:80", "GET", "https"), ["GET", "a", "80"]);
  assert.deepEqual(labelsOf("[::1]:443", "GET", "https"), ["GET", "::1", undefined]);
  assert.deepEqual(labelsOf("[::1]", "GET", "http"), ["GET", "::1", undefined]);
  assert.deepEqual(labelsOf("", "GET", "http"), ["GET", "", undefined]);
});

test("a call is counted by whom it went to and what came of it", () => {
  const all = new HttpMetrics();
  const route = all.routeOf(request(["Host", "a"]), "http", LABELS);
  const [one, other] = [
    { ip: "10.0.0.1", port: 80 },
    { ip: "10.0.0.2", port: 80 },
  ];
  const call = (callee: typeof one, outcome: number | string) =>
    route.called({ callee, outcome, seconds: 0.1, requestBytes: 5 });
  call(one, 200);
  call(one, 200);
  call(other, "syscall.Errno");
  const counts = lines(all, "http_client_request_duration_seconds_count");
  assert.equal(counts.length, 2);
  assert.match(counts[0] ?? "", /http_response_status_code="200",server_address="10.0.0.1",.*\} 2$/);
  assert.match(counts[1] ?? "", /error_type="syscall.Errno",server_address="10.0.0.2",.*\} 1$/);
});

test("clients that invent hosts share one set of series in the end", () => {
  const all = new HttpMetrics();
  for (let host = 0; host < 3000; host++) {
    const route = all.routeOf(request(["Host", `h${host}`]), "http", LABELS);
    route.served({ status: 200, seconds: 1, requestBytes: 0, responseBytes: 0 });
  }
  const series = lines(all, "http_server_request_duration_seconds_count");
  assert.equal(series.length, 1001);
  assert.match(series.at(-1) ?? "", /\{otel_metric_overflow="true"\} 2000$/);
});
