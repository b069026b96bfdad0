import { floatText } from "../numerals.ts";
import { ValueError } from "./template-error.ts";

/**
 * The data of Go's templates: texts, booleans, lists and whole numbers as they are, and a class for each of what
 * JavaScript has no type for. `undefined` is Go's invalid value (a missing entry), `null` a nil pointer.
 */
export type Value =
  | string
  | number
  | boolean
  | undefined
  | null
  | Float
  | GoMap
  | GoStruct
  | readonly Value[];

export type Method = (...args: Value[]) => Value;

/** A float64; a plain number is a whole one. */
export class Float {
  readonly value: number;

  constructor(value: number) {
    this.value = value;
  }
}

export interface MapOptions {
  /** Go's name of the type. */
  readonly type: string;
  readonly entries: Readonly<Record<string, Value>>;
  /** What `index` answers for a key that is not there. */
  readonly zero: Value;
  readonly methods?: Readonly<Record<string, Method>>;
}

/** A map with texts as keys. */
export class GoMap {
  readonly type: string;
  readonly entries: Readonly<Record<string, Value>>;
  readonly zero: Value;
  readonly methods: Readonly<Record<string, Method>>;

  constructor({ type, entries, zero, methods = {} }: MapOptions) {
    this.type = type;
    this.entries = entries;
    this.zero = zero;
    this.methods = methods;
  }

  get(key: string): Value {
    return Object.hasOwn(this.entries, key) ? this.entries[key] : undefined;
  }

  /** In Go's order. */
  get keys(): string[] {
    return Object.keys(this.entries).sort();
  }
}

export interface StructOptions {
  /** Go's name of the type. */
  readonly type: string;
  readonly fields: Readonly<Record<string, Value>>;
  readonly methods?: Readonly<Record<string, Method>>;
}

/** A struct: a name that it has not is an error, no missing entry. A method `String` says how it is printed. */
export class GoStruct {
  readonly type: string;
  readonly fields: Readonly<Record<string, Value>>;
  readonly methods: Readonly<Record<string, Method>>;

  constructor({ type, fields, methods = {} }: StructOptions) {
    this.type = type;
    this.fields = fields;
    this.methods = methods;
  }
}

export function isList(value: Value): value is readonly Value[] {
  return Array.isArray(value);
}

export function typeName(value: Value): string {
  if (typeof value === "string") return "string";
  if (typeof value === "number") return "int";
  if (typeof value === "boolean") return "bool";
  if (value instanceof Float) return "float64";
  if (value instanceof GoMap || value instanceof GoStruct) return value.type;
  if (isList(value)) return "[]string";
  return "nil";
}

/** Go's truth: false, zero and what is empty are not. */
export function isTrue(value: Value): boolean {
  if (value instanceof Float) return value.value !== 0;
  if (value instanceof GoMap) return value.keys.length > 0;
  if (isList(value)) return value.length > 0;
  return Boolean(value);
}

/** As fmt.Sprint of one value. */
export function print(value: Value): string {
  if (typeof value === "string") return value;
  if (value === undefined) return "<no value>";
  if (value === null) return "<nil>";
  if (value instanceof Float) return floatText(value.value);
  if (value instanceof GoMap)
    return `map[${value.keys.map((key) => `${key}:${print(value.get(key))}`).join(" ")}]`;
  if (isList(value)) return `[${value.map(print).join(" ")}]`;
  if (value instanceof GoStruct) {
    const text = value.methods.String;
    return text ? print(text()) : `{${Object.values(value.fields).map(print).join(" ")}}`;
  }
  return String(value);
}

/** As fmt's verb v, or `%+v`: an argument that points to a struct shows that it does. */
export function printArgument(value: Value, hasNames = false): string {
  if (!(value instanceof GoStruct) || value.methods.String) return print(value);
  const parts = Object.entries(value.fields).map(([name, field]) => {
    return hasNames ? `${name}:${print(field)}` : print(field);
  });
  return `${value.type.startsWith("*") ? "&" : ""}{${parts.join(" ")}}`;
}

/** As fmt.Sprint: a space between two operands of which none is a text. */
export function printAll(values: readonly Value[], show: (value: Value) => string = print): string {
  let out = "";
  values.forEach((value, index) => {
    const before = values[index - 1];
    if (index > 0 && typeof value !== "string" && typeof before !== "string") out += " ";
    out += show(value);
  });
  return out;
}

/** The numeric value of a whole number or a float, for comparison. */
export function wholeOf(value: Value, what: string): number {
  if (typeof value === "number") return value;
  if (value === undefined || value === null) throw new ValueError(`${what} with nil`);
  throw new ValueError(`${what} with type ${typeName(value)}`);
}
