import { printf } from "./printf.ts";
import { ValueError } from "./template-error.ts";
import {
  Float,
  GoMap,
  isList,
  isTrue,
  printAll,
  printArgument,
  typeName,
  type Value,
  wholeOf,
} from "./values.ts";

/** The functions that every template has. Failures are ValueErrors, with `error calling NAME: ` in front as in Go. */

type Late = () => Value;

export const FUNCTIONS: ReadonlySet<string> = new Set(
  "and or not len index slice print println printf html js urlquery eq ne lt le gt ge call".split(" "),
);

/** `and` and `or` look at no more arguments than they need. */
export function callFunction(name: string, args: readonly Late[]): Value {
  if (name === "and" || name === "or") return shortCut(name, args);
  const values = args.map((one) => one());
  checkCount(name, values.length);
  try {
    return call(name, values);
  } catch (thrown) {
    if (thrown instanceof ValueError) throw new ValueError(`error calling ${name}: ${thrown.message}`);
    throw thrown;
  }
}

/** At least; exactly for those without a second number. */
const COUNTS: Readonly<Record<string, readonly [number, "or more"?]>> = {
  not: [1],
  len: [1],
  index: [1, "or more"],
  slice: [1, "or more"],
  printf: [1, "or more"],
  call: [1, "or more"],
  eq: [1, "or more"],
  ne: [2],
  lt: [2],
  le: [2],
  gt: [2],
  ge: [2],
};

function checkCount(name: string, count: number): void {
  const [want, more] = COUNTS[name] ?? [0, "or more"];
  if (more ? count >= want : count === want) return;
  throw new ValueError(
    `wrong number of args for ${name}: want ${more ? "at least " : ""}${want} got ${count}`,
  );
}

function shortCut(name: "and" | "or", args: readonly Late[]): Value {
  if (args.length === 0) throw new ValueError(`wrong number of args for ${name}: want at least 1 got 0`);
  let value: Value;
  for (const one of args) {
    value = one();
    if (isTrue(value) === (name === "or")) return value;
  }
  return value;
}

function call(name: string, values: readonly Value[]): Value {
  const [first, second] = values;
  switch (name) {
    case "not":
      return !isTrue(first);
    case "len":
      return lengthOf(first);
    case "index":
      return indexed(first, values.slice(1));
    case "slice":
      return sliced(first, values.slice(1));
    case "print":
      return printAll(values.map(nilOf), printArgument);
    case "println":
      return `${values.map((one) => printArgument(nilOf(one))).join(" ")}\n`;
    case "printf":
      return formatted(first, values.slice(1));
    case "html":
      return escapeHtml(printAll(values));
    case "js":
      return escapeJs(printAll(values));
    case "urlquery":
      return escapeQuery(printAll(values));
    case "eq":
      return equalsAny(first, values.slice(1));
    case "ne":
      return !equalsAny(first, [second]);
    case "lt":
      return isLess(first, second);
    case "le":
      return isLess(first, second) || equalsAny(first, [second]);
    case "gt":
      return !(isLess(first, second) || equalsAny(first, [second]));
    case "ge":
      return !isLess(first, second);
    default:
      throw new ValueError(`non-function ${printAll([first])} of type ${typeName(first)}`);
  }
}

/** What is missing is an untyped nil once it is an argument. */
function nilOf(value: Value): Value {
  return value === undefined ? null : value;
}

function formatted(format: Value, values: readonly Value[]): string {
  if (typeof format === "string") return printf(format, values);
  throw new ValueError(`wrong type for value; expected string; got ${typeName(format)}`);
}

function lengthOf(value: Value): number {
  if (typeof value === "string") return Buffer.byteLength(value);
  if (value instanceof GoMap) return value.keys.length;
  if (isList(value)) return value.length;
  if (value === undefined || value === null) throw new ValueError("len of nil pointer");
  throw new ValueError(`len of type ${typeName(value)}`);
}

function indexed(value: Value, keys: readonly Value[]): Value {
  let found = value;
  for (const key of keys) found = indexedOnce(found, key);
  return found;
}

function indexedOnce(value: Value, key: Value): Value {
  if (value === undefined) throw new ValueError("index of untyped nil");
  if (value === null) throw new ValueError("index of nil pointer");
  if (value instanceof GoMap) {
    if (typeof key !== "string") throw new ValueError(`value has type ${typeName(key)}; should be string`);
    return value.get(key) ?? value.zero;
  }
  if (typeof value !== "string" && !isList(value))
    throw new ValueError(`can't index item of type ${typeName(value)}`);
  const list = typeof value === "string" ? [...Buffer.from(value)] : value;
  const at = wholeOf(key, "cannot index slice/array");
  if (at < 0 || at >= list.length) throw new ValueError(`index out of range: ${at}`);
  return list[at];
}

