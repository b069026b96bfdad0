import type { Schema } from "../../../api/schema.ts";
import { type AnyObject, isRecord } from "../any-object.ts";
import { invalidObject } from "../failures.ts";
import type { Resource } from "../resources.ts";
import { checkBuiltIn } from "./checks.ts";
import { applyBuiltInDefaults } from "./defaults.ts";
import type { ServiceAllocator } from "./service-defaults.ts";

/** What a kube-apiserver does to its own kinds before it stores them: defaults, then checks. Changes `object`. */
export function admitBuiltIn(
  resource: Resource,
  object: AnyObject,
  how: {
    readonly before: AnyObject | undefined;
    readonly allocator: ServiceAllocator;
    readonly inside: boolean;
  },
): void {
  if (resource.kind.custom) return;
  applyBuiltInDefaults(resource.collection, object, how);
  const causes = checkBuiltIn(resource.collection, { object, ...how });
  if (causes.length > 0) throw invalidObject(resource, object.metadata.name ?? "", causes);
}

/** For a typed decoder null is absence, but for the few times that Go writes as null. */
export function dropNulls(value: unknown, schema: Schema | undefined): void {
  if (Array.isArray(value)) for (const item of value) dropNulls(item, schema?.items);
  if (!isRecord(value)) return;
  for (const [name, item] of Object.entries(value)) {
    const field = schema?.type === "map" ? schema.items : schema?.fields?.[name];
    if (item !== null) dropNulls(item, field);
    else if (field?.nullable !== true) delete value[name];
  }
}
