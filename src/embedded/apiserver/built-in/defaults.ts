import type { CustomResourceDefinition } from "../../../api/custom-resource-definition/kind.ts";
import { defaultDefinition } from "../../../api/custom-resource-definition/validate.ts";
import type { HorizontalPodAutoscaler } from "../../../api/horizontal-pod-autoscaler/kind.ts";
import { defaultAutoscaler } from "../../../api/horizontal-pod-autoscaler/validate.ts";
import type { ApiObject } from "../../../api/object.ts";
import { defaultClaim } from "../../../api/persistent-volume-claim/validate.ts";
import { defaultPod, defaultPodSpec, qosClassOf, recordsIn, setDefault } from "../../../api/pod/defaults.ts";
import { type AnyBinding, type AnyRole, defaultBinding, defaultRole } from "../../../api/rbac-rules.ts";
import { defaultWebhooks } from "../../../api/webhook-configuration/defaults.ts";
import type { WebhookConfiguration } from "../../../api/webhook-configuration/kind.ts";
import { type AnyObject, isRecord, recordAt } from "../any-object.ts";
import { defaultService, type ServiceAllocator } from "./service-defaults.ts";

/**
 * Kubernetes' own defaults for its built-in kinds, as the recorded cases show them. Knative's kinds get theirs from
 * admission. Changes `object`.
 */
export function applyBuiltInDefaults(
  collection: string,
  object: AnyObject,
  how: { readonly before: AnyObject | undefined; readonly allocator: ServiceAllocator },
): void {
  switch (collection) {
    case "pods": {
      const spec = recordIn(object, "spec");
      if (how.before) defaultPodSpec(spec);
      else {
        defaultPod(spec);
        object.status = { ...recordAt(object, ["status"]), qosClass: qosClassOf(spec) };
      }
      return;
    }
    case "deployments.apps":
      defaultDeployment(recordIn(object, "spec"));
      return;
    case "replicasets.apps": {
      const spec = recordIn(object, "spec");
      setDefault(spec, "replicas", 1);
      defaultTemplate(spec);
      return;
    }
    case "services":
      defaultService(recordIn(object, "spec"), how.before && recordAt(how.before, ["spec"]), how.allocator);
      return;
    case "endpoints":
      defaultEndpoints(object);
      return;
    case "endpointslices.discovery.k8s.io":
      for (const port of recordsIn(object, "ports")) defaultPort(port);
      for (const endpoint of recordsIn(object, "endpoints")) setDefault(endpoint, "conditions", {});
      return;
    case "configmaps":
      for (const field of ["data", "binaryData"]) dropEmpty(object, field);
      return;
    case "secrets":
      defaultSecret(object);
      return;
    case "events":
      defaultEvent(object);
      return;
    default:
      applyDefaultsByDefinition(collection, object);
  }
}

/** Kinds whose defaults stand beside their definitions. */
function applyDefaultsByDefinition(collection: string, object: AnyObject): void {
  switch (collection) {
    case "roles.rbac.authorization.k8s.io":
    case "clusterroles.rbac.authorization.k8s.io":
      defaultRole(object as AnyRole);
      return;
    case "rolebindings.rbac.authorization.k8s.io":
    case "clusterrolebindings.rbac.authorization.k8s.io":
      defaultBinding(object as AnyBinding);
      return;
    case "horizontalpodautoscalers.autoscaling":
      recordIn(object, "spec");
      defaultAutoscaler((object as ApiObject as HorizontalPodAutoscaler).spec);
      return;
    case "mutatingwebhookconfigurations.admissionregistration.k8s.io":
    case "validatingwebhookconfigurations.admissionregistration.k8s.io":
      defaultWebhooks(object as WebhookConfiguration, collection.startsWith("mutating"));
      return;
    case "customresourcedefinitions.apiextensions.k8s.io":
      recordIn(object, "spec");
      defaultDefinition(object as ApiObject as CustomResourceDefinition);
      return;
    case "persistentvolumeclaims":
      defaultClaim(recordIn(object, "spec"));
      return;
    case "poddisruptionbudgets.policy":
      recordIn(object, "spec");
      return;
    default:
  }
}

function recordIn(object: Record<string, unknown>, name: string): Record<string, unknown> {
  const found = object[name];
  if (isRecord(found)) return found;
  const made: Record<string, unknown> = {};
  object[name] = made;
  return made;
}

function defaultDeployment(spec: Record<string, unknown>): void {
  setDefault(spec, "replicas", 1);
  defaultTemplate(spec);
  const strategy = recordIn(spec, "strategy");
  setDefault(strategy, "type", "RollingUpdate");
  if (strategy.type === "RollingUpdate") {
    const rolling = recordIn(strategy, "rollingUpdate");
    setDefault(rolling, "maxUnavailable", "25%");
    setDefault(rolling, "maxSurge", "25%");
  }
  setDefault(spec, "revisionHistoryLimit", 10);
  setDefault(spec, "progressDeadlineSeconds", 600);
}

function defaultTemplate(spec: Record<string, unknown>): void {
  const template = recordIn(spec, "template");
  setDefault(template, "metadata", {});
  defaultPodSpec(recordIn(template, "spec"));
}

function defaultEndpoints(object: AnyObject): void {
  const subsets = object.subsets;
  if (Array.isArray(subsets) && subsets.length === 0) delete object.subsets;
  for (const subset of recordsIn(object, "subsets"))
    for (const port of recordsIn(subset, "ports")) setDefault(port, "protocol", "TCP");
}

function defaultPort(port: Record<string, unknown>): void {
  setDefault(port, "protocol", "TCP");
  setDefault(port, "name", "");
}

function dropEmpty(object: Record<string, unknown>, field: string): void {
  const value = object[field];
  if (isRecord(value) && Object.keys(value).length === 0) delete object[field];
}

/** Plain values win over encoded ones and are never stored. */
function defaultSecret(object: AnyObject): void {
  const plain = Object.entries(recordAt(object, ["stringData"]));
  delete object.stringData;
  if (plain.length > 0) {
    const data = recordIn(object, "data");
    for (const [key, value] of plain) data[key] = Buffer.from(String(value)).toString("base64");
  }
  setDefault(object, "type", "Opaque");
  dropEmpty(object, "data");
}

/** Go writes these even when they are empty. */
function defaultEvent(object: AnyObject): void {
  setDefault(object, "source", {});
  for (const name of ["firstTimestamp", "lastTimestamp", "eventTime"]) object[name] ??= null;
  setDefault(object, "reportingComponent", "");
  setDefault(object, "reportingInstance", "");
}

/** Times of conditions that Go writes as null when they are not set. */
const CONDITION_TIMES: Readonly<Record<string, readonly string[]>> = {
  pods: ["lastProbeTime", "lastTransitionTime"],
  "deployments.apps": ["lastUpdateTime", "lastTransitionTime"],
  "replicasets.apps": ["lastTransitionTime"],
  namespaces: ["lastTransitionTime"],
  services: ["lastTransitionTime"],
};

/** The same for a status that somebody writes. */
export function completeStatus(collection: string, object: AnyObject): void {
  for (const condition of recordsIn(recordAt(object, ["status"]), "conditions"))
    for (const time of CONDITION_TIMES[collection] ?? []) condition[time] ??= null;
  if (collection !== "services") return;
  // A Service's conditions are metav1's, whose texts are always written.
  for (const condition of recordsIn(recordAt(object, ["status"]), "conditions"))
    for (const name of ["status", "reason", "message"]) condition[name] ??= "";
}
