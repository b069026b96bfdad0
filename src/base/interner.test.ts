import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { Interner } from "./interner.ts";

test("an interned value says what it said, whatever was interned before", () => {
  const interner = new Interner();
  fc.assert(
    fc.property(fc.jsonValue(), (value) => {
      const text = JSON.stringify(value);
      assert.equal(JSON.stringify(interner.intern(JSON.parse(text))), text);
    }),
  );
  const text = '{"__proto__":{"a":"b"},"c":{"__proto__":"d"}}';
  for (let time = 0; time < 2; time++) assert.equal(JSON.stringify(interner.intern(JSON.parse(text))), text);
});

test("equal flat maps become one, maps that differ by a field's name, value or order stay apart", () => {
  const interner = new Interner();
  const texts = ['{"a":"1"}', '{"a":1}', '{"b":"1"}', '{"a":"1","b":"1"}', '{"b":"1","a":"1"}', "{}"];
  const first = texts.map((text) => interner.intern(JSON.parse(text)));
  const second = texts.map((text) => interner.intern(JSON.parse(`[${text}]`))[0]);
  first.forEach((map, index) => {
    assert.equal(second[index], map);
  });
  assert.equal(new Set(first).size, texts.length);
});

test("more than it remembers is interned all the same", () => {
  const interner = new Interner();
  for (let index = 0; index < 20_000; index++)
    assert.deepEqual(interner.intern({ name: `n${index}` }), { name: `n${index}` });
});
