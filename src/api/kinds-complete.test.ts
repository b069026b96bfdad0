import assert from "node:assert/strict";
import { test } from "node:test";
import { LATER, typesOfFields } from "./go-types.ts";
import { KINDS } from "./kinds.ts";
import type { Schema } from "./schema.ts";

/** All types that a schema names, with the fields that it knows of them. */
function typesOf(schema: Schema | undefined, found: Map<string, string[]>): void {
  if (schema === undefined) return;
  const type = schema.openApi?.type;
  if (type !== undefined && schema.fields !== undefined) found.set(type, Object.keys(schema.fields));
  typesOf(schema.items, found);
  for (const field of Object.values(schema.fields ?? {})) typesOf(field, found);
}

test("each of Kubernetes' types is known with all its fields and no other", () => {
  const found = new Map<string, string[]>();
  for (const { custom, schema } of KINDS) if (!custom) typesOf(schema, found);
  assert.ok(found.size > 150);
  // Those of definitions are of another module than the table.
  for (const [type, fields] of [...found].filter(([type]) => !type.startsWith("apiextensions.")))
    assert.deepEqual(
      [...fields, ...(LATER[type] ?? [])].sort(),
      [...typesOfFields(type).keys()].sort(),
      type,
    );
});
