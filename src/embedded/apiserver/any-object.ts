import type { ApiObject } from "../../api/object.ts";

/** An object of whatever kind, as JSON gives it. The API server treats all kinds alike and looks at few fields. */
export interface AnyObject extends ApiObject {
  [field: string]: unknown;
}

export function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** The value at a path of field names, undefined where something is missing. */
export function valueAt(value: unknown, path: readonly string[]): unknown {
  let found = value;
  for (const part of path) {
    if (!isRecord(found) || !Object.hasOwn(found, part)) return undefined;
    found = found[part];
  }
  return found;
}

export function recordAt(value: unknown, path: readonly string[]): Record<string, unknown> {
  const found = valueAt(value, path);
  return isRecord(found) ? found : {};
}

/** Equality of JSON values; an absent field and an undefined one are the same. */
export function sameJson(left: unknown, right: unknown): boolean {
  if (left === right) return true;
  if (Array.isArray(left))
    return (
      Array.isArray(right) &&
      left.length === right.length &&
      left.every((item, index) => sameJson(item, right[index]))
    );
  if (!isRecord(left) || !isRecord(right)) return false;
  for (const name of Object.keys(left))
    if (!sameJson(left[name], Object.hasOwn(right, name) ? right[name] : undefined)) return false;
  return Object.keys(right).every((name) => Object.hasOwn(left, name) || right[name] === undefined);
}