function sliced(value: Value, bounds: readonly Value[]): Value {
  if (value === undefined) throw new ValueError("slice of untyped nil");
  if (bounds.length > 3) throw new ValueError(`too many slice indexes: ${bounds.length}`);
  if (typeof value === "string" && bounds.length === 3) throw new ValueError("cannot 3-index slice a string");
  if (typeof value !== "string" && !isList(value)) {
    throw new ValueError(`can't slice item of type ${typeName(value)}`);
  }
  const whole = typeof value === "string" ? Buffer.from(value) : value;
  const numbers = bounds.map((one) => wholeOf(one, "cannot index slice/array"));
  const odd = numbers.find((one) => one < 0 || one > whole.length);
  if (odd !== undefined) throw new ValueError(`index out of range: ${odd}`);
  const [from = 0, to = whole.length] = numbers;
  if (from > to) throw new ValueError(`invalid slice index: ${from} > ${to}`);
  const part = whole.slice(from, to);
  return part instanceof Buffer ? part.toString() : (part as readonly Value[]);
}

type Kind = "string" | "int" | "float" | "bool";

function kindOf(value: Value): Kind | undefined {
  if (value instanceof Float) return "float";
  if (typeof value === "number") return "int";
  return typeof value === "string" ? "string" : typeof value === "boolean" ? "bool" : undefined;
}

function equalsAny(value: Value, others: readonly Value[]): boolean {
  if (others.length === 0) throw new ValueError("missing argument for comparison");
  return others.some((other) => equals(value, other));
}

function equals(one: Value, other: Value): boolean {
  if (one === undefined || other === undefined || one === null || other === null)
    return (one ?? null) === (other ?? null);
  const kind = kindOf(one);
  const otherKind = kindOf(other);
  if (kind === undefined || otherKind === undefined) {
    throw new ValueError(
      `non-comparable type ${printAll([kind === undefined ? one : other])}: ${typeName(kind === undefined ? one : other)}`,
    );
  }
  if (kind !== otherKind) {
    throw new ValueError(`incompatible types for comparison: ${typeName(one)} and ${typeName(other)}`);
  }
  return plain(one) === plain(other);
}

function isLess(one: Value, other: Value): boolean {
  const kind = kindOf(one);
  const otherKind = kindOf(other);
  if (kind === undefined || otherKind === undefined) throw new ValueError("invalid type for comparison");
  if (kind !== otherKind) {
    throw new ValueError(`incompatible types for comparison: ${typeName(one)} and ${typeName(other)}`);
  }
  if (kind === "bool") throw new ValueError("invalid type for comparison");
  if (kind === "string") return Buffer.compare(Buffer.from(String(one)), Buffer.from(String(other))) < 0;
  return Number(plain(one)) < Number(plain(other));
}

function plain(value: Value): Value {
  return value instanceof Float ? value.value : value;
}

const HTML: Readonly<Record<string, string>> = {
  "&": "&amp;",
  "<": "&lt;",
  ">": "&gt;",
  '"': "&#34;",
  "'": "&#39;",
  "\u0000": "\uFFFD",
};

function escapeHtml(text: string): string {
  return text.replace(/[&<>"'\0]/g, (sign) => HTML[sign] ?? sign);
}

/** As Go's, with `\'` (errata Q-060). */
function escapeJs(text: string): string {
  // Most of what a log line holds needs no escape: hot path.
  if (/^[ !#-%(-;?-[\]-~]*$/.test(text)) return text;
  return text.replace(/[^A-Za-z0-9 ]/gu, (sign) => {
    if (sign === "\\" || sign === "'" || sign === '"') return `\\${sign}`;
    const code = sign.codePointAt(0) ?? 0;
    const isPlain =
      code < 0x80 ? code >= 0x20 && !"<>&=".includes(sign) : /[\p{L}\p{M}\p{N}\p{P}\p{S}]/u.test(sign);
    return isPlain ? sign : `\\u${code.toString(16).toUpperCase().padStart(4, "0")}`;
  });
}

function escapeQuery(text: string): string {
  return encodeURIComponent(text.toWellFormed())
    .replace(/[!'()*]/g, (sign) => `%${sign.charCodeAt(0).toString(16).toUpperCase()}`)
    .replaceAll("%20", "+");
}
