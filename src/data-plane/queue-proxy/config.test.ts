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

const readsInteger = (text: string) =>
  readConfig({ ...BASE_ENV, CONTAINER_CONCURRENCY: text }).containerConcurrency;

test("whole numbers may be written as in Go", () => {
  const written = { "0x10": 16, "1_000": 1000, "017": 15, "0b11": 3, "0o17": 15, "+5": 5, "0": 0 };
  for (const [text, number] of Object.entries(written)) assert.equal(readsInteger(text), number, text);
  for (const text of ["08", "1__0", "_1", "1_", "1e3", "0x", "5 "])
    assert.throws(() => readsInteger(text), /invalid syntax/);
});

test("a variable that is set to nothing is a bad one, for numbers and switches", () => {
  for (const variable of ["REVISION_IDLE_TIMEOUT_SECONDS", "ENABLE_HTTP2_AUTO_DETECTION"]) {
    assert.throws(() => readConfig({ ...BASE_ENV, [variable]: "" }), { variable });
  }
});

test("a list of probes is one only where containers may be several", () => {
  const readsProbes = (text: string, isList: boolean) =>
    readConfig({ ...BASE_ENV, SERVING_READINESS_PROBE: text, ENABLE_MULTI_CONTAINER_PROBES: String(isList) })
      .probes;
  assert.equal(readsProbes("[{},{}]", true).length, 2);
  assert.deepEqual(readsProbes("null", true), []);
  assert.throws(() => readsProbes("[{}]", false), /failed to parse readiness probe/);
  assert.throws(() => readsProbes("{}", true), /failed to parse readiness probe/);
});

test("settings of observability are decoded strictly, their names in any case", () => {
  const reads = (text: string) => readConfig({ ...BASE_ENV, OBSERVABILITY_CONFIG: text }).observability;
  assert.equal(reads('{"EnableRequestLog":true,"requestlogtemplate":"x"}').requestLog.template, "x");
  const bad = [
    "[]",
    '{"requestMetrics":[]}',
    '{"enableRequestLog":"true"}',
    '{"runtime":{"profiling":true}}',
  ];
  for (const text of [
    ...bad,
    '{"tracing":{"samplingRate":"1"}}',
    '{"metrics":{"exportInterval":1.5}}',
    "{",
  ]) {
    assert.throws(() => reads(text), /^ConfigError: failed to parse OBSERVABILITY_CONFIG/, text);
  }
  assert.throws(() => reads('{"requestMetrics":{"protocol":""}}'), /Failed to setup meter provider/);
});
