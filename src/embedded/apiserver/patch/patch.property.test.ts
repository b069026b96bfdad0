import assert from "node:assert/strict";
import { describe, test } from "node:test";
import fc from "fast-check";
import { array, integer, map, object, string } from "../../../api/schema.ts";
import { copyJson, setField } from "../../../base/json.ts";
import { isRecord, sameJson } from "../any-object.ts";
import { applyJsonPatch, PatchError } from "./json-patch.ts";
import { applyMergePatch } from "./merge-patch.ts";
import { applyStrategicPatch } from "./strategic-patch.ts";

/** The laws of the three patch types, on documents that are small but odd: nested, empty, with awkward names. */

const name = fc.constantFrom("a", "b", "c", "a/b", "~", "", "__proto__", "0");
const document = fc.letrec((tie) => ({
  value: fc.oneof(
    { depthSize: "small", withCrossShrink: true },
    fc.constantFrom<unknown>(0, 1, "x", true, null),
    fc.array(tie("value"), { maxLength: 3 }),
    fc.array(fc.tuple(name, tie("value")), { maxLength: 3 }).map(recordOf),
  ),
})).value;
const record = fc.array(fc.tuple(name, document), { maxLength: 4 }).map(recordOf);

function recordOf(entries: readonly (readonly [string, unknown])[]): Record<string, unknown> {
  const made: Record<string, unknown> = {};
  for (const [key, value] of entries) setField(made, key, value);
  return made;
}

function pointer(path: readonly string[]): string {
  return path.map((part) => `/${part.replaceAll("~", "~0").replaceAll("/", "~1")}`).join("");
}

/** The least clever JSON patch from one document to another. */
function jsonDiff(from: unknown, to: unknown, path: readonly string[] = []): unknown[] {
  if (sameJson(from, to)) return [];
  if (!isRecord(from) || !isRecord(to)) return [{ op: "replace", path: pointer(path), value: to }];
  const gone = Object.keys(from).filter((key) => !Object.hasOwn(to, key));
  return [
    ...gone.map((key) => ({ op: "remove", path: pointer([...path, key]) })),
    ...Object.keys(to).flatMap((key) =>
      Object.hasOwn(from, key)
        ? jsonDiff(from[key], to[key], [...path, key])
        : [{ op: "add", path: pointer([...path, key]), value: to[key] }],
    ),
  ];
}

/** The merge patch from one document to another that holds no null. */
function mergeDiff(from: unknown, to: unknown): unknown {
  if (!isRecord(from) || !isRecord(to)) return to;
  const patch: Record<string, unknown> = {};
  for (const key of Object.keys(from)) if (!Object.hasOwn(to, key)) setField(patch, key, null);
  for (const key of Object.keys(to)) {
    const before = Object.hasOwn(from, key) ? from[key] : undefined;
    if (!sameJson(before, to[key])) setField(patch, key, mergeDiff(before, to[key]));
  }
  return patch;
}

function withoutNulls(value: unknown): unknown {
  if (!isRecord(value)) return value;
  const entries = Object.entries(value).filter(([, item]) => item !== null);
  return recordOf(entries.map(([key, item]) => [key, withoutNulls(item)]));
}

describe("JSON patch", () => {
  test("the difference of two documents turns the one into the other", () => {
    fc.assert(
      fc.property(record, record, (from, to) => {
        assert.ok(sameJson(applyJsonPatch(copyJson(from), jsonDiff(from, to)), to));
      }),
    );
  });

  test("adding a new field and removing it again changes nothing, nor does moving it there and back", () => {
    fc.assert(
      fc.property(record, document, (from, value) => {
        const there = { op: "add", path: "/new", value };
        assert.ok(sameJson(applyJsonPatch(copyJson(from), [there, { op: "remove", path: "/new" }]), from));
        const moved = [
          there,
          { op: "move", from: "/new", path: "/newer" },
          { op: "move", from: "/newer", path: "/new" },
        ];
        assert.ok(sameJson(applyJsonPatch(copyJson(from), moved), applyJsonPatch(copyJson(from), [there])));
      }),
    );
  });

  test("a copy shares nothing with what it was copied from", () => {
    fc.assert(
      fc.property(record, (value) => {
        const patched = applyJsonPatch({ from: copyJson(value) }, [
          { op: "copy", from: "/from", path: "/to" },
          { op: "add", path: "/to/mark", value: 1 },
        ]) as { from: unknown };
        assert.ok(sameJson(patched.from, value));
      }),
    );
  });

  test("any text of operations ends in a document or a PatchError, never in another error", () => {
    const operation = fc.record(
      {
        op: fc.constantFrom("add", "remove", "replace", "move", "copy", "test", "odd"),
        path: fc.oneof(
          fc.constantFrom("", "/", "/a", "/a/0", "/a/-", "/a/-1", "a", "/__proto__/x"),
          fc.string(),
        ),
        from: fc.constantFrom("", "/a", "/b/c", "/a/9"),
        value: document,
      },
      { requiredKeys: [] },
    );
    fc.assert(
      fc.property(record, fc.array(operation, { maxLength: 5 }), (from, patch) => {
        try {
          applyJsonPatch(copyJson(from), patch);
        } catch (thrown) {
          assert.ok(thrown instanceof PatchError, String(thrown));
        }
        assert.equal(({} as Record<string, unknown>).x, undefined);
      }),
      { numRuns: 300 },
    );
  });
});

