import type { Schema } from "../../../api/schema.ts";
import { setField } from "../../../base/json.ts";
import { isRecord } from "../any-object.ts";
import { FieldSet } from "./field-set.ts";
import { fieldElement } from "./path-element.ts";
import { elementOf, fieldSchema, isDeclared, itemSchema, shapeOf } from "./shape.ts";

/** `value` without the fields and elements of the set; null where nothing is left. Shares values. */
export function removeFields(schema: Schema, value: unknown, gone: FieldSet): unknown {
  switch (shapeOf(schema, value)) {
    case "leaf":
      return value;
    case "list":
      return Array.isArray(value) ? removeItems(schema, value, gone) : null;
    case "map":
      return isRecord(value) ? removeEntries(schema, value, gone) : null;
  }
}

function removeItems(schema: Schema, items: readonly unknown[], gone: FieldSet): unknown {
  const kept: unknown[] = [];
  for (const [index, item] of items.entries()) {
    const below = gone.children.get(elementOf(schema, item, index));
    if (below?.member) continue;
    kept.push(below ? removeFields(itemSchema(schema), item, below) : item);
  }
  return kept.length > 0 ? kept : null;
}

function removeEntries(schema: Schema, fields: Record<string, unknown>, gone: FieldSet): unknown {
  const kept: Record<string, unknown> = {};
  for (const [name, value] of Object.entries(fields)) {
    const below = gone.children.get(fieldElement(name));
    if (below?.member) continue;
    setField(kept, name, below ? removeFields(fieldSchema(schema, name), value, below) : value);
  }
  return Object.keys(kept).length > 0 ? kept : null;
}

/** The set with each declared field on the way to a path added: whoever owns what is inside owns the field. */
export function withNamedParents(schema: Schema, set: FieldSet): FieldSet {
  if (set.children.size === 0) return set;
  const children = new Map<string, FieldSet>();
  for (const [element, child] of set.children) {
    const name = element.slice(2);
    const isField = element.startsWith("f:");
    const inner = withNamedParents(isField ? fieldSchema(schema, name) : itemSchema(schema), child);
    const isNamed = isField && child.children.size > 0 && isDeclared(schema, name);
    children.set(element, isNamed ? new FieldSet(true, inner.children) : inner);
  }
  return new FieldSet(set.member, children);
}
