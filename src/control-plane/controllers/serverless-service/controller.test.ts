import assert from "node:assert/strict";
import { test } from "node:test";
import type { CoreService } from "../../../api/core-service/kind.ts";
import type { Endpoints } from "../../../api/endpoints/kind.ts";
import type { Condition, Stored } from "../../../api/object.ts";
import type { ServerlessService } from "../../../api/serverless-service/kind.ts";
import { desired } from "./controller.ts";

const sks: Stored<ServerlessService> = {
  metadata: {
    name: "hello-00001",
    namespace: "default",
    uid: "u",
    resourceVersion: "1",
    creationTimestamp: "2030-01-01T00:00:00Z",
    labels: { app: "hello-00001" },
  },
  spec: {
    mode: "Serve",
    numActivators: 2,
    objectRef: { apiVersion: "apps/v1", kind: "Deployment", name: "hello-00001-deployment" },
    protocolType: "http1",
  },
};
const ports = [
  { name: "http", port: 8012, protocol: "TCP" },
  { name: "https", port: 8112, protocol: "TCP" },
];
const pod = { addresses: [{ ip: "10.1.0.1", targetRef: { kind: "Pod", name: "hello-1" } }], ports };
const activator = { addresses: [{ ip: "10.9.0.1" }], ports };
const observed = {
  selector: { "serving.knative.dev/revisionUID": "r" },
  own: [],
  activators: [],
  foreign: undefined,
};

function words(conditions: readonly Condition[] | undefined): string[] {
  return (conditions ?? []).map(({ type, status, reason = "" }) => `${type} ${status} ${reason}`.trim());
}

test("with a ready pod in Serve the pod answers, its targetRef with it", () => {
  const { children, status } = desired(sks, { ...observed, own: [pod], activators: [activator] });
  assert.deepEqual(
    children.map(({ kind, object }) => `${kind.kind} ${object.metadata.name}`),
    ["Service hello-00001-private", "Service hello-00001", "Endpoints hello-00001"],
  );
  assert.deepEqual((children[2]?.object as Endpoints | undefined)?.subsets, [pod]);
  assert.deepEqual(words(status?.conditions), [
    "ActivatorEndpointsPopulated False ActivatorEndpointsPopulated",
    "EndpointsPopulated True",
    "Ready True",
  ]);
});

test("without a ready pod the activator answers and the revision is not ready", () => {
  const { children, status } = desired(sks, { ...observed, activators: [activator] });
  assert.deepEqual((children[2]?.object as Endpoints | undefined)?.subsets, [activator]);
  assert.deepEqual(words(status?.conditions), [
    "ActivatorEndpointsPopulated True ActivatorEndpointsPopulated",
    "EndpointsPopulated Unknown NoHealthyBackends",
    "Ready Unknown NoHealthyBackends",
  ]);
});

test("a Service of somebody else is named and nothing is touched", () => {
  const { children, status } = desired(sks, { ...observed, foreign: ["Service", "hello-00001"] });
  assert.deepEqual(children, []);
  const ready = status?.conditions?.find(({ type }) => type === "Ready");
  assert.deepEqual([ready?.status, ready?.reason], ["False", "NotOwned"]);
  assert.equal(ready?.message, "Resource hello-00001 of type Service is not owned by SKS");
});

test("without a Deployment there is no selector and so no Service yet", () => {
  const { children, status } = desired(sks, { ...observed, selector: undefined });
  assert.deepEqual(children, []);
  assert.equal(status?.privateServiceName, undefined);
});

test("an h2c revision is reached at ports 81 and 8013, marked as h2c", () => {
  const h2c = { ...sks, spec: { ...sks.spec, protocolType: "h2c" as const } };
  const [, publicService] = desired(h2c, observed).children;
  const [port] = (publicService?.object as CoreService | undefined)?.spec.ports ?? [];
  assert.deepEqual(port, {
    name: "http2",
    protocol: "TCP",
    port: 81,
    targetPort: 8013,
    appProtocol: "kubernetes.io/h2c",
  });
});
