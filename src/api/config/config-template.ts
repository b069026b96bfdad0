import { messageOf } from "../../base/errors.ts";
import { GoTemplate } from "../../base/go-template/go-template.ts";
import { GoMap, GoStruct } from "../../base/go-template/values.ts";
import { ConfigError } from "./reader.ts";

/** Fields by name; a record inside is a map of texts, whose missing entries print as `<no value>`. */
export type TemplateData = Readonly<Record<string, string | Readonly<Record<string, string>>>>;

/** A template of a ConfigMap that makes a name (spec C-082, C-107, C-108). Throws ConfigErrors. */
export class ConfigTemplate {
  readonly #template: GoTemplate;
  /** Go's name of the type of the data, for error texts. */
  readonly #dataType: string;

  constructor(source: { readonly name: string; readonly text: string; readonly dataType: string }) {
    this.#template = asConfigError(() => new GoTemplate(source));
    this.#dataType = source.dataType;
  }

  execute(data: TemplateData): string {
    const fields = Object.fromEntries(
      Object.entries(data).map(([name, value]) => [
        name,
        typeof value === "string"
          ? value
          : new GoMap({ type: "map[string]string", entries: value, zero: "" }),
      ]),
    );
    return asConfigError(() => this.#template.execute(new GoStruct({ type: this.#dataType, fields })));
  }
}

/** Also for templates that are only to be read here. */
export function asConfigError<T>(run: () => T): T {
  try {
    return run();
  } catch (thrown) {
    throw new ConfigError(messageOf(thrown), { cause: thrown });
  }
}
