import assert from "node:assert/strict";
import { test } from "node:test";
import { KINDS } from "./kinds.ts";

/** What tools ask Knative's kinds by and show of them (spec A-001…A-012). */

const SERVING = "serving.knative.dev/v1";
const AUTOSCALING = "autoscaling.internal.knative.dev/v1alpha1";
const NETWORKING = "networking.internal.knative.dev/v1alpha1";
const READY = ["Ready", "Reason"];

const WANTED: readonly (readonly [
  kind: string,
  shortNames: readonly string[],
  columns: readonly string[],
])[] = [
  [`${SERVING} Service`, ["kservice", "ksvc"], ["URL", "LatestCreated", "LatestReady", ...READY]],
  [`${SERVING} Configuration`, ["config", "cfg"], ["LatestCreated", "LatestReady", ...READY]],
  [
    `${SERVING} Revision`,
    ["rev"],
    ["Config Name", "Generation", ...READY, "Actual Replicas", "Desired Replicas"],
  ],
  [`${SERVING} Route`, ["rt"], ["URL", ...READY]],
  ["serving.knative.dev/v1beta1 DomainMapping", ["dm"], ["URL", ...READY]],
  [`${AUTOSCALING} PodAutoscaler`, ["kpa", "pa"], ["DesiredScale", "ActualScale", ...READY]],
  [`${AUTOSCALING} Metric`, [], READY],
  [`${NETWORKING} Ingress`, ["kingress", "king"], READY],
  [
    `${NETWORKING} ServerlessService`,
    ["sks"],
    ["Mode", "Activators", "ServiceName", "PrivateServiceName", ...READY],
  ],
  [`${NETWORKING} Certificate`, ["kcert"], READY],
  [`${NETWORKING} ClusterDomainClaim`, ["cdc"], ["Age"]],
  ["caching.internal.knative.dev/v1alpha1 Image", [], ["Image"]],
];

test("Knative's kinds have its versions, short names and columns", () => {
  const served = KINDS.filter(({ custom }) => custom).map(
    ({ group, version, kind, shortNames, columns }) =>
      [`${group}/${version} ${kind}`, shortNames, columns.map(({ name }) => name)] as const,
  );
  const byKind = (a: readonly unknown[], b: readonly unknown[]) => (String(a[0]) < String(b[0]) ? -1 : 1);
  assert.deepEqual([...served].sort(byKind), [...WANTED].sort(byKind));
});

test("a domain's claim belongs to the cluster, every other kind of Knative to a namespace", () => {
  const ofCluster = KINDS.filter(({ custom, namespaced }) => custom && !namespaced).map(({ kind }) => kind);
  assert.deepEqual(ofCluster, ["ClusterDomainClaim"]);
});
