import { setField } from "../../base/json.ts";
import type { Selection } from "../../kube/client.ts";
import { type AnyObject, isRecord } from "./any-object.ts";
import { type FieldRequirement, matchesFields, parseFieldSelector } from "./field-selector.ts";
import { matchesLabels, parseLabelSelector, type Requirement } from "./label-selector.ts";
import type { Resource } from "./resources.ts";
import type { StorageKey } from "./storage/storage.ts";

/** Which objects a list or watch is about, parsed once. */
export interface Filter {
  readonly namespace?: string;
  /** Set where the field selector asks for one name: most objects are then passed over without parsing them. */
  readonly name?: string;
  readonly labels: readonly Requirement[];
  readonly fields: readonly FieldRequirement[];
}

export function filterOf(resource: Resource, selection: Selection): Filter {
  const labels = parseLabelSelector(selection.labelSelector ?? "");
  const fields = parseFieldSelector(selection.fieldSelector ?? "", resource);
  const named = fields.find((field) => field.path === "metadata.name" && field.equal);
  const rest = fields.filter((field) => field !== named);
  return {
    ...(selection.namespace === undefined ? {} : { namespace: selection.namespace }),
    ...(named === undefined ? {} : { name: named.value }),
    labels,
    fields: rest,
  };
}

export function matchesKey(filter: Filter, key: StorageKey): boolean {
  if (filter.namespace !== undefined && filter.namespace !== key.namespace) return false;
  return filter.name === undefined || filter.name === key.name;
}

/** True when an object must be looked at, not only its key. */
export function looksInside(filter: Filter): boolean {
  return filter.labels.length > 0 || filter.fields.length > 0;
}

export function matchesObject(filter: Filter, object: AnyObject): boolean {
  return matchesLabels(filter.labels, object.metadata.labels) && matchesFields(filter.fields, object);
}

/** Type, metadata without managedFields, and of the rest only `paths`; the result shares values with `object`. */
export function project(object: AnyObject, paths: readonly string[]): AnyObject {
  const { managedFields: _, ...metadata } = object.metadata;
  const projected: AnyObject = { metadata };
  if (object.apiVersion !== undefined) projected.apiVersion = object.apiVersion;
  if (object.kind !== undefined) projected.kind = object.kind;
  for (const path of paths) copyPath(object, projected, path.split("."));
  return projected;
}

function copyPath(from: Record<string, unknown>, to: Record<string, unknown>, path: readonly string[]): void {
  const [name = "", ...rest] = path;
  const value = Object.hasOwn(from, name) ? from[name] : undefined;
  if (value === undefined) return;
  if (rest.length === 0) {
    setField(to, name, value);
    return;
  }
  if (!isRecord(value)) return;
  const present = Object.hasOwn(to, name) ? to[name] : undefined;
  const inner = isRecord(present) ? { ...present } : {};
  copyPath(value, inner, rest);
  setField(to, name, inner);
}
