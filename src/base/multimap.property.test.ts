import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { Multimap } from "./multimap.ts";

test("a multimap says what a map of sets would, in the order in which texts came", () => {
  const step = fc.record({
    key: fc.constantFrom("a", "b"),
    text: fc.constantFrom("x", "y", "z"),
    isDeleted: fc.boolean(),
  });
  fc.assert(
    fc.property(fc.array(step), (steps) => {
      const multimap = new Multimap();
      const model = new Map([
        ["a", new Set<string>()],
        ["b", new Set<string>()],
      ]);
      for (const { key, text, isDeleted } of steps) {
        multimap[isDeleted ? "delete" : "add"](key, text);
        model.get(key)?.[isDeleted ? "delete" : "add"](text);
        for (const [one, texts] of model) {
          assert.deepEqual(multimap.get(one), [...texts]);
          assert.equal(multimap.has(one), texts.size > 0);
        }
      }
    }),
  );
});
