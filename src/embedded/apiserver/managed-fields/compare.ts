import type { Schema } from "../../../api/schema.ts";
import { isRecord, sameJson } from "../any-object.ts";
import { type FieldSet, FieldSetBuilder } from "./field-set.ts";
import { fieldElement, type PathElement } from "./path-element.ts";
import { elementOf, fieldSchema, itemSchema, shapeOf } from "./shape.ts";

/** What a change did, path by path. */
export interface Comparison {
  readonly added: FieldSet;
  readonly modified: FieldSet;
  readonly removed: FieldSet;
}

/** Compares two values of one schema. Throws UnfitValue where an element of a list has no name. */
export function compareValues(schema: Schema, before: unknown, after: unknown): Comparison {
  const walk = new Walk();
  walk.compare(schema, { before, after, path: [] });
  return walk.result();
}

interface Pair {
  readonly before: unknown;
  readonly after: unknown;
  readonly path: readonly PathElement[];
}

class Walk {
  readonly #added = new FieldSetBuilder();
  readonly #modified = new FieldSetBuilder();
  readonly #removed = new FieldSetBuilder();

  result(): Comparison {
    return {
      added: this.#added.build(),
      modified: this.#modified.build(),
      removed: this.#removed.build(),
    };
  }

  compare(schema: Schema, pair: Pair): void {
    const { before, after, path } = pair;
    const shape = shapeOf(schema, before, after);
    if (shape === "leaf" || (isBlank(before) && isBlank(after))) {
      this.#leaf(pair);
      return;
    }
    if (shape === "list") this.#lists(schema, pair);
    else this.#maps(schema, pair);
    if (before === undefined) this.#added.insert(path);
    else if (after === undefined) this.#removed.insert(path);
  }

  #leaf({ before, after, path }: Pair): void {
    if (before === undefined) this.#added.insert(path);
    else if (after === undefined) this.#removed.insert(path);
    else if (!sameJson(before, after)) this.#modified.insert(path);
  }

  #maps(schema: Schema, { before, after, path }: Pair): void {
    const old = isRecord(before) ? before : {};
    const next = isRecord(after) ? after : {};
    for (const name of new Set([...Object.keys(old), ...Object.keys(next)])) {
      const pair = { before: ownValue(old, name), after: ownValue(next, name) };
      if (pair.before === undefined && pair.after === undefined) continue;
      this.compare(fieldSchema(schema, name), { ...pair, path: [...path, fieldElement(name)] });
    }
  }

  #lists(schema: Schema, { before, after, path }: Pair): void {
    const old = byElement(schema, before);
    const next = byElement(schema, after);
    for (const element of new Set([...old.keys(), ...next.keys()])) {
      const [first, ...more] = old.get(element) ?? [];
      const [second, ...others] = next.get(element) ?? [];
      const below = [...path, element];
      const items = itemSchema(schema);
      if (more.length === 0 && others.length === 0)
        this.compare(items, { before: first, after: second, path: below });
      else if (more.length > 0 && others.length > 0) {
        if (!sameJson(old.get(element), next.get(element))) this.#modified.insert(below);
      } else if (more.length > 0) {
        // The same name twice stands for no element; once it is unique, its content is new.
        if (second !== undefined) this.compare(items, { before: undefined, after: second, path: below });
        this.#removed.insert(below);
      } else {
        if (first !== undefined) this.compare(items, { before: first, after: undefined, path: below });
        this.#added.insert(below);
      }
    }
  }
}

/** Neither fields nor elements: two such values are told apart as a whole (null, {} and absent differ). */
function isBlank(value: unknown): boolean {
  if (value === undefined || value === null) return true;
  if (Array.isArray(value)) return value.length === 0;
  return isRecord(value) && Object.keys(value).length === 0;
}

function ownValue(fields: Record<string, unknown>, name: string): unknown {
  return Object.hasOwn(fields, name) ? fields[name] : undefined;
}

function byElement(schema: Schema, list: unknown): Map<PathElement, unknown[]> {
  const found = new Map<PathElement, unknown[]>();
  if (!Array.isArray(list)) return found;
  for (const [index, item] of list.entries()) {
    const element = elementOf(schema, item, index);
    const same = found.get(element);
    if (same) same.push(item);
    else found.set(element, [item]);
  }
  return found;
}
