import type { Schema } from "../../../api/schema.ts";
import { isRecord, sameJson } from "../any-object.ts";
import { goText } from "./go-text.ts";

/**
 * Kubernetes' strategic merge patch: like a merge patch, but lists with a merge key are merged by it, and the
 * directives `$patch`, `$deleteFromPrimitiveList`, `$setElementOrder` and `$retainKeys` are obeyed (spec E-203).
 */
export class StrategicPatchError extends Error {}

/** A directive that is not of its form; Kubernetes blames the request for these alone. */
export class MalformedDirective extends StrategicPatchError {}

const ELEMENT_ORDER = "$setElementOrder/";
const DELETE_PRIMITIVES = "$deleteFromPrimitiveList/";

type Fields = Record<string, unknown>;

/** Returns the patched value; shares values with both arguments. */
export function applyStrategicPatch(target: unknown, patch: unknown, schema: Schema | undefined): unknown {
  if (!isRecord(patch)) return patch;
  return mergeMaps(isRecord(target) ? target : {}, patch, schema);
}

function mergeMaps(target: Fields, patch: Fields, schema: Schema | undefined): Fields {
  const { $patch: directive, $retainKeys: retained, ...fields } = patch;
  if (directive === "replace") return cleaned(fields);
  if (directive === "delete") return {};
  if (directive !== undefined && directive !== "merge")
    throw new StrategicPatchError(`unknown patch type: ${directive} in map: ${goText(patch)}`);
  const merged = new Map(Object.entries(target));
  if (retained !== undefined) retain(merged, fields, retained);
  for (const [name, value] of Object.entries(fields)) {
    if (name.startsWith(ELEMENT_ORDER)) continue;
    if (name.startsWith(DELETE_PRIMITIVES)) {
      removePrimitives(merged, name.slice(DELETE_PRIMITIVES.length), value);
      continue;
    }
    if (value === null || (isRecord(value) && value.$patch === "delete")) merged.delete(name);
    else merged.set(name, mergeField(merged.get(name), value, fieldSchema(schema, name)));
  }
  orderLists(merged, { target, patch: fields, schema });
  return Object.fromEntries(merged);
}

function mergeField(present: unknown, value: unknown, schema: Schema | undefined): unknown {
  if (isRecord(value)) {
    if (!isRecord(present)) return mergeMaps({}, value, schema);
    if (schema?.mapType === "atomic") return value;
    return mergeMaps(present, value, schema);
  }
  if (!Array.isArray(value)) return value;
  const key = mergeKeyOf(schema);
  const list = Array.isArray(present) ? present : [];
  if (key !== undefined) return mergeLists(list, value, { key, items: schema?.items });
  if (schema?.listType === "set") {
    const merged = [...list, ...value.filter((item) => !list.some((old) => sameJson(old, item)))];
    return inPatchOrder(merged, value, { before: list, identity: (item) => item });
  }
  return value.filter((item) => !isRecord(item) || item.$patch === undefined);
}

function mergeLists(
  present: readonly unknown[],
  patch: readonly unknown[],
  by: { readonly key: string; readonly items: Schema | undefined },
): unknown[] {
  if (patch.some((item) => isRecord(item) && item.$patch === "replace" && item[by.key] === undefined))
    return patch.filter((item) => !isRecord(item) || item.$patch === undefined).map(cleaned);
  const merged = [...present];
  for (const item of patch) {
    if (!isRecord(item) || item[by.key] === undefined)
      throw new StrategicPatchError(`map: ${goText(item)} does not contain declared merge key: ${by.key}`);
    const index = merged.findIndex((old) => isRecord(old) && sameJson(old[by.key], item[by.key]));
    if (item.$patch === "delete") {
      if (index >= 0) merged.splice(index, 1);
      continue;
    }
    const old = merged[index];
    const next = mergeMaps(isRecord(old) ? old : {}, item, by.items);
    if (index >= 0) merged[index] = next;
    else merged.push(next);
  }
  const identity = (item: unknown) => (isRecord(item) ? item[by.key] : item);
  return inPatchOrder(merged, patch, { before: present, identity });
}

