import assert from "node:assert/strict";
import { test } from "node:test";
import { openApiProtobuf } from "./openapi-protobuf.ts";

test("a document's kinds stand in the protobuf form by name, with their fields and what they are", () => {
  const bytes = openApiProtobuf({
    swagger: "2.0",
    info: { title: "Kubernetes", version: "v1" },
    definitions: {
      Thing: {
        type: "object",
        description: "d",
        required: ["size"],
        properties: { size: { type: "integer" } },
        "x-kind": [{ kind: "Thing" }],
      },
    },
  });
  assert.deepEqual([...bytes.subarray(0, 5)], [10, 3, ...Buffer.from("2.0")]);
  // Field 25, properties: one named schema, whose type is field 22 with one text.
  const properties = Buffer.from([10, 20, 10, 4, ...Buffer.from("size"), 18, 12, 178, 1, 9, 10, 7]);
  assert.ok(bytes.includes(Buffer.concat([properties, Buffer.from("integer")])));
  assert.ok(bytes.includes('[{"kind":"Thing"}]'));
});
