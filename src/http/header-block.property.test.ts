import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { HeaderBlock } from "./header-block.ts";

/** The same as plain as can be: a list that is searched. */
class Model {
  fields: [string, string][] = [];

  all(lowerName: string): string[] {
    return this.fields.filter(([name]) => name.toLowerCase() === lowerName).map(([, value]) => value);
  }

  delete(lowerName: string): void {
    this.fields = this.fields.filter(([name]) => name.toLowerCase() !== lowerName);
  }
}

/** Few letters and lengths, so that names meet, and meet in their kinds without being equal. */
const name = fc.oneof(
  fc.constantFrom(
    "Host",
    "host",
    "HOST",
    "Te",
    "Via",
    "x-a",
    "X-A",
    "X_a",
    "Connection",
    "Keep-Alive",
    "^",
    "~",
  ),
  fc.string({ unit: fc.constantFrom("a", "B", "b", "-", "_", "7"), minLength: 1, maxLength: 12 }),
);
const step = fc.oneof(
  fc.record({ do: fc.constant("append" as const), name, value: fc.string({ maxLength: 3 }) }),
  fc.record({ do: fc.constant("set" as const), name, value: fc.string({ maxLength: 3 }) }),
  fc.record({ do: fc.constantFrom("delete" as const, "copy" as const), name, value: fc.constant("") }),
);

test("look-ups and changes are those of a plain list, whatever the letter case", () => {
  fc.assert(
    fc.property(
      fc.array(fc.tuple(name, fc.string({ maxLength: 3 }))),
      fc.array(step),
      fc.array(name),
      (first, steps, asked) => {
        let block = new HeaderBlock(first.flat());
        const model = new Model();
        model.fields = first.map(([one, value]) => [one, value]);
        for (const { do: action, name: one, value } of steps) {
          const lower = one.toLowerCase();
          if (action === "delete" || action === "set") model.delete(lower);
          if (action === "append" || action === "set") model.fields.push([one, value]);
          if (action === "copy") block = block.copy();
          else if (action === "delete") block.delete(lower);
          else block[action](one, value);
        }
        assert.deepEqual([...block], model.fields);
        for (const one of [...asked, ...model.fields.map(([known]) => known)]) {
          const lower = one.toLowerCase();
          assert.deepEqual(block.all(lower), model.all(lower));
          assert.equal(block.get(lower), model.all(lower)[0]);
          assert.equal(block.has(lower), model.all(lower).length > 0);
        }
      },
    ),
  );
});
