import type { Schema } from "../../../api/schema.ts";
import { setField } from "../../../base/json.ts";
import type { Patch } from "../../../kube/client.ts";
import { isRecord } from "../any-object.ts";
import { goText } from "./go-text.ts";
import { pathOf } from "./json-patch.ts";

/**
 * A patched object as messages show it. Go writes what a patch left alone in the order of its structs, and what a patch
 * went through (or what never had a struct: custom resources) as a map, sorted.
 */
export function patchedText(
  schema: Schema,
  patched: unknown,
  { patch, custom }: { readonly patch: Patch; readonly custom: boolean },
): string {
  if (patch.type === "strategic") return goText(patch.body);
  if (custom) return JSON.stringify(sorted(patched));
  return JSON.stringify(inOrder(schema, patched, touchedBy(patch)));
}

/** A patch's way through the object: a map where it goes on, anything else where it ends. */
function touchedBy(patch: Patch): unknown {
  if (patch.type !== "json") return patch.body;
  const touched: Record<string, unknown> = {};
  for (const operation of Array.isArray(patch.body) ? patch.body : []) {
    if (!isRecord(operation)) continue;
    for (const pointer of [operation.path, operation.from])
      if (typeof pointer === "string") touch(touched, pathOf(pointer));
  }
  return touched;
}

function touch(touched: Record<string, unknown>, path: readonly string[]): void {
  let at = touched;
  for (const part of path.slice(0, -1)) {
    const found = Object.hasOwn(at, part) ? at[part] : undefined;
    const next = isRecord(found) ? found : {};
    setField(at, part, next);
    at = next;
  }
}

function inOrder(schema: Schema, value: unknown, touched: unknown): unknown {
  if (Array.isArray(value)) return value.map((item) => inOrder(schema.items ?? ANY, item, undefined));
  if (!isRecord(value)) return value;
  const way = isRecord(touched) ? touched : undefined;
  const ordered: Record<string, unknown> = {};
  for (const name of namesInOrder(schema, value, way !== undefined)) {
    const field = schema.type === "map" ? schema.items : schema.fields?.[name];
    const below = way && Object.hasOwn(way, name) ? way[name] : undefined;
    setField(ordered, name, inOrder(field ?? ANY, value[name], below));
  }
  return ordered;
}

const ANY: Schema = { type: "any" };

function namesInOrder(schema: Schema, value: Record<string, unknown>, asMap: boolean): string[] {
  const names = Object.keys(value);
  if (asMap || schema.type === "map") return names.sort();
  if (schema.type !== "object") return names;
  const places = new Map(Object.keys(schema.fields ?? {}).map((name, place) => [name, place]));
  const first = (schema.order ?? []).filter((name) => Object.hasOwn(value, name));
  const rest = names.filter((name) => !first.includes(name));
  return [...first, ...rest.sort((left, right) => placeOf(places, left) - placeOf(places, right))];
}

function placeOf(places: ReadonlyMap<string, number>, name: string): number {
  return places.get(name) ?? places.size;
}

function sorted(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(sorted);
  if (!isRecord(value)) return value;
  const ordered: Record<string, unknown> = {};
  for (const name of Object.keys(value).sort()) setField(ordered, name, sorted(value[name]));
  return ordered;
}
