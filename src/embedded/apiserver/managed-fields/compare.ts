import type { Schema } from "../../../api/schema.ts";
import { isRecord, sameJson } from "../any-object.ts";
import { EMPTY_SET, FieldSet, LEAF } from "./field-set.ts";
import { fieldElement, type PathElement } from "./path-element.ts";
import { elementOf, fieldSchema, itemSchema, shapeOf } from "./shape.ts";

/** What a change did, path by path. */
export interface Comparison {
  readonly added: FieldSet;
  readonly modified: FieldSet;
  readonly removed: FieldSet;
}

const NOTHING: Comparison = { added: EMPTY_SET, modified: EMPTY_SET, removed: EMPTY_SET };
const ADDED: Comparison = { ...NOTHING, added: LEAF };
const MODIFIED: Comparison = { ...NOTHING, modified: LEAF };
const REMOVED: Comparison = { ...NOTHING, removed: LEAF };

/** Compares two values of one schema. Throws UnfitValue where an element of a list has no name. */
export function compareValues(schema: Schema, before: unknown, after: unknown): Comparison {
  const shape = shapeOf(schema, before, after);
  if (shape === "leaf" || (isBlank(before) && isBlank(after))) return compareLeaves(before, after);
  const below = new Below();
  if (shape === "list") compareLists(schema, { before, after, below });
  else compareMaps(schema, { before, after, below });
  return below.result(before === undefined ? ADDED : after === undefined ? REMOVED : NOTHING);
}

function compareLeaves(before: unknown, after: unknown): Comparison {
  if (before === undefined) return ADDED;
  if (after === undefined) return REMOVED;
  return sameJson(before, after) ? NOTHING : MODIFIED;
}

interface Pair {
  readonly before: unknown;
  readonly after: unknown;
  readonly below: Below;
}

function compareMaps(schema: Schema, { before, after, below }: Pair): void {
  const old = isRecord(before) ? before : NO_FIELDS;
  const next = isRecord(after) ? after : NO_FIELDS;
  const compareField = (name: string, first: unknown, second: unknown) => {
    if (first === undefined && second === undefined) return;
    below.set(fieldElement(name), compareValues(fieldSchema(schema, name), first, second));
  };
  for (const name of Object.keys(next)) compareField(name, ownValue(old, name), next[name]);
  for (const name of Object.keys(old))
    if (!Object.hasOwn(next, name)) compareField(name, old[name], undefined);
}

const NO_FIELDS: Record<string, unknown> = {};

function compareLists(schema: Schema, { before, after, below }: Pair): void {
  const old = byElement(schema, before);
  const next = byElement(schema, after);
  const items = itemSchema(schema);
  for (const element of new Set([...old.keys(), ...next.keys()])) {
    const [first, ...more] = old.get(element) ?? [];
    const [second, ...others] = next.get(element) ?? [];
    if (more.length === 0 && others.length === 0) below.set(element, compareValues(items, first, second));
    else if (more.length > 0 && others.length > 0)
      below.set(element, sameJson(old.get(element), next.get(element)) ? NOTHING : MODIFIED);
    // The same name twice stands for no element; once it is unique, its content is new.
    else if (more.length > 0)
      below.set(
        element,
        second === undefined ? REMOVED : both(compareValues(items, undefined, second), REMOVED),
      );
    else
      below.set(element, first === undefined ? ADDED : both(compareValues(items, first, undefined), ADDED));
  }
}

function both(one: Comparison, other: Comparison): Comparison {
  return {
    added: one.added.union(other.added),
    modified: one.modified.union(other.modified),
    removed: one.removed.union(other.removed),
  };
}

/** What a change did below one path, element by element. */
class Below {
  #added: Map<PathElement, FieldSet> | undefined;
  #modified: Map<PathElement, FieldSet> | undefined;
  #removed: Map<PathElement, FieldSet> | undefined;

  set(element: PathElement, { added, modified, removed }: Comparison): void {
    if (!added.isEmpty) this.#added = (this.#added ?? new Map()).set(element, added);
    if (!modified.isEmpty) this.#modified = (this.#modified ?? new Map()).set(element, modified);
    if (!removed.isEmpty) this.#removed = (this.#removed ?? new Map()).set(element, removed);
  }

  /** `here`: what the change did to the path itself. */
  result(here: Comparison): Comparison {
    return {
      added: withChildren(here.added, this.#added),
      modified: withChildren(here.modified, this.#modified),
      removed: withChildren(here.removed, this.#removed),
    };
  }
}

function withChildren(here: FieldSet, children: ReadonlyMap<PathElement, FieldSet> | undefined): FieldSet {
  return children === undefined ? here : new FieldSet(here.member, children);
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
