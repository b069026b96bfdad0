/** Equality as the API means it: an absent field, an empty map and an empty list are the same. */
export function semanticallyEqual(left: unknown, right: unknown): boolean {
  if (left === right) return true;
  if (isEmpty(left) || isEmpty(right)) return isEmpty(left) && isEmpty(right);
  if (Array.isArray(left)) {
    return (
      Array.isArray(right) &&
      left.length === right.length &&
      left.every((item, index) => semanticallyEqual(item, right[index]))
    );
  }
  if (typeof left !== "object" || typeof right !== "object" || Array.isArray(right)) return false;
  const mine = left as Record<string, unknown>;
  const theirs = right as Record<string, unknown>;
  for (const key of Object.keys(mine)) if (!semanticallyEqual(mine[key], theirs[key])) return false;
  for (const key of Object.keys(theirs)) if (!(key in mine) && !isEmpty(theirs[key])) return false;
  return true;
}

function isEmpty(value: unknown): value is null | undefined | object {
  if (value === undefined || value === null) return true;
  if (typeof value !== "object") return false;
  if (Array.isArray(value)) return value.length === 0;
  for (const key in value) if (Object.hasOwn(value, key)) return false;
  return true;
}