/**
 * The patch's elements in its order; the others keep theirs and stand before the first element of the patch that stood
 * behind them.
 */
function inPatchOrder(
  merged: readonly unknown[],
  patch: readonly unknown[],
  how: { readonly before: readonly unknown[]; readonly identity: (item: unknown) => unknown },
): unknown[] {
  const { before, identity } = how;
  const place = (list: readonly unknown[], item: unknown) =>
    list.findIndex((other) => sameJson(identity(other), identity(item)));
  const patched = merged.filter((item) => place(patch, item) >= 0);
  patched.sort((left, right) => place(patch, left) - place(patch, right));
  const rest = merged.filter((item) => place(patch, item) < 0);
  const ordered: unknown[] = [];
  while (rest.length > 0 || patched.length > 0) {
    const [own] = rest;
    const [next] = patched;
    const known = place(before, next) >= 0;
    const takeOwn =
      patched.length === 0 || (rest.length > 0 && known && place(before, own) < place(before, next));
    ordered.push(takeOwn ? rest.shift() : patched.shift());
  }
  return ordered;
}

function removePrimitives(merged: Map<string, unknown>, name: string, values: unknown): void {
  if (!Array.isArray(values)) throw new MalformedDirective("invalid patch format of primitive list");
  const list = merged.get(name);
  if (!Array.isArray(list)) return;
  merged.set(
    name,
    list.filter((item) => !values.some((value) => sameJson(value, item))),
  );
}

/** `$retainKeys` names all fields that stay: whatever else the patch sets contradicts it. */
function retain(merged: Map<string, unknown>, fields: Fields, retained: unknown): void {
  const isNamed = (name: string) => Array.isArray(retained) && retained.includes(name);
  const isDirective = (name: string) => name.startsWith(ELEMENT_ORDER) || name.startsWith(DELETE_PRIMITIVES);
  const others = Object.entries(fields).filter(
    ([name, value]) => value !== null && !isDirective(name) && !isNamed(name),
  );
  if (!Array.isArray(retained) || others.length > 0)
    throw new MalformedDirective("invalid patch format of retainKeys");
  for (const name of [...merged.keys()]) if (!isNamed(name)) merged.delete(name);
}

interface Ordering {
  readonly target: Fields;
  readonly patch: Fields;
  readonly schema: Schema | undefined;
}

/** `$setElementOrder/x` puts the named elements into its order; the others stay near those they stood before. */
function orderLists(merged: Map<string, unknown>, { target, patch, schema }: Ordering): void {
  for (const [directive, order] of Object.entries(patch)) {
    if (!directive.startsWith(ELEMENT_ORDER)) continue;
    if (!Array.isArray(order)) throw new MalformedDirective("invalid patch format of setElementOrder list");
    const name = directive.slice(ELEMENT_ORDER.length);
    const list = merged.get(name);
    if (!Array.isArray(list)) continue;
    const key = mergeKeyOf(fieldSchema(schema, name));
    const identity = (item: unknown) => (key !== undefined && isRecord(item) ? item[key] : item);
    const live = Object.hasOwn(target, name) ? target[name] : undefined;
    const before: unknown[] = Array.isArray(live) ? live : [];
    merged.set(name, inPatchOrder(list, order, { before, identity }));
  }
}

function cleaned(value: unknown): Fields {
  if (!isRecord(value)) return value as Fields;
  return Object.fromEntries(
    Object.entries(value).filter(([name, item]) => !name.startsWith("$") && item !== null),
  );
}

function fieldSchema(schema: Schema | undefined, name: string): Schema | undefined {
  if (schema?.type === "map") return schema.items;
  return schema?.fields?.[name];
}

/** Kubernetes' patchMergeKey: the first key of a map list (`containerPort` of containerPort and protocol). */
function mergeKeyOf(schema: Schema | undefined): string | undefined {
  return schema?.listType === "map" ? schema.listKeys?.[0] : undefined;
}
