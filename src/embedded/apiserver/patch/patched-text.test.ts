import assert from "node:assert/strict";
import { test } from "node:test";
import { CoreServiceKind } from "../../../api/core-service/kind.ts";
import { ServiceKind } from "../../../api/service/kind.ts";
import { patchedText } from "./patched-text.ts";

const value = {
  kind: "K",
  spec: { ports: [{ port: 80, name: "a" }], selector: { y: "1", x: "2" } },
  metadata: { labels: { b: "1", a: "1" }, name: "x" },
};

test("what a merge patch left alone is shown in the order of Go's structs, its way as sorted maps", () => {
  const untouched = { type: "merge", body: { kind: "K" } } as const;
  assert.equal(
    patchedText(CoreServiceKind, value, untouched),
    '{"kind":"K","metadata":{"name":"x","labels":{"a":"1","b":"1"}},"spec":{"ports":[{"name":"a","port":80}],"selector":{"x":"2","y":"1"}}}',
  );
  const through = { type: "merge", body: { metadata: { labels: { c: null } } } } as const;
  assert.equal(
    patchedText(CoreServiceKind, value, through),
    '{"kind":"K","metadata":{"labels":{"a":"1","b":"1"},"name":"x"},"spec":{"ports":[{"name":"a","port":80}],"selector":{"x":"2","y":"1"}}}',
  );
});

test("a JSON patch goes through the maps of its paths", () => {
  const patch = { type: "json", body: [{ op: "remove", path: "/metadata/labels/c" }] } as const;
  assert.match(patchedText(CoreServiceKind, value, patch), /"metadata":\{"labels".*"name"/);
});

test("a custom resource is sorted all over", () => {
  const patch = { type: "merge", body: {} } as const;
  assert.match(patchedText(ServiceKind, value, patch), /"metadata":\{"labels".*"name":"x"\}/);
});

test("of a strategic patch the patch itself is shown, as Go prints maps", () => {
  const patch = { type: "strategic", body: { b: [1, "x"], a: { c: null } } } as const;
  assert.equal(patchedText(CoreServiceKind, value, patch), "map[a:map[c:<nil>] b:[1 x]]");
});
