import { any, type Schema } from "../../../api/schema.ts";
import { isRecord } from "../any-object.ts";
import { keyElement, type PathElement, valueElement } from "./path-element.ts";

/** How a value is owned: as a whole (scalars, atomic lists and maps), field by field, or element by element. */
export type Shape = "leaf" | "map" | "list";

/** What a schema does not describe: maps field by field, all else as a whole. */
const UNTYPED: Schema = any();

export class UnfitValue extends Error {}

/** The shape of a field that holds one of two values (before and after; absent ones undefined). */
export function shapeOf(schema: Schema, one: unknown, other?: unknown): Shape {
  switch (schema.type) {
    case "object":
    case "map":
      return schema.mapType === "atomic" || !mayBeMap(one) || !mayBeMap(other) ? "leaf" : "map";
    case "array":
      if (schema.listType === undefined || schema.listType === "atomic") return "leaf";
      return mayBeList(one) && mayBeList(other) ? "list" : "leaf";
    case "any":
      if (schema.mapType === "atomic" || !mayBeMap(one) || !mayBeMap(other)) return "leaf";
      return isRecord(one) || isRecord(other) ? "map" : "leaf";
    default:
      return "leaf";
  }
}

function mayBeMap(value: unknown): boolean {
  return value === undefined || value === null || isRecord(value);
}

function mayBeList(value: unknown): boolean {
  return value === undefined || value === null || Array.isArray(value);
}

/** True where the schema names the field; the rest are entries of a map. */
export function isDeclared(schema: Schema, name: string): boolean {
  return schema.type === "object" && schema.fields !== undefined && Object.hasOwn(schema.fields, name);
}

export function fieldSchema(schema: Schema, name: string): Schema {
  if (isDeclared(schema, name)) return schema.fields?.[name] ?? UNTYPED;
  return (schema.type === "map" ? schema.items : undefined) ?? UNTYPED;
}

export function itemSchema(schema: Schema): Schema {
  return schema.items ?? UNTYPED;
}

/** Names an element of a set or of a list with keys. Throws UnfitValue when it has no name. */
export function elementOf(schema: Schema, item: unknown, index: number): PathElement {
  if (schema.listType === "set") {
    if (isRecord(item) || Array.isArray(item) || item === null)
      throw new UnfitValue(`element ${index}: a set holds plain values alone`);
    return valueElement(item);
  }
  if (!isRecord(item))
    throw new UnfitValue(`element ${index}: associative list with keys may not have non-map elements`);
  const keys: Record<string, unknown> = {};
  for (const key of schema.listKeys ?? []) {
    const value = item[key] ?? schema.items?.fields?.[key]?.default;
    if (value === undefined)
      throw new UnfitValue(
        `element ${index}: associative list with keys has an element that omits key field "${key}" (and doesn't have default value)`,
      );
    keys[key] = value;
  }
  return keyElement(keys);
}
