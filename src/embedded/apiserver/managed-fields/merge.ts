import type { Schema } from "../../../api/schema.ts";
import { setField } from "../../../base/json.ts";
import { isRecord } from "../any-object.ts";
import type { PathElement } from "./path-element.ts";
import { elementOf, fieldSchema, itemSchema, shapeOf } from "./shape.ts";

/**
 * The live value with the applied one laid over it: maps field by field, lists element by element, the applied leaf
 * wins. undefined = nothing is left. Shares values with both.
 */
export function mergeValues(schema: Schema, live: unknown, applied: unknown): unknown {
  if (applied === undefined) return live;
  if (live === undefined && shapeOf(schema, applied) === "leaf") return applied;
  const shape = shapeOf(schema, live, applied);
  if (shape === "leaf" || (isBlank(live) && isBlank(applied))) return applied;
  return shape === "list" ? mergeLists(schema, live, applied) : mergeMaps(schema, live, applied);
}

function isBlank(value: unknown): boolean {
  if (value === undefined || value === null) return true;
  return Array.isArray(value) ? value.length === 0 : isRecord(value) && Object.keys(value).length === 0;
}

function mergeMaps(schema: Schema, live: unknown, applied: unknown): unknown {
  const old = isRecord(live) ? live : {};
  const next = isRecord(applied) ? applied : {};
  const merged: Record<string, unknown> = {};
  for (const name of new Set([...Object.keys(old), ...Object.keys(next)])) {
    const before = Object.hasOwn(old, name) ? old[name] : undefined;
    const after = Object.hasOwn(next, name) ? next[name] : undefined;
    const value = mergeValues(fieldSchema(schema, name), before, after);
    if (value !== undefined) setField(merged, name, value);
  }
  return Object.keys(merged).length > 0 ? merged : undefined;
}

interface Named {
  readonly element: PathElement;
  readonly item: unknown;
}

function named(schema: Schema, list: unknown): Named[] {
  return Array.isArray(list)
    ? list.map((item: unknown, index) => ({ element: elementOf(schema, item, index), item }))
    : [];
}

/**
 * Applied elements come in their own order; a live element that was not applied stays behind the live ones that it
 * stood behind, as far as that order allows.
 */
function mergeLists(schema: Schema, live: unknown, applied: unknown): unknown {
  const old = named(schema, live);
  const next = named(schema, applied);
  const liveItems = new Map(old.map(({ element, item }) => [element, item]));
  const isApplied = new Set(next.map(({ element }) => element));
  /** Applied elements that are live too, in the applied order; the first is the one that is waited for. */
  const awaited = next.flatMap(({ element }) => (liveItems.has(element) ? [element] : []));
  const done = new Set<PathElement>();
  const merged: unknown[] = [];
  let ahead = 0;
  for (const { element, item } of next) {
    for (let one = old[ahead]; one && one.element !== element; one = old[++ahead]) {
      if (!isApplied.has(one.element)) merged.push(one.item);
      else if (one.element === awaited[0] && !done.has(one.element)) break;
    }
    if (old[ahead]?.element === element) ahead++;
    if (awaited[0] === element) awaited.shift();
    done.add(element);
    const value = mergeValues(itemSchema(schema), liveItems.get(element), item);
    if (value !== undefined) merged.push(value);
  }
  merged.push(...old.slice(ahead).flatMap(({ element, item }) => (isApplied.has(element) ? [] : [item])));
  return merged.length > 0 ? merged : undefined;
}
