import assert from "node:assert/strict";
import { test } from "node:test";
import { parse } from "yaml";
import { foldLines, yamlOf } from "./yaml-text.ts";

test("a long text is broken at the first blank behind the width", async () => {
  const words = Array.from({ length: 40 }, (_, index) => `word${index}`).join(" ");
  const text = await yamlOf(JSON.stringify({ message: words, quoted: `a: ${words}` }));
  assert.deepEqual(parse(text), { message: words, quoted: `a: ${words}` });
  const [first = "", second = ""] = text.split("\n");
  assert.ok(first.length > 80 && first.length < 95, first);
  assert.match(second, /^ {2}word/);
});

test("block texts keep their lines, however long", async () => {
  const data = { "a.yaml": `key: '${"long ".repeat(40)}'\nother: 1\n`, z: "1" };
  const text = await yamlOf(JSON.stringify({ data }));
  assert.deepEqual(parse(text), { data });
  assert.equal(foldLines(text), text);
});

test("maps are sorted and lists stand below their names", async () => {
  assert.equal(await yamlOf('{"b":[1,{"x":"y"}],"a":"true"}'), "a: 'true'\nb:\n- 1\n- x: y\n");
});
