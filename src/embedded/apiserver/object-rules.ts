import type { Kind } from "../../api/kind.ts";
import type { ObjectMeta } from "../../api/object.ts";
import { setField } from "../../base/json.ts";
import { type AnyObject, isRecord, sameJson } from "./any-object.ts";
import type { Resource } from "./resources.ts";

/** What the server itself decides about an object's metadata and generation (spec E-201 with errata). */

/** Built-in kinds that count generations; custom resources all do. */
const COUNTS_GENERATION = new Set([
  "deployments.apps",
  "replicasets.apps",
  "pods",
  "endpointslices.discovery.k8s.io",
  "poddisruptionbudgets.policy",
]);

export function countsGeneration(resource: Resource): boolean {
  return resource.kind.custom || COUNTS_GENERATION.has(resource.collection);
}

/** Metadata that a client cannot set: taken from the stored object. */
const SYSTEM_FIELDS = [
  "uid",
  "creationTimestamp",
  "deletionTimestamp",
  "deletionGracePeriodSeconds",
  "generation",
  "resourceVersion",
  "generateName",
] as const satisfies readonly (keyof ObjectMeta)[];

export function keepSystemFields(wanted: ObjectMeta, stored: ObjectMeta): ObjectMeta {
  const { selfLink: _, ...metadata } = wanted;
  const kept: Record<string, unknown> = metadata;
  for (const field of SYSTEM_FIELDS) {
    delete kept[field];
    if (stored[field] !== undefined) kept[field] = stored[field];
  }
  return withoutEmpty(metadata);
}

/** Empty maps and lists of metadata are not kept, as Kubernetes drops them. */
export function withoutEmpty(metadata: ObjectMeta): ObjectMeta {
  const kept: Record<string, unknown> = {};
  for (const name of Object.keys(metadata)) {
    const value = metadata[name as keyof ObjectMeta];
    if (!isEmpty(value)) setField(kept, name, value);
  }
  return kept;
}

function isEmpty(value: unknown): boolean {
  if (value === undefined || value === null) return true;
  if (Array.isArray(value)) return value.length === 0;
  return isRecord(value) && Object.keys(value).length === 0;
}

/** True when a change of the main resource raises the generation. */
export function raisesGeneration(resource: Resource, before: AnyObject, after: AnyObject): boolean {
  if (!countsGeneration(resource)) return false;
  if (resource.collection === "deployments.apps") {
    if (!sameJson(before.metadata.annotations ?? {}, after.metadata.annotations ?? {})) return true;
  }
  if (resource.collection === "endpointslices.discovery.k8s.io") return changesSlice(before, after);
  const status = resource.kind.statusSubresource;
  // Being given to a node is no change of what was asked for.
  if (resource.collection === "pods") return !sameJson(unbound(before), unbound(after));
  return !sameJson(essence(before, status), essence(after, status));
}

function unbound(pod: AnyObject): Record<string, unknown> {
  const { spec, ...rest } = essence(pod, true);
  return isRecord(spec) ? { ...rest, spec: { ...spec, nodeName: undefined } } : rest;
}

/** An EndpointSlice's labels count as content: they say whose it is. */
function changesSlice(before: AnyObject, after: AnyObject): boolean {
  const labels = ({ metadata }: AnyObject) => metadata.labels ?? {};
  return !sameJson(essence(before, false), essence(after, false)) || !sameJson(labels(before), labels(after));
}

function essence(object: AnyObject, withoutStatus: boolean): Record<string, unknown> {
  const { metadata: _, apiVersion: __, kind: ___, status, ...rest } = object;
  return withoutStatus || status === undefined ? rest : { ...rest, status };
}

/** Numbers that Go writes from the first moment. */
const FIRST_STATUS: Readonly<Record<string, object>> = {
  persistentvolumeclaims: { phase: "Pending" },
  replicasets: { replicas: 0 },
  horizontalpodautoscalers: { desiredReplicas: 0, currentMetrics: null },
  poddisruptionbudgets: { disruptionsAllowed: 0, currentHealthy: 0, desiredHealthy: 0, expectedPods: 0 },
};

/** The status of a new object: custom resources lose theirs, built-in kinds begin with the system's. */
export function withFirstStatus(kind: Kind, object: AnyObject): AnyObject {
  if (!kind.statusSubresource) return object;
  const { status, ...rest } = object;
  if (kind.custom) return rest;
  if (kind.group === "" && kind.plural === "namespaces") return { ...rest, status: { phase: "Active" } };
  if (kind.group === "" && kind.plural === "pods") {
    const qosClass =
      isRecord(status) && typeof status.qosClass === "string" ? { qosClass: status.qosClass } : {};
    return { ...rest, status: { phase: "Pending", ...qosClass } };
  }
  if (kind.group === "" && kind.plural === "services") return { ...rest, status: { loadBalancer: {} } };
  // A definition says itself what is stored.
  if (kind.plural === "customresourcedefinitions") return object;
  return { ...rest, status: FIRST_STATUS[kind.plural] ?? {} };
}
