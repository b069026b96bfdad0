import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { copyJson } from "./json.ts";

test("a copy of a JSON value is what writing and reading it gives", () => {
  fc.assert(
    fc.property(fc.jsonValue(), (value) => {
      assert.equal(JSON.stringify(copyJson(value)), JSON.stringify(value));
    }),
  );
  assert.deepEqual(copyJson({ a: undefined, b: [{ c: undefined }] }), { b: [{}] });
});

test("a copy shares nothing with the original, and `__proto__` stays a field", () => {
  const original = JSON.parse('{"a":[{"b":1}],"__proto__":{"c":2}}');
  const copy = copyJson(original);
  assert.equal(JSON.stringify(copy), JSON.stringify(original));
  assert.equal(Object.getPrototypeOf(copy), Object.prototype);
  copy.a[0].b = 3;
  assert.equal(original.a[0].b, 1);
});
