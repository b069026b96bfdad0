import { goTypeOf, typesOfFields } from "../../../api/go-types.ts";
import { apiVersionOf, type Kind } from "../../../api/kind.ts";
import { setField } from "../../../base/json.ts";
import type { Patch } from "../../../kube/client.ts";
import { isRecord } from "../any-object.ts";
import { goText } from "./go-text.ts";
import { pathOf } from "./json-patch.ts";

/**
 * A patched object as messages show it. Go writes what a patch left alone in the order of its structs, and what a patch
 * went through (or what never had a struct: custom resources) as a map, sorted.
 */
export function patchedText(kind: Kind, patched: unknown, patch: Patch): string {
  if (patch.type === "strategic") return goText(patch.body);
  if (kind.custom) return JSON.stringify(sorted(patched));
  const type = goTypeOf(`${apiVersionOf(kind)}/${kind.kind}`) ?? "";
  return JSON.stringify(inOrder(type, patched, touchedBy(patch)));
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

function inOrder(type: string, value: unknown, touched: unknown): unknown {
  if (Array.isArray(value)) return value.map((item) => inOrder(type, item, undefined));
  if (!isRecord(value)) return value;
  const way = isRecord(touched) ? touched : undefined;
  const types = typesOfFields(type);
  const ordered: Record<string, unknown> = {};
  for (const name of namesInOrder(type, value, { types, asMap: way !== undefined })) {
    const below = way && Object.hasOwn(way, name) ? way[name] : undefined;
    const inner = type.startsWith(MAP) ? type.slice(MAP.length) : types.get(name);
    setField(ordered, name, inOrder(inner ?? "", value[name], below));
  }
  return ordered;
}

const MAP = "map:";

function namesInOrder(
  type: string,
  value: Record<string, unknown>,
  { types, asMap }: { readonly types: ReadonlyMap<string, string>; readonly asMap: boolean },
): string[] {
  const names = Object.keys(value);
  if (asMap || type.startsWith(MAP)) return names.sort();
  const known = [...types.keys()].filter((name) => Object.hasOwn(value, name));
  // What is no field of the struct is its type, which comes first; a type that is not known keeps its order.
  return [...names.filter((name) => !types.has(name)), ...known];
}

function sorted(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(sorted);
  if (!isRecord(value)) return value;
  const ordered: Record<string, unknown> = {};
  for (const name of Object.keys(value).sort()) setField(ordered, name, sorted(value[name]));
  return ordered;
}
