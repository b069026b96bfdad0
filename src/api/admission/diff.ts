/** How Knative shows what changed in a spec that must not: Go's names of the fields, old and new value. */
import type { Field } from "../go-types.ts";
import { isRecord, isStruct, knownFields, printed, printedValue } from "./go-print.ts";
import { isSame } from "./same.ts";

const ROOTS = {
  "v1.RevisionSpec": "serving.v1.RevisionSpec",
  "*v1.RevisionTemplateSpec": "serving.v1.RevisionTemplateSpec",
};

/** "" when both are the same. `goType` names the type at the top, with a star where it is a pointer. */
export function shortDiff(goType: keyof typeof ROOTS, old: unknown, updated: unknown): string {
  const walk = new Walk();
  walk.structs(`{${goType}}`, ROOTS[goType], { old: old ?? {}, updated: updated ?? {} });
  return walk.lines.join("");
}

interface Sides {
  readonly old: unknown;
  readonly updated: unknown;
}

class Walk {
  readonly lines: string[] = [];

  structs(path: string, type: string, { old, updated }: Sides): void {
    for (const field of knownFields(type)) {
      const below = `${path}.${field.goName}`;
      const of = (side: unknown) => (isRecord(side) ? side[field.name] : undefined);
      if (field.isInline) this.structs(below, field.type, { old, updated });
      else if (!isSame(of(old), of(updated)))
        this.#field(below, field, { old: of(old), updated: of(updated) });
    }
  }

  #field(path: string, field: Field, sides: Sides): void {
    const { old, updated } = sides;
    const both = old !== undefined && updated !== undefined;
    if (field.isList && Array.isArray(old) && Array.isArray(updated) && old.length > 0 && updated.length > 0)
      this.#lists(path, field.type, { old, updated });
    else if (field.type.startsWith("map:") && isRecord(old) && isRecord(updated))
      this.#maps(path, field.type.slice("map:".length), { old, updated });
    else if (!field.isList && isStruct(field.type) && (both || !field.isPointer))
      this.structs(path, field.type, sides);
    else {
      const star = field.isPointer && both && !isStruct(field.type) ? "*" : "";
      this.#report(`${star}${path}`, [`"${printed(field, old)}"`, `"${printed(field, updated)}"`]);
    }
  }

  /**
   * What both begin and end with is the same; between that, elements are compared in pairs, the rest came or went.
   */
  #lists(
    path: string,
    type: string,
    { old, updated }: { readonly old: readonly unknown[]; readonly updated: readonly unknown[] },
  ): void {
    const shorter = Math.min(old.length, updated.length);
    let head = 0;
    while (head < shorter && isSame(old[head], updated[head])) head++;
    let tail = 0;
    while (tail < shorter - head && isSame(old.at(-1 - tail), updated.at(-1 - tail))) tail++;
    const pairs = shorter - tail;
    for (let at = head; at < pairs; at++)
      this.#elements(`${path}[${at}]`, type, { old: old[at], updated: updated[at] });
    for (let at = pairs; at < old.length - tail; at++)
      this.#report(`${path}[${at}->?]`, [alone(type, old[at]), undefined]);
    for (let at = pairs; at < updated.length - tail; at++)
      this.#report(`${path}[?->${at}]`, [undefined, alone(type, updated[at])]);
  }

  #elements(path: string, type: string, sides: Sides): void {
    if (isStruct(type)) this.structs(path, type, sides);
    else if (!isSame(sides.old, sides.updated))
      this.#report(path, [alone(type, sides.old), alone(type, sides.updated)]);
  }

  #maps(path: string, type: string, { old, updated }: { readonly old: Json; readonly updated: Json }): void {
    const shown = (value: unknown) => (value === undefined ? undefined : alone(type, value));
    for (const key of [...new Set([...Object.keys(old), ...Object.keys(updated)])].sort())
      if (!isSame(old[key], updated[key]))
        this.#report(`${path}[${JSON.stringify(key)}]`, [shown(old[key]), shown(updated[key])]);
  }

  #report(path: string, [old, updated]: readonly [string | undefined, string | undefined]): void {
    let text = `${path}:\n`;
    if (old !== undefined) text += `\t-: ${old}\n`;
    if (updated !== undefined) text += `\t+: ${updated}\n`;
    this.lines.push(text);
  }
}

type Json = Readonly<Record<string, unknown>>;

/** A whole element; a struct is told with its type. */
function alone(type: string, value: unknown): string {
  const text = `"${printedValue(type, value)}"`;
  if (isStruct(type)) return `${type.split(".").slice(-2).join(".")}: ${text}`;
  return type === "quantity" ? `resource.Quantity: ${text}` : text;
}
