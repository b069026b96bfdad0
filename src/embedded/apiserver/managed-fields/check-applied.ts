import type { Schema } from "../../../api/schema.ts";
import { isRecord } from "../any-object.ts";
import { fieldElement, type PathElement, pathText } from "./path-element.ts";
import { elementOf, fieldSchema, isDeclared, itemSchema, UnfitValue } from "./shape.ts";

/**
 * Why a value cannot be applied, in the words of Kubernetes' typed values; undefined = it can. What is applied must
 * fit its schema to the letter: a field that nobody knows could never be owned.
 */
export function unfitApplied(schema: Schema, value: unknown): string | undefined {
  return problemAt(schema, value, []);
}

function problemAt(schema: Schema, value: unknown, path: readonly PathElement[]): string | undefined {
  if (value === null || value === undefined) return undefined;
  switch (schema.type) {
    case "object":
    case "map":
      if (!isRecord(value)) return at(path, `expected map, got ${goValue(value)}`);
      return problemInFields(schema, value, path);
    case "array":
      if (!Array.isArray(value)) return at(path, `expected list, got ${goValue(value)}`);
      return problemInItems(schema, value, path);
    case "string":
      return typeof value === "string" ? undefined : at(path, `expected string, got ${goValue(value)}`);
    case "boolean":
      return typeof value === "boolean" ? undefined : at(path, `expected boolean, got ${goValue(value)}`);
    case "integer":
    case "number":
      return typeof value === "number"
        ? undefined
        : at(path, `expected numeric (int or float), got ${goType(value)}`);
    default:
      return undefined;
  }
}

function problemInFields(
  schema: Schema,
  fields: Record<string, unknown>,
  path: readonly PathElement[],
): string | undefined {
  for (const [name, value] of Object.entries(fields)) {
    const below = [...path, fieldElement(name)];
    if (schema.type === "object" && !isDeclared(schema, name) && schema.preserveUnknown !== true)
      return at(below, "field not declared in schema");
    const problem = problemAt(fieldSchema(schema, name), value, below);
    if (problem !== undefined) return problem;
  }
  return undefined;
}

function problemInItems(
  schema: Schema,
  items: readonly unknown[],
  path: readonly PathElement[],
): string | undefined {
  const isAtomic = schema.listType === undefined || schema.listType === "atomic";
  const seen = new Set<PathElement>();
  for (const [index, item] of items.entries()) {
    const element = isAtomic ? `i:${index}` : elementName(schema, item, index);
    if (typeof element !== "string") return at(path, element.message);
    if (seen.has(element)) return at(path, `duplicate entries for key ${pathText([element])}`);
    seen.add(element);
    const problem = problemAt(itemSchema(schema), item, [...path, element]);
    if (problem !== undefined) return problem;
  }
  return undefined;
}

function elementName(schema: Schema, item: unknown, index: number): PathElement | UnfitValue {
  try {
    return elementOf(schema, item, index);
  } catch (thrown) {
    if (thrown instanceof UnfitValue) return thrown;
    throw thrown;
  }
}

function at(path: readonly PathElement[], problem: string): string {
  return path.length === 0 ? problem : `${pathText(path)}: ${problem}`;
}

function goValue(value: unknown): string {
  if (typeof value === "string" || typeof value === "number" || typeof value === "boolean")
    return JSON.stringify(value);
  return goType(value);
}

function goType(value: unknown): string {
  if (typeof value === "number") return Number.isInteger(value) ? "int64" : "float64";
  if (typeof value === "boolean") return "bool";
  if (typeof value === "string") return "string";
  return Array.isArray(value) ? "[]interface {}" : "map[string]interface {}";
}
