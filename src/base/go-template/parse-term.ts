import type { Token } from "./lex.ts";
import type { Operand } from "./nodes.ts";
import type { TemplateError } from "./template-error.ts";
import { Float } from "./values.ts";

type Without<One> = One extends unknown ? Omit<One, "source"> : never;
/** Whoever asked knows the source. */
type Term = Without<Operand>;

/** The smallest parts of an action: literals, names, fields. */
export class TermParser {
  readonly #isFunction: (name: string) => boolean;
  readonly #error: (what: string) => TemplateError;

  constructor(isFunction: (name: string) => boolean, error: (what: string) => TemplateError) {
    this.#isFunction = isFunction;
    this.#error = error;
  }

  term(token: Token, fields: () => string[]): Term | undefined {
    const at = token;
    switch (token.type) {
      case "dot":
        return { type: "dot", at };
      case "field":
        return { type: "field", names: [token.text.slice(1), ...fields()], at };
      case "variable":
        return { type: "variable", name: token.text, names: fields(), at };
      case "string":
        return { type: "constant", value: this.quoted(token), at };
      case "char":
        return { type: "constant", value: this.#character(token), at };
      case "number":
        return { type: "constant", value: this.#number(token.text), at };
      case "word":
        return this.#word(token);
      default:
        return undefined;
    }
  }

  #word(at: Token): Term {
    if (at.text === "nil") return { type: "nil", at };
    if (at.text === "true" || at.text === "false") return { type: "constant", value: at.text === "true", at };
    if (!this.#isFunction(at.text)) throw this.#error(`function ${JSON.stringify(at.text)} not defined`);
    return { type: "function", name: at.text, at };
  }

  /** Of a text in quotes or backquotes. */
  quoted({ text }: Token): string {
    if (text.startsWith("`")) return text.slice(1, -1).replaceAll("\r", "");
    return this.#unescaped(text.slice(1, -1), text);
  }

  #character({ text }: Token): number {
    const inside = this.#unescaped(text.slice(1, -1), text);
    const code = inside.codePointAt(0);
    if (code === undefined || inside.length !== String.fromCodePoint(code).length) {
      throw this.#error(`malformed character constant: ${text}`);
    }
    return code;
  }

  #unescaped(inside: string, whole: string): string {
    return inside.replace(
      /\\(x[0-9a-fA-F]{2}|u[0-9a-fA-F]{4}|U[0-9a-fA-F]{8}|[0-7]{3}|.)/gs,
      (_all, code: string) => {
        const simple = ESCAPES[code];
        if (simple !== undefined) return simple;
        if (/^[xuU]./.test(code)) return String.fromCodePoint(Number.parseInt(code.slice(1), 16));
        if (/^[0-7]{3}$/.test(code)) return String.fromCharCode(Number.parseInt(code, 8));
        throw this.#error(`bad string ${whole}: invalid syntax`);
      },
    );
  }

  #number(text: string): number | Float {
    const plain = text.replace(/(?<=[0-9a-fA-FxXoObB])_(?=[0-9a-fA-F])/g, "");
    if (/^[+-]?(0[xX][0-9a-fA-F]+|0[bB][01]+|0[oO]?[0-7]*|[1-9][0-9]*)$/.test(plain)) return whole(plain);
    if (/^[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?$/.test(plain)) {
      const value = Number(plain);
      if (!Number.isFinite(value)) throw this.#error(`illegal number syntax: ${JSON.stringify(text)}`);
      // Written with an exponent it is still a whole number where it can be one, as in Go.
      return /[eE]/.test(plain) && Number.isInteger(value) && Math.abs(value) < 2 ** 63
        ? value
        : new Float(value);
    }
    throw this.#error(`bad number syntax: ${JSON.stringify(text)}`);
  }
}

function whole(text: string): number {
  const isNegative = text.startsWith("-");
  const digits = text.replace(/^[+-]/, "").replace(/^0(?=[0-7])/, "0o");
  const value = Number(digits.toLowerCase());
  return isNegative ? -value : value;
}

const ESCAPES: Readonly<Record<string, string>> = {
  a: "\u0007",
  b: "\b",
  f: "\f",
  n: "\n",
  r: "\r",
  t: "\t",
  v: "\v",
  "\\": "\\",
  "'": "'",
  '"': '"',
};
