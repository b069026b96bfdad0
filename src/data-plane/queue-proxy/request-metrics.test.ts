import assert from "node:assert/strict";
import { test } from "node:test";
import { BASE_ENV } from "../../../test/support/queue-proxy-env.ts";
import { metricsText } from "../../base/metrics-text.ts";
import { HeaderBlock } from "../../http/header-block.ts";
import { readConfig } from "./config.ts";
import { RequestMetrics, routeTagOf } from "./request-metrics.ts";

function metrics(depth?: number): RequestMetrics {
  return new RequestMetrics({ config: readConfig(BASE_ENV), version: "1.2.3", queueDepth: () => depth });
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
  assert.equal(tagOf("Knative-Serving-Tag", "\xc3\xa9"), "é");
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

test("the resource names pod, revision and service, and the service by its configuration when it has none", () => {
  const [info = ""] = metricsText(metrics()).split("\n").slice(2);
  assert.match(info, /k8s_pod_name="pod"/);
  assert.match(info, /kn_revision_name="hello-00001"/);
  assert.match(info, /,service_name="hello"/);
});
