import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { admit } from "../admission/admit.ts";
import { AdmissionDenied } from "../admission/request.ts";
import { defaultConfig } from "../config/config.ts";
import type { Probe } from "../container.ts";
import { findKindOf } from "../kinds.ts";
import type { ApiObject } from "../object.ts";
import type { Service } from "../service/kind.ts";

const kind = findKindOf("serving.knative.dev/v1alpha1", "Service");
const config = defaultConfig();

function probeAfterAdmission(readinessProbe: Probe | undefined): Probe | undefined {
  assert.ok(kind !== undefined);
  const container = {
    image: "example.com/app:1",
    ...(readinessProbe === undefined ? {} : { readinessProbe }),
  };
  const object = {
    metadata: { name: "readiness-prober", namespace: "default" },
    spec: { template: { spec: { containers: [container] } } },
  };
  const user = { username: "admin" };
  const admitted = admit({ kind, operation: "CREATE", object: object as ApiObject, user, config });
  return (admitted.object as Service).spec.template.spec.containers[0]?.readinessProbe;
}

function refusalOf(readinessProbe: Probe): string {
  try {
    probeAfterAdmission(readinessProbe);
  } catch (thrown) {
    assert.ok(thrown instanceof AdmissionDenied);
    return thrown.message.split("validation failed: ")[1] ?? thrown.message;
  }
  return "";
}

const PATH = "spec.template.spec.containers[0].readinessProbe";

describe("readiness probe", () => {
  test("without one the application's port is checked", () => {
    assert.deepEqual(probeAfterAdmission(undefined), { successThreshold: 1, tcpSocket: { port: 0 } });
  });

  test("without a period only successThreshold is filled in: the zeros mean aggressive probing", () => {
    assert.deepEqual(probeAfterAdmission({ httpGet: { path: "/" }, initialDelaySeconds: 3 }), {
      httpGet: { path: "/", port: 0 },
      initialDelaySeconds: 3,
      successThreshold: 1,
    });
  });

  test("with a period alone the other numbers get Kubernetes' defaults", () => {
    assert.deepEqual(probeAfterAdmission({ httpGet: { path: "/" }, periodSeconds: 10 }), {
      httpGet: { path: "/", port: 0 },
      periodSeconds: 10,
      failureThreshold: 3,
      timeoutSeconds: 1,
      successThreshold: 1,
    });
  });

  test("four positive numbers, as older releases demanded, pass unchanged", () => {
    const numbers = { periodSeconds: 1, timeoutSeconds: 2, successThreshold: 3, failureThreshold: 4 };
    assert.deepEqual(probeAfterAdmission({ tcpSocket: { port: 8080 }, ...numbers }), {
      tcpSocket: { port: 8080 },
      ...numbers,
    });
  });

  test("a timeout without a period is refused", () => {
    assert.equal(
      refusalOf({ httpGet: { path: "/" }, timeoutSeconds: 5 }),
      `timeoutSeconds is disallowed when periodSeconds is zero: ${PATH}.timeoutSeconds`,
    );
  });

  test("a failure threshold without a period is refused", () => {
    assert.equal(
      refusalOf({ httpGet: { path: "/" }, failureThreshold: 2 }),
      `failureThreshold is disallowed when periodSeconds is zero: ${PATH}.failureThreshold`,
    );
  });

  test("a negative period is refused with its bounds", () => {
    assert.match(refusalOf({ tcpSocket: {}, periodSeconds: -1 }), /^expected 0 <= -1 <= 2147483647: /m);
  });

  test("two handlers are refused, each named", () => {
    assert.equal(
      refusalOf({ httpGet: { path: "/" }, exec: { command: ["true"] } }),
      `expected exactly one, got both: ${PATH}.exec, ${PATH}.httpGet`,
    );
  });

  test("a port name that is not the container's is refused", () => {
    assert.equal(
      refusalOf({ httpGet: { port: "admin" } }),
      `invalid value: admin: ${PATH}.httpGet.port\nProbe port must match container port`,
    );
  });
});