describe("merge patch", () => {
  test("the difference of two documents turns the one into the other", () => {
    fc.assert(
      fc.property(record, record, (from, target) => {
        const to = withoutNulls(target);
        assert.ok(sameJson(applyMergePatch(from, mergeDiff(from, to)), to));
      }),
    );
  });

  test("twice is once, and what it says is what there is", () => {
    fc.assert(
      fc.property(record, record, (from, patch) => {
        const once = applyMergePatch(from, patch);
        assert.ok(sameJson(applyMergePatch(once, patch), once));
        assert.ok(sameJson(applyMergePatch(once, {}), once));
        for (const [key, value] of Object.entries(patch)) {
          assert.equal(Object.hasOwn(once as object, key), value !== null);
          if (!isRecord(value) && value !== null)
            assert.ok(sameJson((once as Record<string, unknown>)[key], value));
        }
      }),
    );
  });
});

describe("strategic merge patch", () => {
  const schema = object(
    {},
    {
      plain: string(),
      labels: map(string()),
      items: array(object({ name: string() }, { v: integer(), w: integer() }), {
        listType: "map",
        listKeys: ["name"],
      }),
      set: array(string(), { listType: "set" }),
      atomic: array(string(), { listType: "atomic" }),
    },
  );
  const key = fc.constantFrom("a", "b", "c", "d");
  const item = fc.record({ name: key, v: fc.nat(3), w: fc.nat(3) }, { requiredKeys: ["name"] });
  const items = fc.uniqueArray(item, { selector: ({ name }) => name, maxLength: 4 });
  const typed = fc.record(
    {
      plain: key,
      labels: fc.dictionary(key, key, { maxKeys: 3 }),
      items,
      set: fc.uniqueArray(key, { maxLength: 4 }),
      atomic: fc.array(key, { maxLength: 3 }),
    },
    { requiredKeys: [] },
  );
  const patched = (from: unknown, patch: unknown) => applyStrategicPatch(copyJson(from), patch, schema);
  const namesOf = (value: unknown) =>
    ((value as { items?: { name: string }[] }).items ?? []).map(({ name }) => name);

  test("twice is once", () => {
    fc.assert(
      fc.property(typed, typed, (from, patch) => {
        const once = patched(from, patch);
        assert.ok(sameJson(patched(once, patch), once));
      }),
    );
  });

  test("elements are merged by their key: none is lost, none doubled, the patch's fields win", () => {
    fc.assert(
      fc.property(typed, items, (from, wanted) => {
        const result = patched(from, { items: wanted });
        const names = namesOf(result);
        assert.equal(new Set(names).size, names.length);
        assert.deepEqual(
          [...names].sort(),
          [...new Set([...namesOf(from), ...wanted.map(({ name }) => name)])].sort(),
        );
        for (const want of wanted) {
          const found = (result as { items: object[] }).items.find((one) =>
            sameJson({ ...one, ...want }, one),
          );
          assert.ok(found, "an element has not got the patch's fields");
        }
      }),
    );
  });

  test("$patch: delete removes exactly its element, and replace leaves exactly the patch", () => {
    fc.assert(
      fc.property(typed, key, items, (from, gone, wanted) => {
        const without = patched(from, { items: [{ name: gone, $patch: "delete" }] });
        assert.deepEqual(
          namesOf(without),
          namesOf(from).filter((name) => name !== gone),
        );
        const replaced = patched(from, { items: [...wanted, { $patch: "replace" }] });
        assert.ok(sameJson((replaced as { items: unknown }).items, wanted));
      }),
    );
  });

  test("where no list has a key it is a merge patch", () => {
    const flat = fc.record(
      { plain: fc.option(key), labels: fc.dictionary(key, fc.option(key), { maxKeys: 3 }) },
      { requiredKeys: [] },
    );
    fc.assert(
      fc.property(typed, flat, (from, patch) => {
        assert.ok(sameJson(patched(from, patch), applyMergePatch(from, patch)));
      }),
    );
  });
});
