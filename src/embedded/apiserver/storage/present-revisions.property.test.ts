import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { PresentRevisions } from "./present-revisions.ts";

test("present revisions are what a plain Map would say, for any order of writes and deletions", () => {
  const names = Array.from({ length: 3000 }, (_, index) => `pods|default|hello-${index}`);
  const step = fc.record({ name: fc.constantFrom(...names), isDeleted: fc.boolean() });
  fc.assert(
    fc.property(fc.array(step, { maxLength: 300 }), fc.integer({ min: 1, max: 2 ** 50 }), (steps, first) => {
      const present = new PresentRevisions();
      const model = new Map<string, number>();
      const put = (name: string, revision: number) => {
        present.set(name, revision);
        model.set(name, revision);
      };
      let revision = first;
      for (const name of names.slice(0, 700)) put(name, revision++);
      for (const { name, isDeleted } of steps) {
        if (!isDeleted) put(name, revision++);
        else {
          present.delete(name);
          model.delete(name);
        }
      }
      for (const name of names) assert.equal(present.get(name), model.get(name) ?? 0);
    }),
    { numRuns: 30 },
  );
});

test("fifty thousand names of Services' objects have hashes of their own, and can all be deleted again", () => {
  const present = new PresentRevisions();
  const nameOf = (index: number) => `${index % 19}|default|s${Math.floor(index / 19)}-00001`;
  for (let index = 0; index < 50_000; index++) {
    assert.equal(present.get(nameOf(index)), 0);
    present.set(nameOf(index), index + 1);
  }
  for (let index = 0; index < 50_000; index++) {
    assert.equal(present.get(nameOf(index)), index + 1);
    present.delete(nameOf(index));
  }
  assert.equal(present.get(nameOf(0)), 0);
});
