import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { defaultConfig } from "../config/config.ts";
import { KINDS } from "../kinds.ts";
import type { ApiObject } from "../object.ts";
import type { Schema } from "../schema.ts";
import { prune } from "../structural.ts";
import { admit } from "./admit.ts";
import { AdmissionDenied } from "./request.ts";

const config = defaultConfig();
const custom = KINDS.filter((kind) => kind.custom);

/** Values that follow a schema mostly, and are anything at all now and then. */
function likely(schema: Schema, depth = 0): fc.Arbitrary<unknown> {
  const wild = fc.oneof(fc.jsonValue({ maxDepth: 2 }), fc.constant(null), fc.constant(""));
  return fc.oneof({ weight: 12, arbitrary: shaped(schema, depth) }, { weight: 1, arbitrary: wild });
}

function shaped(schema: Schema, depth: number): fc.Arbitrary<unknown> {
  switch (schema.type) {
    case "object": {
      const fields = Object.entries(schema.fields ?? {}).map(([name, field]) => [
        name,
        depth > 9
          ? fc.constant(undefined)
          : fc.option(
              fc.constant(null).chain(() => likely(field, depth + 1)),
              { nil: undefined },
            ),
      ]);
      return fc.record(Object.fromEntries(fields), { noNullPrototype: true });
    }
    case "array":
      return fc.array(likely(schema.items ?? { type: "any" }, depth + 1), { maxLength: 3 });
    case "map":
      return fc.dictionary(fc.string({ maxLength: 5 }), likely(schema.items ?? { type: "any" }, depth + 1), {
        noNullPrototype: true,
        maxKeys: 3,
      });
    case "integer":
    case "number":
      return fc.integer({ min: -3, max: 9000 });
    case "boolean":
      return fc.boolean();
    case "intOrString":
      return fc.oneof(fc.integer({ min: 0, max: 9000 }), fc.constantFrom("http", "1Gi", "x"));
    default:
      return fc.oneof(
        fc.constantFrom("", "a", "hello", "TCP", "example.com/app:1", "/x"),
        fc.string({ maxLength: 6 }),
      );
  }
}

const objects = fc.constantFrom(...custom).chain((kind) =>
  likely(kind.schema.fields?.spec ?? { type: "any" }).map((spec) => {
    const object = { metadata: { name: "hello", namespace: "default" }, spec } as ApiObject;
    return { kind, object: JSON.parse(JSON.stringify(object)) as ApiObject };
  }),
);

test("any object is admitted or refused with AdmissionDenied, never worse", () => {
  fc.assert(
    fc.property(objects, ({ kind, object }) => {
      prune(kind.schema, object);
      try {
        admit({ kind, operation: "CREATE", object, user: { username: "u" }, config });
      } catch (thrown) {
        assert.ok(thrown instanceof AdmissionDenied, thrown instanceof Error ? (thrown.stack ?? "") : "");
      }
    }),
    { numRuns: 400 },
  );
});

test("what was admitted is admitted again unchanged", () => {
  fc.assert(
    fc.property(objects, ({ kind, object }) => {
      prune(kind.schema, object);
      const request = { kind, operation: "CREATE" as const, user: { username: "u" }, config };
      let first: ApiObject;
      try {
        first = admit({ ...request, object }).object;
      } catch {
        return;
      }
      assert.deepEqual(admit({ ...request, object: first }).object, first);
    }),
    { numRuns: 400 },
  );
});
