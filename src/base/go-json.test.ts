import assert from "node:assert/strict";
import { test } from "node:test";
import {
  booleanOf,
  fieldOf,
  fieldsOf,
  integerOf,
  numberOf,
  parseGoJson,
  textOf,
  textsOf,
} from "./go-json.ts";

const read = (text: string) => fieldsOf(parseGoJson(text), "it");

test("names match in any case, and the last one counts", () => {
  assert.equal(textOf(read('{"NAME":"a","name":"b"}'), "Name"), "b");
  assert.equal(fieldOf(read("{}"), "name"), undefined);
});

test("null is what a field is without a value", () => {
  const fields = read('{"a":null}');
  assert.deepEqual([textOf(fields, "a"), integerOf(fields, "a"), booleanOf(fields, "a")], ["", 0, false]);
  assert.deepEqual(textsOf(fields, "a"), []);
  assert.deepEqual(textsOf(read('{"a":["x",null]}'), "a"), ["x", ""]);
});

test("a whole number is one that is written as such, within 32 bits unless more are wanted", () => {
  const fields = read('{"a":1.0,"b":1e2,"c":2147483648,"d":-2147483648}');
  assert.throws(() => integerOf(fields, "a"), /a is not an integer/);
  assert.throws(() => integerOf(fields, "b"), /b is not an integer/);
  assert.throws(() => integerOf(fields, "c"), /c is out of range/);
  assert.deepEqual([integerOf(fields, "c", 2n ** 63n), integerOf(fields, "d")], [2147483648, -2147483648]);
  assert.deepEqual(
    [numberOf(fields, "a"), numberOf(fields, "b"), numberOf(fields, "c")],
    [1, 100, 2147483648],
  );
});

test("the greatest int64 is known from what is beyond it", () => {
  const fields = read('{"a":9223372036854775807,"b":9223372036854775808,"c":-9223372036854775808}');
  assert.equal(integerOf(fields, "a", 2n ** 63n), 2 ** 63);
  assert.equal(integerOf(fields, "c", 2n ** 63n), -(2 ** 63));
  assert.equal(numberOf(fields, "b"), 2 ** 63);
  assert.throws(() => integerOf(fields, "b", 2n ** 63n), /b is out of range/);
});

test("a value of another type is named", () => {
  assert.throws(() => textOf(read('{"a":1}'), "a"), /a is not a string/);
  assert.throws(() => fieldsOf(1, "x"), /x is not an object/);
  assert.throws(() => textsOf(read('{"a":[1]}'), "a"), /a is not a string/);
});
