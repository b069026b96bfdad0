import type { Schema } from "../../../api/schema.ts";
import { type AnyObject, isRecord } from "../any-object.ts";
import { forbidden, invalidObject } from "../failures.ts";
import type { Resource } from "../resources.ts";
import { builtInWarnings, checkBuiltIn, checkBuiltInStatus } from "./checks.ts";
import { applyBuiltInDefaults, completeStatus } from "./defaults.ts";
import type { ServiceAllocator } from "./service-defaults.ts";

/** What a kube-apiserver does to its own kinds before it stores them: defaults, then checks. Changes `object`. */
export function admitBuiltIn(
  resource: Resource,
  object: AnyObject,
  how: {
    readonly before: AnyObject | undefined;
    readonly allocator: ServiceAllocator;
    readonly inside: boolean;
    readonly warnings: string[];
  },
): void {
  if (resource.kind.custom) return;
  applyBuiltInDefaults(resource.collection, object, how);
  const causes = checkBuiltIn(resource.collection, { object, ...how });
  if (causes.length > 0) throw invalidObject(resource, object.metadata.name ?? "", causes);
  how.warnings.push(...builtInWarnings(resource.collection, object));
  if (!how.inside) refuseDefinition(resource, object.metadata.name ?? "");
}

/** The same for a status that somebody writes. */
export function admitBuiltInStatus(resource: Resource, object: AnyObject): void {
  if (resource.kind.custom) return;
  completeStatus(resource.collection, object);
  const causes = checkBuiltInStatus(resource.collection, object);
  if (causes.length > 0) throw invalidObject(resource, object.metadata.name ?? "", causes);
}

/** ebb serves the kinds that it knows; nobody else can define any. */
export function refuseDefinition(resource: Resource, name: string): void {
  if (resource.collection !== "customresourcedefinitions.apiextensions.k8s.io") return;
  throw forbidden(
    resource,
    name,
    "ebb serves a fixed set of kinds; CustomResourceDefinitions can only be read",
  );
}

/** For a typed decoder null is absence, but for the few times that Go writes as null. */
export function dropNulls(value: unknown, schema: Schema | undefined): void {
  if (Array.isArray(value)) for (const item of value) dropNulls(item, schema?.items);
  if (!isRecord(value)) return;
  for (const name of Object.keys(value)) {
    const item = value[name];
    const field = schema?.type === "map" ? schema.items : schema?.fields?.[name];
    if (typeof item !== "object") continue;
    if (item !== null) dropNulls(item, field);
    else if (field?.nullable !== true) delete value[name];
  }
}
