import { badRequest } from "./failures.ts";

/** Kubernetes' label selector grammar with its error texts: `a=b,c in (d,e),!f,g>5` (spec E-205). */
export type Requirement =
  | { readonly key: string; readonly operator: "in" | "notin"; readonly values: readonly string[] }
  | { readonly key: string; readonly operator: "exists" | "absent" }
  | { readonly key: string; readonly operator: ">" | "<"; readonly bound: number };

type Labels = Readonly<Record<string, string>>;

export function matchesLabels(requirements: readonly Requirement[], labels: Labels | undefined): boolean {
  return requirements.every((requirement) => matchesOne(requirement, labels ?? {}));
}

function matchesOne(requirement: Requirement, labels: Labels): boolean {
  const value = Object.hasOwn(labels, requirement.key) ? labels[requirement.key] : undefined;
  switch (requirement.operator) {
    case "exists":
      return value !== undefined;
    case "absent":
      return value === undefined;
    case "in":
      return value !== undefined && requirement.values.includes(value);
    case "notin":
      return value === undefined || !requirement.values.includes(value);
    default: {
      if (value === undefined || !/^[+-]?\d+$/.test(value)) return false;
      return requirement.operator === ">"
        ? Number(value) > requirement.bound
        : Number(value) < requirement.bound;
    }
  }
}

export function parseLabelSelector(text: string): readonly Requirement[] {
  const parser = new Parser(tokensOf(text));
  try {
    return parser.parse();
  } catch (thrown) {
    if (thrown instanceof SelectorError) throw badRequest(thrown.message);
    throw thrown;
  }
}

class SelectorError extends Error {}

const SYMBOLS = new Set(["=", "!", "(", ")", ",", ">", "<"]);
const OPERATORS = ["==", "!=", "=", "!", "(", ")", ",", ">", "<"];

function tokensOf(text: string): string[] {
  const tokens: string[] = [];
  let index = 0;
  while (index < text.length) {
    const char = text[index] ?? "";
    if (/\s/.test(char)) {
      index++;
      continue;
    }
    const symbol = OPERATORS.find((operator) => text.startsWith(operator, index));
    if (symbol) {
      tokens.push(symbol);
      index += symbol.length;
      continue;
    }
    const start = index;
    while (index < text.length && !SYMBOLS.has(text[index] ?? "") && !/\s/.test(text[index] ?? "")) index++;
    tokens.push(text.slice(start, index));
  }
  return tokens;
}

function isIdentifier(token: string): boolean {
  return token !== "" && !OPERATORS.includes(token);
}

class Parser {
  readonly #tokens: readonly string[];
  #index = 0;

  constructor(tokens: readonly string[]) {
    this.#tokens = tokens;
  }

  parse(): Requirement[] {
    const requirements: Requirement[] = [];
    if (this.#peek() === "") return requirements;
    if (!isIdentifier(this.#peek()) && this.#peek() !== "!")
      throw new SelectorError(`found '${this.#peek()}', expected: !, identifier, or 'end of string'`);
    for (;;) {
      requirements.push(this.#requirement());
      const next = this.#take();
      if (next === "") return requirements;
      if (next !== ",") throw new SelectorError(`found '${next}', expected: ',' or 'end of string'`);
      if (!isIdentifier(this.#peek()) && this.#peek() !== "!")
        throw new SelectorError(`found '${this.#peek()}', expected: identifier after ','`);
    }
  }

  #peek(): string {
    return this.#tokens[this.#index] ?? "";
  }

  #take(): string {
    const token = this.#peek();
    this.#index++;
    return token;
  }

  #requirement(): Requirement {
    try {
      const absent = this.#peek() === "!";
      if (absent) this.#take();
      const key = this.#take();
      if (!isIdentifier(key)) throw new SelectorError(`found '${key}', expected: identifier`);
      checkKey(key);
      if (absent) return { key, operator: "absent" };
      if (this.#peek() === "" || this.#peek() === ",") return { key, operator: "exists" };
      return this.#comparison(key);
    } catch (thrown) {
      if (!(thrown instanceof SelectorError)) throw thrown;
      throw new SelectorError(`unable to parse requirement: ${thrown.message}`);
    }
  }

  #comparison(key: string): Requirement {
    const operator = this.#take();
    switch (operator) {
      case "in":
      case "notin":
        return { key, operator, values: checkValues(key, this.#set()) };
      case "=":
      case "==":
        return { key, operator: "in", values: checkValues(key, [this.#exactValue()]) };
      case "!=":
        return { key, operator: "notin", values: checkValues(key, [this.#exactValue()]) };
      case ">":
      case "<": {
        const value = this.#exactValue();
        if (!/^[+-]?\d+$/.test(value))
          throw new SelectorError(
            `values[0][${key}]: Invalid value: "${value}": for 'Gt', 'Lt' operators, the value must be an integer`,
          );
        return { key, operator, bound: Number(value) };
      }
      default:
        throw new SelectorError(`found '${operator}', expected: in, notin, =, ==, !=, gt, lt`);
    }
  }

  #exactValue(): string {
    if (this.#peek() === "" || this.#peek() === ",") return "";
    const value = this.#take();
    if (!isIdentifier(value)) throw new SelectorError(`found '${value}', expected: identifier`);
    return value;
  }

  #set(): string[] {
    const open = this.#take();
    if (open !== "(") throw new SelectorError(`found '${open}' expected: '('`);
    if (this.#peek() === ")") {
      this.#take();
      return [];
    }
    if (!isIdentifier(this.#peek()) && this.#peek() !== ",")
      throw new SelectorError(`found '${this.#peek()}', expected: ',', ')' or identifier`);
    const values: string[] = [];
    for (;;) {
      if (this.#peek() === "," || this.#peek() === ")") values.push("");
      else values.push(this.#take());
      const next = this.#take();
      if (next === ")") return values;
      if (next !== ",") throw new SelectorError(`found '${next}', expected: ',' or ')'`);
    }
  }
}

const NAME_PATTERN = "([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9]";
const NAME = new RegExp(`^${NAME_PATTERN}$`);

function checkKey(key: string): void {
  const name = key.slice(key.lastIndexOf("/") + 1);
  if (NAME.test(name) && name.length <= 63) return;
  throw new SelectorError(
    `<nil>: Invalid value: "${key}": name part must consist of alphanumeric characters, '-', '_' or '.', and must ` +
      `start and end with an alphanumeric character (e.g. 'MyName',  or 'my.name',  or '123-abc', regex used for ` +
      `validation is '${NAME_PATTERN}')`,
  );
}

function checkValues(key: string, values: readonly string[]): readonly string[] {
  for (const [index, value] of values.entries()) {
    if (value === "" || (NAME.test(value) && value.length <= 63)) continue;
    throw new SelectorError(
      `values[${index}][${key}]: Invalid value: "${value}": a valid label must be an empty string or consist of ` +
        `alphanumeric characters, '-', '_' or '.', and must start and end with an alphanumeric character (e.g. ` +
        `'MyValue',  or 'my_value',  or '12345', regex used for validation is ` +
        `'(([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9])?')`,
    );
  }
  return values;
}
