import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { array, map, object, string } from "../../../api/schema.ts";
import { applyJsonPatch, PatchError } from "./json-patch.ts";
import { applyMergePatch } from "./merge-patch.ts";
import { applyStrategicPatch, MalformedDirective, StrategicPatchError } from "./strategic-patch.ts";

describe("JSON patch (RFC 6902)", () => {
  const cases: readonly [name: string, document: unknown, patch: unknown, expected: unknown][] = [
    ["adds a field", { a: 1 }, [{ op: "add", path: "/b", value: 2 }], { a: 1, b: 2 }],
    ["inserts into a list", [1, 3], [{ op: "add", path: "/1", value: 2 }], [1, 2, 3]],
    ["appends to a list", [1], [{ op: "add", path: "/-", value: 2 }], [1, 2]],
    ["removes", { a: 1, b: 2 }, [{ op: "remove", path: "/a" }], { b: 2 }],
    ["replaces in a list", [1, 2], [{ op: "replace", path: "/0", value: 9 }], [9, 2]],
    ["moves", { a: { x: 1 }, b: {} }, [{ op: "move", from: "/a/x", path: "/b/y" }], { a: {}, b: { y: 1 } }],
    ["copies without sharing", { a: [1] }, [{ op: "copy", from: "/a", path: "/b" }], { a: [1], b: [1] }],
    ["escapes ~ and /", { "a/b": 1 }, [{ op: "replace", path: "/a~1b", value: 2 }], { "a/b": 2 }],
    ["replaces the whole", { a: 1 }, [{ op: "replace", path: "", value: 7 }], 7],
    ["tests and goes on", { a: 1 }, [{ op: "test", path: "/a", value: 1 }], { a: 1 }],
  ];
  for (const [name, document, patch, expected] of cases)
    test(name, () => assert.deepEqual(applyJsonPatch(document, patch), expected));

  for (const patch of [
    [{ op: "remove", path: "/none" }],
    [{ op: "test", path: "/a", value: 2 }],
    [{ op: "add", path: "/none/deep", value: 1 }],
    [{ op: "odd", path: "/a" }],
    [{ op: "add", path: "/list/5", value: 1 }],
    "no list",
  ])
    test(`refuses ${JSON.stringify(patch)}`, () => {
      assert.throws(() => applyJsonPatch({ a: 1, list: [] }, patch), PatchError);
    });

  test("a field called __proto__ is a field like any other", () => {
    const patched = applyJsonPatch({}, [{ op: "add", path: "/__proto__", value: { x: 1 } }]);
    assert.deepEqual(Object.keys(patched as object), ["__proto__"]);
    assert.equal(({} as Record<string, unknown>).x, undefined);
  });
});

test("merge patch (RFC 7386): maps merge, null removes, everything else replaces", () => {
  assert.deepEqual(applyMergePatch({ a: { b: 1, c: 2 }, l: [1] }, { a: { b: null, d: 3 }, l: [2] }), {
    a: { c: 2, d: 3 },
    l: [2],
  });
  assert.deepEqual(applyMergePatch([1], { a: 1 }), { a: 1 });
  assert.equal(applyMergePatch({ a: 1 }, 5), 5);
  const nested = applyMergePatch({}, JSON.parse('{"__proto__":{"polluted":true}}'));
  assert.deepEqual(Object.keys(nested as object), ["__proto__"]);
  assert.equal(({} as Record<string, unknown>).polluted, undefined);
});

describe("strategic merge patch", () => {
  const container = object(
    { name: string() },
    { image: string(), args: array(string(), { listType: "atomic" }) },
  );
  const schema = object(
    {},
    {
      containers: array(container, { listType: "map", listKeys: ["name"] }),
      finalizers: array(string(), { listType: "set" }),
      labels: map(string()),
    },
  );
  const before = {
    containers: [
      { name: "a", image: "1", args: ["x"] },
      { name: "b", image: "2" },
    ],
    finalizers: ["f/1"],
    labels: { x: "1" },
  };
  const patched = (patch: unknown) => applyStrategicPatch(structuredClone(before), patch, schema);

  test("merges lists by their key and replaces atomic ones", () => {
    assert.deepEqual(patched({ containers: [{ name: "a", args: ["y"] }] }), {
      ...before,
      containers: [
        { name: "a", image: "1", args: ["y"] },
        { name: "b", image: "2" },
      ],
    });
  });

  test("new elements stand where the patch puts them", () => {
    const { containers } = patched({ containers: [{ name: "n" }, { name: "b" }] }) as typeof before;
    assert.deepEqual(
      containers.map(({ name }) => name),
      ["n", "a", "b"],
    );
  });

  test("deletes elements, primitives and whole maps by directive", () => {
    const patch = {
      containers: [{ name: "a", $patch: "delete" }],
      "$deleteFromPrimitiveList/finalizers": ["f/1"],
      labels: { $patch: "delete" },
    };
    assert.deepEqual(patched(patch), { containers: [{ name: "b", image: "2" }], finalizers: [] });
  });

  test("replaces a map by directive and orders elements as told", () => {
    const patch = {
      labels: { $patch: "replace", y: "2" },
      "$setElementOrder/containers": [{ name: "b" }, { name: "a" }],
    };
    const { containers, labels } = patched(patch) as typeof before;
    assert.deepEqual(labels, { y: "2" });
    assert.deepEqual(
      containers.map(({ name }) => name),
      ["b", "a"],
    );
  });

  test("elements that $setElementOrder does not name stay near those they stood before", () => {
    const live = { containers: ["x", "a", "y", "b"].map((name) => ({ name })) };
    const { containers } = applyStrategicPatch(
      structuredClone(live),
      {
        containers: [{ name: "n" }],
        "$setElementOrder/containers": [{ name: "n" }, { name: "b" }, { name: "a" }],
      },
      schema,
    ) as typeof before;
    assert.deepEqual(
      containers.map(({ name }) => name),
      ["n", "x", "y", "b", "a"],
    );
  });

  test("$retainKeys leaves what it names, and refuses what it does not name", () => {
    assert.deepEqual(patched({ labels: { $retainKeys: ["y"], y: "2" } }), { ...before, labels: { y: "2" } });
    for (const patch of [
      { labels: { $retainKeys: ["z"], y: "2" } },
      { labels: { $retainKeys: "y" } },
      { "$setElementOrder/containers": "a" },
      { "$deleteFromPrimitiveList/finalizers": "f/1" },
    ])
      assert.throws(() => patched(patch), MalformedDirective);
  });

  test("refuses an unknown directive and an element without its key", () => {
    assert.throws(() => patched({ labels: { $patch: "odd" } }), StrategicPatchError);
    assert.throws(
      () => patched({ containers: [{ image: "x" }] }),
      /does not contain declared merge key: name/,
    );
  });
});
