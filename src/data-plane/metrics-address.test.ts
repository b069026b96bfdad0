import assert from "node:assert/strict";
import { test } from "node:test";
import { metricsAddress } from "./metrics-address.ts";

const OTHERWISE = { ip: "127.0.0.1", port: 9090 };

test("the environment counts more than the endpoint, and that more than the program's own choice", () => {
  const at = (endpoint: string, env = {}) => {
    const { ip, port } = metricsAddress(endpoint, env, OTHERWISE);
    return `${ip} ${port}`;
  };
  assert.equal(at(""), "127.0.0.1 9090");
  assert.equal(at(":9095"), "127.0.0.1 9095");
  assert.equal(at("0.0.0.0:9095"), "0.0.0.0 9095");
  assert.equal(at("[::1]:9095"), "::1 9095");
  assert.equal(at("localhost:9095", { METRICS_PROMETHEUS_PORT: "9100" }), "127.0.0.1 9100");
  assert.equal(at("0.0.0.0:9095", { METRICS_PROMETHEUS_HOST: "10.0.0.1" }), "10.0.0.1 9095");
  assert.equal(at("", { METRICS_PROMETHEUS_PORT: "" }), "127.0.0.1 9090");
});

test("what is no address of a port that programs may use is refused in a sentence", () => {
  for (const endpoint of ["9090", "host", "::1:9090", "host:80", "host:70000", "host:9o90"]) {
    assert.throws(() => metricsAddress(endpoint, {}, OTHERWISE), { code: "metrics-address" }, endpoint);
  }
  assert.throws(() => metricsAddress("", { METRICS_PROMETHEUS_PORT: "80" }, OTHERWISE), /from 1024 to 65535/);
});
