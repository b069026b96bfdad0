import assert from "node:assert/strict";
import { test } from "node:test";
import { readYaml, YamlProblem } from "./yaml-body.ts";

const read = async (text: string) => (await readYaml(text)).value;

test("numbers, booleans and texts are read as in YAML 1.1, but for dates and base sixty", async () => {
  assert.deepEqual(
    await read(
      "mode: 0644\nhex: 0x10\non: yes\noff: no\ny: n\nports: 80:80\nday: 2024-01-01\nnum: 1.5\nnil: ~",
    ),
    {
      mode: 420,
      hex: 16,
      true: true,
      false: false,
      y: "n",
      ports: "80:80",
      day: "2024-01-01",
      num: 1.5,
      nil: null,
    },
  );
});

test("merge keys and aliases are followed, but not for ever", async () => {
  assert.deepEqual(await read("a: &a {x: 1}\nb: {<<: *a, y: 2}"), { a: { x: 1 }, b: { x: 1, y: 2 } });
  const bomb = Array.from({ length: 9 }, (_, index) => {
    const inner = index === 0 ? '"x"' : `*l${index - 1}`;
    return `l${index}: &l${index} [${Array.from({ length: 9 }, () => inner).join(", ")}]`;
  });
  await assert.rejects(readYaml(bomb.join("\n")), YamlProblem);
});

test("of keys that are given twice the last counts, and each is told with its line", async () => {
  const { value, duplicates } = await readYaml("a: 1\nb:\n  x: 1\n  x: 2\na: 3\n");
  assert.deepEqual(value, { a: 3, b: { x: 2 } });
  assert.match(duplicates ?? "", /^yaml: unmarshal errors:\n/);
  assert.match(duplicates ?? "", / {2}line 4: key "x" already set in map/);
  assert.match(duplicates ?? "", / {2}line 5: key "a" already set in map/);
  assert.equal((await readYaml("a: 1")).duplicates, undefined);
});

test("what is wrong is told with its line", async () => {
  await assert.rejects(readYaml("a: ["), { message: "line 1: did not find expected node content" });
  await assert.rejects(readYaml("a: b: c"), { message: /line 1: mapping values are not allowed/ });
});
