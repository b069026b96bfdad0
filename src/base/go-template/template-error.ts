import { EbbError } from "../errors.ts";

/** `template-syntax`: the text is no template. `template-execution`: the data do not fit it. Messages are Go's. */
export class TemplateError extends EbbError {}

export function syntaxError(where: { name: string; line: number }, what: string): TemplateError {
  return new TemplateError("template-syntax", `template: ${where.name}:${where.line}: ${what}`);
}

/** Thrown where the place in the template is not known; execution puts it in front. */
export class ValueError extends Error {}
