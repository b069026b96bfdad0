/**
 * What a CustomResourceDefinition's structural schema does to an object (spec A-013, errata §Admission): unknown
 * fields are pruned, defaults filled in, the rest checked, with kube-apiserver's texts.
 */
import { copyJson } from "../base/json.ts";
import type { Schema } from "./schema.ts";

export interface StructuralError {
  readonly field: string;
  readonly reason:
    | "FieldValueInvalid"
    | "FieldValueRequired"
    | "FieldValueNotSupported"
    | "FieldValueDuplicate"
    | "FieldValueTypeInvalid";
  /** Without the field: `Invalid value: …`. */
  readonly message: string;
}

type Json = unknown;
type JsonObject = Record<string, Json>;

function isObject(value: Json): value is JsonObject {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function join(path: string, field: string): string {
  return path === "" ? field : `${path}.${field}`;
}

/** Takes unknown fields off `value` in place; returns their paths in the order of the object. */
export function prune(schema: Schema, value: Json, path = ""): string[] {
  if (Array.isArray(value)) {
    const { items } = schema;
    return items === undefined ? [] : value.flatMap((one, index) => prune(items, one, `${path}[${index}]`));
  }
  if (!isObject(value)) return [];
  // An object where a list belongs is told twice: here by its fields, later by its type.
  if (schema.type === "array") return Object.keys(value).map((key) => join(path, key));
  if (schema.type === "map") {
    const { items } = schema;
    if (items === undefined) return [];
    return Object.entries(value).flatMap(([key, one]) => prune(items, one, join(path, key)));
  }
  if (schema.type !== "object") return [];
  const unknown: string[] = [];
  for (const [key, one] of Object.entries(value)) {
    const field = fieldOf(schema, key);
    if (field !== undefined) unknown.push(...prune(field, one, join(path, key)));
    else if (schema.preserveUnknown !== true) {
      delete value[key];
      unknown.push(join(path, key));
    }
  }
  return unknown;
}

function fieldOf(schema: Schema, key: string): Schema | undefined {
  return schema.fields !== undefined && Object.hasOwn(schema.fields, key) ? schema.fields[key] : undefined;
}

/** Fills in what the schema says for missing fields, in place; a null gives way to a default and is dropped else. */
export function applySchemaDefaults(schema: Schema, value: Json): void {
  if (Array.isArray(value)) {
    for (const one of value) if (schema.items !== undefined) applySchemaDefaults(schema.items, one);
    return;
  }
  if (!isObject(value)) return;
  if (schema.type === "map") {
    for (const one of Object.values(value))
      if (schema.items !== undefined) applySchemaDefaults(schema.items, one);
    return;
  }
  for (const [key, field] of Object.entries(schema.fields ?? {})) {
    const isNull = value[key] === null && field.nullable !== true;
    if (isNull && schema.required?.includes(key) !== true) delete value[key];
    const isMissing = value[key] === undefined || isNull;
    if (isMissing && field.default !== undefined) value[key] = copyJson(field.default);
    if (value[key] !== undefined) applySchemaDefaults(field, value[key]);
  }
}

/** All that is wrong with `value`, in the schema's order of fields. */
export function structuralErrors(schema: Schema, value: Json, path = ""): StructuralError[] {
  if (schema.type === "any") return [];
  if (value === null && schema.nullable === true) return [];
  const kind = jsonType(value);
  if (!accepts(schema, value)) return [typeError(schema, kind, path)];
  switch (schema.type) {
    case "object":
      return objectErrors(schema, value as JsonObject, path);
    case "map":
      return mapErrors(schema, value as JsonObject, path);
    case "array":
      return arrayErrors(schema, value as Json[], path);
    default:
      return scalarErrors(schema, value, path);
  }
}

function jsonType(value: Json): string {
  if (value === null) return "null";
  if (Array.isArray(value)) return "array";
  if (typeof value === "number") return Number.isInteger(value) ? "integer" : "number";
  return typeof value;
}

function accepts(schema: Schema, value: Json): boolean {
  const kind = jsonType(value);
  switch (schema.type) {
    case "object":
    case "map":
      return kind === "object";
    case "integer":
      return kind === "integer" && fits(schema.format, value as number);
    case "number":
      return kind === "integer" || kind === "number";
    case "intOrString":
      return kind === "integer" || kind === "string";
    default:
      return kind === schema.type;
  }
}

function fits(format: string | undefined, value: number): boolean {
  if (format === "int32") return value === (value | 0);
  return format !== "int64" || Math.abs(value) < 2 ** 63;
}

function typeError(schema: Schema, kind: string, field: string): StructuralError {
  const wanted =
    schema.type === "map" ? "object" : schema.type === "intOrString" ? "integer,string" : schema.type;
  return {
    field,
    reason: "FieldValueTypeInvalid",
    message: `Invalid value: "${kind}": ${field} in body must be of type ${wanted}: "${kind}"`,
  };
}

function objectErrors(schema: Schema, value: JsonObject, path: string): StructuralError[] {
  const errors: StructuralError[] = [];
  for (const name of schema.required ?? []) {
    if (value[name] === undefined) {
      errors.push({ field: join(path, name), reason: "FieldValueRequired", message: "Required value" });
    }
  }
  for (const [key, one] of Object.entries(value)) {
    const field = fieldOf(schema, key);
    if (field === undefined || one === undefined) continue;
    if (one === null && field.nullable !== true && !(schema.required ?? []).includes(key)) continue;
    errors.push(...structuralErrors(field, one, join(path, key)));
  }
  return errors;
}

function mapErrors(schema: Schema, value: JsonObject, path: string): StructuralError[] {
  const { items } = schema;
  if (items === undefined) return [];
  return Object.entries(value).flatMap(([key, one]) => structuralErrors(items, one, join(path, key)));
}

function arrayErrors(schema: Schema, value: Json[], path: string): StructuralError[] {
  const { items } = schema;
  const inside =
    items === undefined
      ? []
      : value.flatMap((one, index) => structuralErrors(items, one, `${path}[${index}]`));
  return [...inside, ...duplicateErrors(schema, value, path)];
}

function duplicateErrors(schema: Schema, value: Json[], path: string): StructuralError[] {
  const { listKeys } = schema;
  if (schema.listType === undefined || schema.listType === "atomic") return [];
  const seen = new Map<string, number>();
  const errors: StructuralError[] = [];
  for (const [index, one] of value.entries()) {
    const key = schema.listType === "set" ? JSON.stringify(one) : keyText(one, listKeys ?? []);
    const times = seen.get(key) ?? 0;
    seen.set(key, times + 1);
    if (times === 1) {
      errors.push({
        field: `${path}[${index}]`,
        reason: "FieldValueDuplicate",
        message: `Duplicate value: ${key}`,
      });
    }
  }
  return errors;
}

function keyText(value: Json, keys: readonly string[]): string {
  const fields = isObject(value) ? value : {};
  const pairs = [...keys].sort().flatMap((key) => (fields[key] === undefined ? [] : [[key, fields[key]]]));
  return JSON.stringify(Object.fromEntries(pairs));
}

function scalarErrors(schema: Schema, value: Json, field: string): StructuralError[] {
  const errors: StructuralError[] = [];
  if (schema.enum !== undefined && !schema.enum.includes(value as string)) {
    const supported = schema.enum.map((one) => JSON.stringify(one)).join(", ");
    errors.push({
      field,
      reason: "FieldValueNotSupported",
      message: `Unsupported value: ${JSON.stringify(value)}: supported values: ${supported}`,
    });
  }
  if (schema.pattern !== undefined && typeof value === "string" && !new RegExp(schema.pattern).test(value)) {
    errors.push(invalid(field, value, `should match '${schema.pattern}'`));
  }
  if (typeof value === "number") {
    const { minimum, maximum } = schema;
    if (minimum !== undefined && value < minimum) {
      errors.push(invalid(field, value, `should be greater than or equal to ${minimum}`));
    }
    if (maximum !== undefined && value > maximum) {
      errors.push(invalid(field, value, `should be less than or equal to ${maximum}`));
    }
  }
  return errors;
}

function invalid(field: string, value: Json, complaint: string): StructuralError {
  return {
    field,
    reason: "FieldValueInvalid",
    message: `Invalid value: ${JSON.stringify(value)}: ${field} in body ${complaint}`,
  };
}

/** Of a status written by itself, the schema names fields from there on. */
export function asStatusErrors(errors: readonly StructuralError[]): StructuralError[] {
  return errors.map((error) => ({
    ...error,
    message: error.message.replace(/: status\.(\S+ in body )/, ": $1"),
  }));
}

/** One text for all of them, as a Status' message ends: a single one bare, several in brackets. */
export function errorsText(errors: readonly StructuralError[]): string {
  const texts = errors.map(({ field, message }) => `${field}: ${message}`);
  return texts.length === 1 ? (texts[0] ?? "") : `[${texts.join(", ")}]`;
}
