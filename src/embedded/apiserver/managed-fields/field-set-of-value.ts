import type { Schema } from "../../../api/schema.ts";
import { isRecord } from "../any-object.ts";
import { type FieldSet, FieldSetBuilder } from "./field-set.ts";
import { fieldElement, type PathElement } from "./path-element.ts";
import { elementOf, fieldSchema, isDeclared, itemSchema, shapeOf } from "./shape.ts";

/** All fields of `value`. Throws UnfitValue where an element of a list has no name. */
export function fieldSetOfValue(schema: Schema, value: unknown): FieldSet {
  const builder = new FieldSetBuilder();
  collect({ schema, value, path: [] }, builder);
  return builder.build();
}

interface Place {
  readonly schema: Schema;
  readonly value: unknown;
  readonly path: readonly PathElement[];
}

function collect({ schema, value, path }: Place, found: FieldSetBuilder): void {
  switch (shapeOf(schema, value)) {
    case "leaf":
      found.insert(path);
      return;
    case "list":
      collectItems(schema, Array.isArray(value) ? value : [], { path, found });
      return;
    case "map":
      if (isRecord(value)) collectFields(schema, value, { path, found });
  }
}

interface Into {
  readonly path: readonly PathElement[];
  readonly found: FieldSetBuilder;
}

function collectItems(schema: Schema, items: readonly unknown[], { path, found }: Into): void {
  for (const [index, item] of items.entries()) {
    const element = elementOf(schema, item, index);
    const below = [...path, element];
    collect({ schema: itemSchema(schema), value: item, path: below }, found);
    found.insert(below);
  }
}

function collectFields(schema: Schema, fields: Record<string, unknown>, { path, found }: Into): void {
  for (const [name, value] of Object.entries(fields)) {
    const below = [...path, fieldElement(name)];
    collect({ schema: fieldSchema(schema, name), value, path: below }, found);
    const isEmpty = value === null || (isRecord(value) && Object.keys(value).length === 0);
    if (isEmpty || !isDeclared(schema, name)) found.insert(below);
  }
}
