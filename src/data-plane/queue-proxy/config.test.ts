import assert from "node:assert/strict";
import { test } from "node:test";
import { BASE_ENV } from "../../../test/support/queue-proxy-env.ts";
import { readConfig } from "./config.ts";

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
