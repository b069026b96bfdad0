/** Sets an own field even when it is called `__proto__`. */
export function setField(target: Record<string, unknown>, name: string, value: unknown): void {
  if (name === "__proto__")
    Object.defineProperty(target, name, { value, enumerable: true, configurable: true, writable: true });
  else target[name] = value;
}

/** Makes a JSON value unchangeable, all through. */
export function freezeJson<T>(value: T): T {
  if (typeof value === "object" && value !== null) {
    for (const field of Object.values(value)) freezeJson(field);
    Object.freeze(value);
  }
  return value;
}

/** A copy of a JSON value that shares nothing, undefined fields left out. */
export function copyJson<T>(value: T): T {
  return copied(value) as T;
}

function copied(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(copied);
  if (typeof value !== "object" || value === null) return value;
  const original = value as Record<string, unknown>;
  const copy: Record<string, unknown> = {};
  for (const name of Object.keys(original)) {
    const field = original[name];
    if (field !== undefined) setField(copy, name, copied(field));
  }
  return copy;
}
