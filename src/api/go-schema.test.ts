import assert from "node:assert/strict";
import { test } from "node:test";
import { schemaOfGoType } from "./go-schema.ts";

test("a type of Go's becomes a schema with its fields, their types and which are always written", () => {
  const { fields, openApi } = schemaOfGoType("authentication.v1.TokenReview");
  assert.deepEqual(openApi, { type: "authentication.v1.TokenReview", required: ["spec"] });
  const user = fields?.status?.fields?.user;
  assert.equal(user?.openApi?.type, "authentication.v1.UserInfo");
  assert.deepEqual(user?.fields?.username, { type: "string" });
  assert.deepEqual(user?.fields?.groups, { type: "array", items: { type: "string" } });
  assert.deepEqual(user?.fields?.extra, {
    type: "map",
    items: { type: "array", items: { type: "string" } },
  });
  assert.equal(fields?.status?.fields?.authenticated?.type, "boolean");
});
