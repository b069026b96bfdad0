import { Execution } from "./execute.ts";
import { FUNCTIONS } from "./functions.ts";
import { type ParsedTemplate, parseTemplate } from "./parse.ts";
import type { Value } from "./values.ts";

/**
 * Go's text templates: Knative lets operators write them for request logs, host names, tags and container names (spec
 * Q-059, C-082, C-107, C-108), so they must mean the same here. Pure; errors are TemplateErrors with Go's texts.
 */
export class GoTemplate {
  readonly name: string;
  readonly #parsed: ParsedTemplate;

  /** Throws TemplateError `template-syntax`. */
  constructor(source: { readonly name: string; readonly text: string }) {
    this.name = source.name;
    this.#parsed = parseTemplate(source, (name) => FUNCTIONS.has(name));
  }

  /** Throws TemplateError `template-execution`; nothing of what came before it is given out. */
  execute(data: Value): string {
    return new Execution(this.name, this.#parsed.named).run(this.#parsed.body, data);
  }
}
