import assert from "node:assert/strict";
import { test } from "node:test";
import { VirtualClock } from "../../../sim/virtual-clock.ts";
import { rawClient, settled } from "../../../test/support/raw-conn.ts";
import { metricsText } from "../../base/metrics-text.ts";
import { respondWith } from "../responses.ts";
import { HttpServer } from "../server.ts";
import { HttpMetrics } from "./http-metrics.ts";
import { Measured } from "./measured.ts";

test("the size of a chunked body is what came of it, that of another what it said", async () => {
  const clock = new VirtualClock();
  const all = new HttpMetrics();
  const server = new HttpServer({
    clock,
    handler: (exchange) => {
      const route = all.routeOf(exchange.request, "http", { key: "", attributes: {} });
      new Measured(exchange, { clock, route });
      const end = () => respondWith(exchange, { status: 200 });
      exchange.body.start({ data() {}, end, fail: end });
      exchange.body.credit(1_000);
    },
  });
  const sizes = () =>
    Array.from(
      metricsText({ resource: {}, metrics: all.metrics }).matchAll(
        /^http_server_request_body_size_bytes_sum\{.*method="(\w+)".*\} (\d+)$/gm,
      ),
      ([, method, bytes]) => `${method} ${bytes}`,
    );
  const client = rawClient(server.accept);
  client.send(
    "PUT / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n3\r\nyou\r\n0\r\n\r\n",
  );
  await settled();
  client.send("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 4\r\n\r\nbody");
  await settled();
  client.send("GET / HTTP/1.1\r\nHost: a\r\n\r\n");
  await settled();
  assert.deepEqual(sizes(), ["PUT 8", "POST 4", "GET 0"]);
});
