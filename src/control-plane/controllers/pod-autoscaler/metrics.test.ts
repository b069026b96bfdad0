import assert from "node:assert/strict";
import { test } from "node:test";
import type { ApiObject } from "../../../api/object.ts";
import { PodKind } from "../../../api/pod/kind.ts";
import { PodAutoscalerKind } from "../../../api/pod-autoscaler/kind.ts";
import { metricsText } from "../../../base/metrics-text.ts";
import type { Caches } from "../../../kube/informers.ts";
import { podAutoscalerMetrics } from "./metrics.ts";

const LABELS = {
  "serving.knative.dev/revision": "hello-00001",
  "serving.knative.dev/configuration": "hello",
  "serving.knative.dev/service": "hello",
};

function pod(phase: string, { ready = false, ending = false } = {}): ApiObject {
  return {
    metadata: {
      namespace: "default",
      labels: LABELS,
      ...(ending && { deletionTimestamp: "2026-01-01T00:00:00Z" }),
    },
    status: { phase, conditions: [{ type: "Ready", status: ready ? "True" : "False" }] },
  } as ApiObject;
}

test("wanted pods and those that are there are told for each revision of the class", () => {
  const autoscaler = (name: string, annotations = {}) =>
    ({
      metadata: { namespace: "default", name, labels: LABELS, annotations },
      status: { desiredScale: 4 },
    }) as ApiObject;
  const hpa = { "autoscaling.knative.dev/class": "hpa.autoscaling.knative.dev" };
  const pods = [
    pod("Running", { ready: true }),
    pod("Running", { ready: true }),
    pod("Running"),
    pod("Pending"),
    pod("Running", { ready: true, ending: true }),
  ];
  const objects = new Map<string, readonly ApiObject[]>([
    [PodAutoscalerKind.kind, [autoscaler("hello-00001"), autoscaler("other", hpa)]],
    [PodKind.kind, pods],
  ]);
  const caches = {
    list: (kind: { kind: string }) => objects.get(kind.kind) ?? [],
    labelled: (kind: { kind: string }) => objects.get(kind.kind) ?? [],
  } as Partial<Caches> as Caches;
  const lines = metricsText({ resource: {}, metrics: podAutoscalerMetrics(caches) })
    .split("\n")
    .filter((line) => line.startsWith("kn_"))
    .map((line) => line.replace(/,?otel_scope_\w+="[^"]*"/g, ""));
  const of =
    '{k8s_namespace_name="default",kn_configuration_name="hello",kn_revision_name="hello-00001",kn_service_name="hello"}';
  assert.deepEqual(lines, [
    `kn_revision_pods_requested${of} 4`,
    `kn_revision_pods_count${of} 2`,
    `kn_revision_pods_not_ready_count${of} 1`,
    `kn_revision_pods_pending_count${of} 1`,
    `kn_revision_pods_terminating_count${of} 1`,
  ]);
});
