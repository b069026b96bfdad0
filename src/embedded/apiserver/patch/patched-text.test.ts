import assert from "node:assert/strict";
import { test } from "node:test";
import { array, map, object, string } from "../../../api/schema.ts";
import { patchedText } from "./patched-text.ts";

const schema = object(
  {},
  {
    kind: string(),
    metadata: object({}, { name: string(), labels: map(string()) }),
    ports: array(object({ port: string() }, { name: string() }, { order: ["name"] })),
  },
);
const value = {
  ports: [{ port: "80", name: "a" }],
  metadata: { labels: { b: "1", a: "1" }, name: "x" },
  kind: "K",
};

test("what a merge patch left alone is shown in the order of Go's structs, its way as sorted maps", () => {
  const untouched = { type: "merge", body: { kind: "K" } } as const;
  assert.equal(
    patchedText(schema, value, { patch: untouched, custom: false }),
    '{"kind":"K","metadata":{"name":"x","labels":{"a":"1","b":"1"}},"ports":[{"name":"a","port":"80"}]}',
  );
  const through = { type: "merge", body: { metadata: { labels: { c: null } } } } as const;
  assert.equal(
    patchedText(schema, value, { patch: through, custom: false }),
    '{"kind":"K","metadata":{"labels":{"a":"1","b":"1"},"name":"x"},"ports":[{"name":"a","port":"80"}]}',
  );
});

test("a JSON patch goes through the maps of its paths", () => {
  const patch = { type: "json", body: [{ op: "remove", path: "/metadata/labels/c" }] } as const;
  assert.match(patchedText(schema, value, { patch, custom: false }), /"metadata":\{"labels".*"name"/);
});

test("a custom resource is sorted all over", () => {
  const patch = { type: "merge", body: {} } as const;
  assert.match(patchedText(schema, value, { patch, custom: true }), /"metadata":\{"labels".*"name":"x"\}/);
});

test("of a strategic patch the patch itself is shown, as Go prints maps", () => {
  const patch = { type: "strategic", body: { b: [1, "x"], a: { c: null } } } as const;
  assert.equal(patchedText(schema, value, { patch, custom: false }), "map[a:map[c:<nil>] b:[1 x]]");
});
