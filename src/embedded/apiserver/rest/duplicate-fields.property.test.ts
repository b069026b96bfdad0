import assert from "node:assert/strict";
import { describe, test } from "node:test";
import fc from "fast-check";
import { duplicateFields, endOfText } from "./duplicate-fields.ts";

describe("names that one JSON object gives twice", () => {
  test("no value that was parsed once has any, whatever its texts hold", () => {
    fc.assert(
      fc.property(fc.jsonValue(), (value) => assert.deepEqual(duplicateFields(JSON.stringify(value)), [])),
    );
  });

  test("each further one is told with its path, however it is escaped and however many fields there are", () => {
    const names = fc.uniqueArray(fc.string(), { minLength: 1, maxLength: 40 });
    fc.assert(
      fc.property(names, fc.nat(), (fields, chosen) => {
        const name = fields[chosen % fields.length] ?? "";
        const escaped = `"${Array.from({ length: name.length }, (_, at) => unit(name, at)).join("")}"`;
        const written = [...fields.map((field) => `${JSON.stringify(field)}:[{}]`), `${escaped}:1`];
        const found = duplicateFields(`{"items":[0,{${written.join(",")}}]}`);
        assert.deepEqual(found, [`duplicate field "items[1].${name}"`]);
      }),
    );
  });

  test("a text ends at its own quote, whatever is escaped in it", () => {
    fc.assert(
      fc.property(fc.string(), fc.string(), (text, rest) => {
        const quoted = JSON.stringify(text);
        assert.equal(endOfText(quoted + rest, 0), quoted.length);
      }),
    );
    assert.equal(endOfText('"never ends \\"', 0), 14);
  });
});

function unit(text: string, at: number): string {
  return `\\u${text.charCodeAt(at).toString(16).padStart(4, "0")}`;
}
