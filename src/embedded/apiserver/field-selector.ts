import { type AnyObject, valueAt } from "./any-object.ts";
import { badRequest } from "./failures.ts";
import type { Resource } from "./resources.ts";

/** `metadata.name=a,status.phase!=Running`: only the fields that Kubernetes knows for the kind (spec E-205). */
export interface FieldRequirement {
  readonly path: string;
  readonly value: string;
  readonly equal: boolean;
}

const COMMON = ["metadata.name", "metadata.namespace"];

const FIELDS_OF: Readonly<Record<string, readonly string[]>> = {
  pods: [
    "spec.nodeName",
    "spec.restartPolicy",
    "spec.schedulerName",
    "spec.serviceAccountName",
    "spec.hostNetwork",
    "status.phase",
    "status.podIP",
    "status.podIPs",
    "status.nominatedNodeName",
  ],
  events: [
    "involvedObject.kind",
    "involvedObject.namespace",
    "involvedObject.name",
    "involvedObject.uid",
    "involvedObject.apiVersion",
    "involvedObject.resourceVersion",
    "involvedObject.fieldPath",
    "reason",
    "reportingComponent",
    "source",
    "type",
  ],
  namespaces: ["status.phase"],
  "replicasets.apps": ["status.replicas"],
  secrets: ["type"],
  services: ["spec.clusterIP", "spec.type"],
};

export function parseFieldSelector(text: string, resource: Resource): readonly FieldRequirement[] {
  const requirements = termsOf(text).flatMap((term) => {
    if (term === "") return [];
    const match = /^((?:[^\\=!]|\\.)*)(!=|==|=)([\s\S]*)$/.exec(term);
    if (!match) throw badRequest(`invalid selector: '${text}'; can't understand '${term}'`);
    const [, path = "", operator = "", value = ""] = match;
    if (path === "") return [];
    return [{ path, value: value.replace(/\\([\\,=])/g, "$1"), equal: operator !== "!=" }];
  });
  for (const { path } of requirements) checkField(path, resource);
  return requirements;
}

function checkField(path: string, resource: Resource): void {
  const more = FIELDS_OF[resource.collection] ?? [];
  if (COMMON.includes(path) || more.includes(path)) return;
  if (resource.kind.custom) throw badRequest(`field label not supported: ${path}`);
  if (more.length > 0) throw badRequest(`field label not supported: ${path}`);
  throw badRequest(`"${path}" is not a known field selector: only "metadata.name", "metadata.namespace"`);
}

function termsOf(text: string): string[] {
  return text.match(/(?:[^\\,]|\\.)+/g) ?? [];
}

export function matchesFields(requirements: readonly FieldRequirement[], object: AnyObject): boolean {
  return requirements.every(({ path, value, equal }) => (textAt(object, path) === value) === equal);
}

function textAt(object: AnyObject, path: string): string {
  if (path === "source") return textOf(valueAt(object, ["source", "component"]));
  if (path === "spec.hostNetwork") return textOf(valueAt(object, ["spec", "hostNetwork"]) ?? false);
  if (path === "status.replicas") return textOf(valueAt(object, ["status", "replicas"]) ?? 0);
  return textOf(valueAt(object, path.split(".")));
}

function textOf(value: unknown): string {
  return value === undefined || value === null ? "" : String(value);
}
