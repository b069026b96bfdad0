import type { ApiObject } from "../api/object.ts";

/**
 * Keeps type, metadata (without managedFields) and the given paths of an object (Selection.fields). Paths go through
 * maps only; a path that ends inside a list takes the whole list.
 */
export function project<T extends ApiObject>(object: T, fields: readonly string[] | undefined): T {
  if (fields === undefined) return object;
  const { managedFields: _, ...metadata } = object.metadata;
  const kept: Record<string, unknown> = { metadata };
  if (object.apiVersion !== undefined) kept.apiVersion = object.apiVersion;
  if (object.kind !== undefined) kept.kind = object.kind;
  for (const field of fields) keep(object as Record<string, unknown>, kept, field.split("."));
  return kept as T;
}

function keep(from: Record<string, unknown>, into: Record<string, unknown>, path: readonly string[]): void {
  const [head, ...rest] = path;
  if (head === undefined || !(head in from)) return;
  const value = from[head];
  if (rest.length === 0 || value === null || typeof value !== "object" || Array.isArray(value)) {
    into[head] = value;
    return;
  }
  const below = (into[head] ?? {}) as Record<string, unknown>;
  if (below === value) return;
  into[head] = below;
  keep(value as Record<string, unknown>, below, rest);
}
