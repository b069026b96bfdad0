import assert from "node:assert/strict";
import { test } from "node:test";
import { readConfig } from "./config.ts";

export const BASE_ENV: Record<string, string> = {
  CONTAINER_CONCURRENCY: "0",
  QUEUE_SERVING_PORT: "8012",
  QUEUE_SERVING_TLS_PORT: "8112",
  USER_PORT: "8080",
  REVISION_TIMEOUT_SECONDS: "300",
  SERVING_LOGGING_CONFIG: "",
  SERVING_LOGGING_LEVEL: "",
  SERVING_NAMESPACE: "default",
  SERVING_CONFIGURATION: "hello",
  SERVING_REVISION: "hello-00001",
  SERVING_POD: "pod",
  SERVING_POD_IP: "127.0.0.1",
};

test("the environment that the revision controller writes is understood", () => {
  const probe = { tcpSocket: { port: 8080, host: "127.0.0.1" }, successThreshold: 1 };
  const config = readConfig({ ...BASE_ENV, SERVING_READINESS_PROBE: JSON.stringify(probe) });
  assert.equal(config.servingPort, 8012);
  assert.equal(config.timeoutMs, 300_000);
  assert.equal(config.idleTimeoutMs, 0);
  assert.deepEqual(config.probes, [
    {
      action: { type: "tcpSocket", host: "127.0.0.1", port: 8080 },
      periodSeconds: 0,
      timeoutSeconds: 0,
      successThreshold: 1,
    },
  ]);
});

test("the first bad variable is named in Knative's words", () => {
  assert.throws(() => readConfig({}), { message: "required key CONTAINER_CONCURRENCY missing value" });
  assert.throws(() => readConfig({ ...BASE_ENV, CONTAINER_CONCURRENCY: "abc" }), {
    message:
      "envconfig.Process: assigning CONTAINER_CONCURRENCY to ContainerConcurrency: converting 'abc' to type int. " +
      'details: strconv.ParseInt: parsing "abc": invalid syntax',
  });
  assert.throws(() => readConfig({ ...BASE_ENV, SERVING_READINESS_PROBE: "nonsense" }), {
    variable: "SERVING_READINESS_PROBE",
    message: /Queue container failed to parse readiness probe/,
  });
});
