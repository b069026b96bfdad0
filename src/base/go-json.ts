/** JSON as Go's encoding/json reads it into structs: what Knative's programs make of their environment. Pure. */

declare global {
  interface JSON {
    /** Of a number, as it was written: newer than the library's types. */
    parse(
      text: string,
      reviver: (key: string, value: unknown, context: { source?: string }) => unknown,
    ): unknown;
  }
}

export type GoFields = Readonly<Record<string, unknown>>;

/** A number written with a point or an exponent is none of Go's whole numbers, even if it is one. */
class Fraction {
  readonly value: number;

  constructor(value: number) {
    this.value = value;
  }
}

/** Throws SyntaxError. To be read with the functions below, which throw errors that name the field. */
export function parseGoJson(text: string): unknown {
  return JSON.parse(text, (_key, value, { source = "" }) => {
    if (typeof value !== "number") return value;
    if (/[.eE]/.test(source)) return new Fraction(value);
    return Number.isSafeInteger(value) ? value : BigInt(source);
  });
}

/** null is an empty struct. */
export function fieldsOf(value: unknown, what: string): GoFields {
  if (value === null || value === undefined) return {};
  if (typeof value === "object" && !Array.isArray(value) && !(value instanceof Fraction)) {
    return value as GoFields;
  }
  throw new TypeError(`${what} is not an object`);
}

/** Whatever letters it is written in; the last one counts. */
export function fieldOf(from: GoFields, name: string): unknown {
  const wanted = name.toLowerCase();
  return Object.entries(from).findLast(([key]) => key.toLowerCase() === wanted)?.[1] ?? undefined;
}

/** "" when it is absent or null. */
export function textOf(from: GoFields, name: string): string {
  const value = fieldOf(from, name) ?? "";
  if (typeof value !== "string") throw new TypeError(`${name} is not a string`);
  return value;
}

export function booleanOf(from: GoFields, name: string): boolean {
  const value = fieldOf(from, name) ?? false;
  if (typeof value !== "boolean") throw new TypeError(`${name} is not true or false`);
  return value;
}

/** A float64. */
export function numberOf(from: GoFields, name: string): number {
  const value = fieldOf(from, name) ?? 0;
  if (value instanceof Fraction) return value.value;
  if (typeof value === "bigint") return Number(value);
  if (typeof value !== "number") throw new TypeError(`${name} is not a number`);
  return value;
}

const INT32_LIMIT = 2n ** 31n;

/** An int32; with `limit` 2n ** 63n an int64, whose number may not be exact. */
export function integerOf(from: GoFields, name: string, limit = INT32_LIMIT): number {
  const value = fieldOf(from, name) ?? 0;
  if (typeof value !== "number" && typeof value !== "bigint")
    throw new TypeError(`${name} is not an integer`);
  if (value >= limit || value < -limit) throw new TypeError(`${name} is out of range`);
  return Number(value);
}

/** null is an empty list. */
export function itemsOf(value: unknown, what: string): readonly unknown[] {
  if (value === null || value === undefined) return [];
  if (!Array.isArray(value)) throw new TypeError(`${what} is not a list`);
  return value;
}

export function listOf(from: GoFields, name: string): readonly unknown[] {
  return itemsOf(fieldOf(from, name), name);
}

export function textsOf(from: GoFields, name: string): readonly string[] {
  return listOf(from, name).map((item) => textOf({ [name]: item }, name));
}
