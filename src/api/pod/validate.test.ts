import assert from "node:assert/strict";
import { test } from "node:test";
import { causesText } from "../field-cause.ts";
import type { PodSpec } from "../pod-spec.ts";
import { defaultPod } from "./defaults.ts";
import { podSpecCauses } from "./validate.ts";

function complaints(spec: unknown): string {
  const filled = structuredClone(spec) as PodSpec;
  defaultPod(filled as unknown as Record<string, unknown>);
  return causesText(podSpecCauses(filled, "spec"));
}

const container = { name: "c", image: "example.com/app" };

test("a pod with one container has nothing wrong", () => {
  const spec = { containers: [container] } as PodSpec;
  defaultPod(spec as unknown as Record<string, unknown>);
  assert.deepEqual(podSpecCauses(spec, "spec"), []);
});

test("a pod needs containers, and each a name and an image", () => {
  assert.equal(complaints({ containers: [] }), "spec.containers: Required value");
  assert.equal(
    complaints({ containers: [{}] }),
    "[spec.containers[0].name: Required value, spec.containers[0].image: Required value]",
  );
});

test("a volume with an error cannot be mounted, so both are told", () => {
  const volumeMounts = [{ name: "v", mountPath: "/v" }];
  assert.equal(
    complaints({ containers: [{ ...container, volumeMounts }], volumes: [{ name: "v", secret: {} }] }),
    '[spec.volumes[0].secret.secretName: Required value, spec.containers[0].volumeMounts[0].name: Not found: "v"]',
  );
});

test("two containers cannot have one name, nor two handlers one probe", () => {
  const livenessProbe = { exec: { command: ["true"] }, tcpSocket: { port: 1 } };
  assert.equal(
    complaints({ containers: [container, { ...container, livenessProbe }] }),
    '[spec.containers[1].name: Duplicate value: "c", ' +
      "spec.containers[1].livenessProbe.tcpSocket: Forbidden: may not specify more than 1 handler type]",
  );
});

test("requests above limits and unknown resources are refused", () => {
  const resources = { requests: { cpu: "1500m", odd: "1" }, limits: { cpu: "1" } };
  assert.equal(
    complaints({ containers: [{ ...container, resources }] }),
    '[spec.containers[0].resources.requests: Invalid value: "1500m": must be less than or equal to cpu limit of 1, ' +
      'spec.containers[0].resources.requests[odd]: Invalid value: "odd": must be a standard resource type or fully ' +
      'qualified, spec.containers[0].resources.requests[odd]: Invalid value: "odd": must be a standard resource for ' +
      "containers]",
  );
});

test("references in the environment name fields that a pod has", () => {
  const env = [{ name: "N", valueFrom: { fieldRef: { fieldPath: "metadata.color" } } }];
  assert.equal(
    complaints({ containers: [{ ...container, env }] }),
    'spec.containers[0].env[0].valueFrom.fieldRef.fieldPath: Invalid value: "metadata.color": error converting ' +
      "fieldPath: field label not supported: metadata.color",
  );
});
