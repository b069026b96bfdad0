import { EbbError } from "../../base/errors.ts";

/**
 * The part of Go's text templates that request logs use: fields, methods with one argument, literals, `index`, `len`,
 * `js`, `html` and `urlquery` (spec Q-059). Conditions, loops, variables, pipes and `printf` are refused, not misread.
 */

/** A value of the data; a function stands for a method with one text argument. */
export type TemplateValue =
  | string
  | number
  | undefined
  | readonly string[]
  | ((argument: string) => TemplateValue)
  | { readonly [field: string]: TemplateValue };

/** `template-syntax` when it cannot be read, `template-execution` when the data do not fit it (errata Q-062). */
export class TemplateError extends EbbError {}

type Operand = { readonly path: readonly string[] } | { readonly literal: string | number };
type Command = readonly [string | Operand, ...Operand[]];
type Function = (...values: TemplateValue[]) => TemplateValue;

export class RequestLogTemplate {
  readonly #parts: readonly (string | Command)[];

  constructor(text: string) {
    this.#parts = parse(text);
  }

  execute(data: TemplateValue): string {
    let out = "";
    for (const part of this.#parts) out += typeof part === "string" ? part : print(evaluate(part, data));
    return out;
  }
}

function parse(text: string): (string | Command)[] {
  const parts: (string | Command)[] = [];
  let trimNext = false;
  for (let at = 0; ; ) {
    const start = text.indexOf("{{", at);
    const plain = text.slice(at, start < 0 ? undefined : start);
    const trimBefore = start >= 0 && /^-\s/.test(text.slice(start + 2, start + 4));
    const left = trimNext ? plain.trimStart() : plain;
    parts.push(trimBefore ? left.trimEnd() : left);
    if (start < 0) return parts;
    const action = /^(?:"(?:[^"\\\n]|\\.)*"|`[^`]*`|\/\*[\s\S]*?\*\/|(?!\}\})[^"`])*\}\}/.exec(
      text.slice(start + 2),
    );
    if (action === null) throw syntax("unclosed action");
    const source = action[0].slice(0, -2);
    trimNext = /\s-$/.test(source);
    const body = source.replace(/^-\s/, "").replace(/\s-$/, "").trim();
    if (!/^\/\*[\s\S]*\*\/$/.test(body)) parts.push(command(body));
    at = start + 2 + action[0].length;
  }
}

const TOKEN = /\s*("(?:[^"\\]|\\.)*"|`[^`]*`|(?:\.[A-Za-z_]\w*)+|\.|-?\d+|[A-Za-z_]\w*)(?=\s|$)/y;

function command(body: string): Command {
  const tokens: string[] = [];
  TOKEN.lastIndex = 0;
  while (TOKEN.lastIndex < body.length) {
    const found = TOKEN.exec(body);
    if (found === null) throw syntax(`cannot read ${JSON.stringify(body)}`);
    tokens.push(found[1] ?? "");
  }
  const [first, ...others] = tokens;
  if (first === undefined) throw syntax("missing value for command");
  if (!/^[A-Za-z_]/.test(first)) return [operand(first), ...others.map(operand)];
  if (!FUNCTIONS.has(first)) throw syntax(`${JSON.stringify(first)} is not supported`);
  return [first, ...others.map(operand)];
}

function operand(token: string): Operand {
  if (token.startsWith("`")) return { literal: token.slice(1, -1) };
  if (token.startsWith('"')) return { literal: unquote(token) };
  if (token.startsWith(".")) return { path: token.split(".").filter((name) => name !== "") };
  if (/^-?\d/.test(token)) return { literal: Number(token) };
  throw syntax(`${JSON.stringify(token)} is not supported as an argument`);
}

function unquote(token: string): string {
  try {
    return String(JSON.parse(token));
  } catch (thrown) {
    throw new TemplateError("template-syntax", `bad text ${token}`, { cause: thrown });
  }
}

function evaluate([head, ...rest]: Command, data: TemplateValue): TemplateValue {
  const values = rest.map((one) => resolve(one, data));
  if (typeof head === "string") {
    const run = FUNCTIONS.get(head);
    if (run === undefined) throw syntax(`${head} is not supported`);
    return run(...values);
  }
  const value = resolve(head, data);
  if (typeof value === "function") {
    const [argument] = values;
    if (values.length !== 1 || typeof argument !== "string") throw execution("a method wants one text");
    return value(argument);
  }
  if (values.length > 0) throw execution("a value that is no function was given arguments");
  return value;
}

function resolve(operand: Operand, data: TemplateValue): TemplateValue {
  if ("literal" in operand) return operand.literal;
  let value = data;
  for (const name of operand.path) {
    if (typeof value !== "object" || Array.isArray(value) || !(name in value)) {
      throw execution(`can't evaluate field ${name}`);
    }
    value = (value as Readonly<Record<string, TemplateValue>>)[name];
  }
  return value;
}

function print(value: TemplateValue): string {
  if (value === undefined) return "<no value>";
  if (typeof value === "string") return value;
  if (typeof value === "number") return String(value);
  if (Array.isArray(value)) return `[${value.join(" ")}]`;
  if (typeof value === "object" && "String" in value) return print(value.String);
  throw execution("this value has no text");
}

const FUNCTIONS: ReadonlyMap<string, Function> = new Map<string, Function>([
  ["js", (...values) => escapeJs(values.map(print).join(""))],
  [
    "html",
    (...values) =>
      values
        .map(print)
        .join("")
        .replace(/[&<>"']/g, (sign) => HTML[sign] ?? sign),
  ],
  ["urlquery", (...values) => new URLSearchParams([["", values.map(print).join("")]]).toString().slice(1)],
  ["len", lengthOf],
  ["index", indexed],
]);

const HTML: Readonly<Record<string, string>> = {
  "&": "&amp;",
  "<": "&lt;",
  ">": "&gt;",
  '"': "&#34;",
  "'": "&#39;",
};

function lengthOf(value: TemplateValue): number {
  if (typeof value === "string") return Buffer.byteLength(value);
  if (Array.isArray(value)) return value.length;
  if (typeof value === "object")
    return Object.values(value).filter((one) => typeof one !== "function").length;
  throw execution("len of a value without length");
}

function indexed(value: TemplateValue, key: TemplateValue): TemplateValue {
  if (Array.isArray(value)) {
    const found = typeof key === "number" ? (value[key] as string | undefined) : undefined;
    if (found === undefined) throw execution(`index out of range: ${String(key)}`);
    return found;
  }
  if (typeof value !== "object" || typeof key !== "string") throw execution("can't index this value");
  const found = (value as Readonly<Record<string, TemplateValue>>)[key];
  return typeof found === "function" || found === undefined ? [] : found;
}

/** As Go's template function does, with `\'` (errata Q-060). */
function escapeJs(text: string): string {
  return text.replace(/[\\'"<>&=\p{Cc}]/gu, (sign) => {
    if (sign === "\\" || sign === "'" || sign === '"') return `\\${sign}`;
    return `\\u${sign.charCodeAt(0).toString(16).toUpperCase().padStart(4, "0")}`;
  });
}

function syntax(message: string): TemplateError {
  return new TemplateError("template-syntax", `request log template: ${message}`);
}

function execution(message: string): TemplateError {
  return new TemplateError("template-execution", `request log template: ${message}`);
}
