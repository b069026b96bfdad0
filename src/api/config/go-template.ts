/**
 * The part of Go's text templates that names need: fields, map entries and `index` (spec C-082, C-107, C-108). Pipes,
 * conditions and functions other than `index` are refused rather than misread.
 */
import { ConfigError } from "./reader.ts";

/** Fields by name; a record inside is a map, whose missing entries print as `<no value>`. */
export type TemplateData = Readonly<Record<string, string | Readonly<Record<string, string>>>>;

interface Action {
  readonly path: readonly string[];
  readonly key: string | undefined;
  readonly at: string;
}

export class GoTemplate {
  readonly #name: string;
  /** Go's name of the type of the data, for error texts. */
  readonly #dataType: string;
  readonly #parts: readonly (string | Action)[];

  constructor(source: { readonly name: string; readonly text: string; readonly dataType: string }) {
    this.#name = source.name;
    this.#dataType = source.dataType;
    this.#parts = this.#parse(source.text);
  }

  execute(data: TemplateData): string {
    return this.#parts.map((part) => (typeof part === "string" ? part : this.#value(part, data))).join("");
  }

  #parse(text: string): (string | Action)[] {
    const parts: (string | Action)[] = [];
    let rest = text;
    while (rest !== "") {
      const start = rest.indexOf("{{");
      if (start < 0) break;
      parts.push(rest.slice(0, start));
      const end = rest.indexOf("}}", start);
      if (end < 0) throw new ConfigError(`template: ${this.#name}:1: unclosed action`);
      const offset = text.length - rest.length + start;
      parts.push(this.#action(rest.slice(start + 2, end), offset));
      rest = rest.slice(end + 2);
    }
    return [...parts, rest];
  }

  #action(source: string, offset: number): Action {
    const body = source.replace(/^- /, "").replace(/ -$/, "").trim();
    const at = `${this.#name}:1:${offset + 2}`;
    const field = /^(\.[A-Za-z_][A-Za-z0-9_]*)+$/.exec(body);
    if (field !== null) return { path: body.slice(1).split("."), key: undefined, at };
    const index = /^index\s+((?:\.[A-Za-z_][A-Za-z0-9_]*)+)\s+"((?:[^"\\]|\\.)*)"$/.exec(body);
    if (index !== null) {
      return { path: (index[1] ?? "").slice(1).split("."), key: JSON.parse(`"${index[2]}"`) as string, at };
    }
    const word = /^[A-Za-z_][A-Za-z0-9_]*/.exec(body)?.[0];
    if (word !== undefined)
      throw new ConfigError(`template: ${this.#name}:1: function "${word}" not defined`);
    throw new ConfigError(`template: ${this.#name}:1: unexpected ${JSON.stringify(body)} in command`);
  }

  #value({ path, key, at }: Action, data: TemplateData): string {
    const [field = "", ...entries] = path;
    const value = Object.hasOwn(data, field) ? data[field] : undefined;
    if (value === undefined) {
      throw new ConfigError(
        `template: ${at}: executing "${this.#name}" at <.${path.join(".")}>: ` +
          `can't evaluate field ${field} in type ${this.#dataType}`,
      );
    }
    if (typeof value === "string") return value;
    const entry = key ?? entries.join(".");
    const found = Object.hasOwn(value, entry) ? value[entry] : undefined;
    return found ?? (key === undefined ? "<no value>" : "");
  }
}
