import { copyJson, setField } from "../../../base/json.ts";
import { isRecord, sameJson } from "../any-object.ts";

/** RFC 6902 as Kubernetes applies it: `replace` and a `test` against null tolerate what is missing. */
export class PatchError extends Error {}

interface Operation {
  readonly op: string;
  readonly path: string;
  readonly from?: string;
  readonly value?: unknown;
}

/** Returns the patched document; `document` itself is changed. Throws PatchError. */
export function applyJsonPatch(document: unknown, patch: unknown): unknown {
  let result = document;
  for (const operation of operationsOf(patch)) result = applyOperation(result, operation);
  return result;
}

function operationsOf(patch: unknown): Operation[] {
  if (!Array.isArray(patch)) throw new PatchError("a JSON patch is a list of operations");
  if (!patch.every(isOperation)) throw new PatchError("an operation of a JSON patch has op and path");
  return patch;
}

function isOperation(value: unknown): value is Operation {
  return isRecord(value) && typeof value.op === "string" && typeof value.path === "string";
}

function applyOperation(document: unknown, operation: Operation): unknown {
  const path = pathOf(operation.path);
  switch (operation.op) {
    case "add":
      return put(document, path, { value: operandOf(operation), insert: true });
    case "replace":
      return put(document, path, { value: operandOf(operation), insert: false });
    case "remove":
      remove(document, path);
      return document;
    case "test": {
      const found = find(document, path) ?? null;
      if (!sameJson(found, operation.value ?? null))
        throw new PatchError(`testing value ${operation.path} failed`);
      return document;
    }
    case "copy":
      return put(document, path, { value: copyJson(found(document, operation)), insert: true });
    case "move": {
      const value = found(document, operation);
      remove(document, pathOf(operation.from ?? ""));
      return put(document, path, { value, insert: true });
    }
    default:
      throw new PatchError(`unexpected kind: ${operation.op}`);
  }
}

function operandOf(operation: Operation): unknown {
  if (!("value" in operation)) throw new PatchError(`${operation.op} of ${operation.path} has no value`);
  return copyJson(operation.value ?? null);
}

function found(document: unknown, operation: Operation): unknown {
  const value = find(document, pathOf(operation.from ?? ""));
  if (value === undefined) throw new PatchError(`nothing at ${operation.from}`);
  return value;
}

/** What stands before the first slash is not looked at, as in Kubernetes. */
export function pathOf(pointer: string): string[] {
  if (pointer === "") return [];
  return pointer
    .split("/")
    .slice(1)
    .map((part) => part.replaceAll("~1", "/").replaceAll("~0", "~"));
}

function find(document: unknown, path: readonly string[]): unknown {
  let value = document;
  for (const part of path) {
    if (Array.isArray(value)) value = value[indexIn(value, part, false)];
    else if (isRecord(value)) value = Object.hasOwn(value, part) ? value[part] : undefined;
    else return undefined;
  }
  return value;
}

function parentOf(document: unknown, path: readonly string[]): { parent: unknown; last: string } {
  const parent = find(document, path.slice(0, -1));
  if (parent === undefined || parent === null)
    throw new PatchError(`nothing at /${path.slice(0, -1).join("/")}`);
  return { parent, last: path.at(-1) ?? "" };
}

function put(
  document: unknown,
  path: readonly string[],
  change: { readonly value: unknown; readonly insert: boolean },
): unknown {
  if (path.length === 0) return change.value;
  const { parent, last } = parentOf(document, path);
  if (Array.isArray(parent)) {
    const index = indexIn(parent, last, change.insert);
    parent.splice(index, change.insert ? 0 : 1, change.value);
  } else if (isRecord(parent)) setField(parent, last, change.value);
  else throw new PatchError(`/${path.join("/")} is inside a plain value`);
  return document;
}

function remove(document: unknown, path: readonly string[]): void {
  if (path.length === 0) throw new PatchError("the whole document cannot be removed");
  const { parent, last } = parentOf(document, path);
  if (Array.isArray(parent)) parent.splice(indexIn(parent, last, false), 1);
  else if (isRecord(parent) && Object.hasOwn(parent, last)) delete parent[last];
  else throw new PatchError(`nothing at /${path.join("/")} to remove`);
}

function indexIn(list: readonly unknown[], part: string, insert: boolean): number {
  if (insert && part === "-") return list.length;
  if (!/^-?\d+$/.test(part)) throw new PatchError(`${part} is no index`);
  const index = Number(part) < 0 ? Number(part) + list.length + (insert ? 1 : 0) : Number(part);
  const bound = insert ? list.length : list.length - 1;
  if (index < 0 || index > bound) throw new PatchError(`index ${part} is out of range`);
  return index;
}
