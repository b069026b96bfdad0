import assert from "node:assert/strict";
import { describe, test } from "node:test";
import fc from "fast-check";
import { array, integer, map, object, type Schema, string } from "../../../api/schema.ts";
import { copyJson } from "../../../base/json.ts";
import { sameJson } from "../any-object.ts";
import { compareValues } from "./compare.ts";
import { EMPTY_SET, type FieldSet, fieldSetFromV1, fieldSetOf } from "./field-set.ts";
import { fieldSetOfValue } from "./field-set-of-value.ts";
import { mergeValues } from "./merge.ts";
import { type Applied, applyOwned, type Owners, ownersAfterUpdate, type Writer } from "./ownership.ts";
import { removeFields } from "./remove-fields.ts";

/** The laws of server-side apply, on a schema with every kind of list and map. */

const schema: Schema = object(
  {},
  {
    plain: string(),
    nested: object({}, { a: integer(), b: integer() }),
    labels: map(string()),
    items: array(object({ name: string() }, { v: integer(), tags: array(string(), { listType: "set" }) }), {
      listType: "map",
      listKeys: ["name"],
    }),
    set: array(string(), { listType: "set" }),
    atomic: array(string()),
    whole: object({}, { x: integer(), y: integer() }, { mapType: "atomic" }),
  },
);

const word = fc.constantFrom("a", "b", "c");
const few: { requiredKeys: [] } = { requiredKeys: [] };
const config = fc
  .record(
    {
      plain: word,
      nested: fc.record({ a: fc.nat(2), b: fc.nat(2) }, few),
      labels: fc.dictionary(word, word, { minKeys: 1, maxKeys: 3 }),
      items: fc.uniqueArray(
        fc.record(
          { name: word, v: fc.nat(2), tags: fc.uniqueArray(word, { minLength: 1, maxLength: 3 }) },
          { requiredKeys: ["name"] },
        ),
        { selector: ({ name }) => name, minLength: 1, maxLength: 3 },
      ),
      set: fc.uniqueArray(word, { minLength: 1, maxLength: 3 }),
      atomic: fc.array(word, { minLength: 1, maxLength: 3 }),
      whole: fc.record({ x: fc.nat(2) }),
    },
    few,
  )
  .map((value) => copyJson(value) as Record<string, unknown>);

const NOBODY: Owners = new Map();

function writer(owner: string): Writer {
  return { owner, apiVersion: "v1", schema, ignored: EMPTY_SET, ownerless: EMPTY_SET };
}

interface State {
  readonly object: unknown;
  readonly owners: Owners;
}

const EMPTY: State = { object: {}, owners: NOBODY };

function apply(state: State, owner: string, applied: unknown): State & Pick<Applied, "conflicts"> {
  const { object, owners, conflicts } = applyOwned(state.owners, writer(owner), {
    live: state.object,
    applied,
  });
  // Where nothing is left there is null; a real object always has its metadata.
  return { object: object === undefined ? state.object : (object ?? {}), owners, conflicts };
}

function update(state: State, owner: string, after: unknown): State {
  const change = { before: state.object, after };
  return { object: after, owners: ownersAfterUpdate(state.owners, writer(owner), change).owners };
}

function setsOf(owners: Owners): Record<string, object> {
  return Object.fromEntries([...owners].sort().map(([owner, { set }]) => [owner, set.toFieldsV1()]));
}

/** Nothing, null and empty are the same for whoever looks at what is left. */
function content(value: unknown): unknown {
  return fieldSetOfValue(schema, copyJson(value ?? {})).toFieldsV1();
}

describe("server-side apply", () => {
  test("twice is once: the second changes neither object nor ownership", () => {
    fc.assert(
      fc.property(config, config, (live, applied) => {
        const once = apply({ object: live, owners: NOBODY }, "one", applied);
        const twice = apply(once, "one", applied);
        assert.deepEqual(twice.object, once.object);
        assert.deepEqual(setsOf(twice.owners), setsOf(once.owners));
        assert.deepEqual(twice.conflicts, []);
      }),
    );
  });

  test("what was applied is what there is", () => {
    fc.assert(
      fc.property(config, config, (live, applied) => {
        const { object } = apply({ object: live, owners: NOBODY }, "one", applied);
        const { modified, removed } = compareValues(schema, applied, object);
        assert.deepEqual(modified.toFieldsV1(), {});
        assert.deepEqual(removed.toFieldsV1(), {});
      }),
    );
  });

  test("who applies nothing any more takes off what was only theirs, and owns nothing", () => {
    fc.assert(
      fc.property(config, (applied) => {
        const gone = apply(apply(EMPTY, "one", applied), "one", {});
        assert.deepEqual(content(gone.object), {});
        assert.equal(gone.owners.size, 0);
      }),
    );
  });

  test("what two apply alike stays until both apply it no more", () => {
    fc.assert(
      fc.property(config, (applied) => {
        const both = apply(apply(EMPTY, "one", applied), "two", applied);
        assert.deepEqual(both.conflicts, []);
        const left = apply(both, "one", {});
        assert.deepEqual(left.object, both.object);
        assert.deepEqual(content(apply(left, "two", {}).object), {});
      }),
    );
  });

  test("who comes first makes no difference to whether two are in conflict, nor about which fields", () => {
    fc.assert(
      fc.property(config, config, (one, two) => {
        const paths = (state: Pick<Applied, "conflicts">) => state.conflicts.map(({ path }) => path).sort();
        assert.deepEqual(
          paths(apply(apply(EMPTY, "one", one), "two", two)),
          paths(apply(apply(EMPTY, "two", two), "one", one)),
        );
      }),
    );
  });

  test("without a conflict the order of two makes no difference to what is there and who owns it", () => {
    fc.assert(
      fc.property(config, config, (one, two) => {
        const first = apply(apply(EMPTY, "one", one), "two", two);
        const second = apply(apply(EMPTY, "two", two), "one", one);
        if (first.conflicts.length > 0) return;
        assert.deepEqual(content(first.object), content(second.object));
        assert.deepEqual(setsOf(first.owners), setsOf(second.owners));
      }),
    );
  });

  test("after force nobody else owns what was taken", () => {
    fc.assert(
      fc.property(config, config, (one, two) => {
        const taken = apply(apply(EMPTY, "one", one), "two", two);
        for (const { owner, path } of taken.conflicts)
          assert.equal(taken.owners.get(owner)?.set.has(path) ?? false, false);
        assert.deepEqual(apply(taken, "two", two).conflicts, []);
      }),
    );
  });

  test("an update owns what it changed and leaves unchanged fields to their owners", () => {
    fc.assert(
      fc.property(config, config, (applied, after) => {
        const before = apply(EMPTY, "one", applied);
        const { added, modified, removed } = compareValues(schema, before.object, after);
        const touched = added.union(modified);
        const next = update(before, "two", after);
        const [one, two] = ["one", "two"].map((owner) => next.owners.get(owner)?.set ?? EMPTY_SET);
        assert.deepEqual((two ?? EMPTY_SET).toFieldsV1(), touched.toFieldsV1());
        const kept = (before.owners.get("one")?.set ?? EMPTY_SET).difference(touched).difference(removed);
        assert.deepEqual((one ?? EMPTY_SET).toFieldsV1(), kept.toFieldsV1());
      }),
    );
  });

  test("any history of applies and updates leaves each owner with fields that exist", () => {
    const step = fc.record({ owner: word, how: fc.constantFrom("apply", "update"), value: config });
    fc.assert(
      fc.property(fc.array(step, { maxLength: 6 }), (steps) => {
        let state = EMPTY;
        for (const { owner, how, value } of steps)
          state = how === "apply" ? apply(state, owner, value) : update(state, `u${owner}`, value);
        const all = compareValues(schema, {}, state.object).added.union(
          fieldSetOfValue(schema, copyJson(state.object)),
        );
        for (const [owner, { set }] of state.owners)
          assert.deepEqual(set.difference(all).toFieldsV1(), {}, `${owner} owns what is not there`);
      }),
    );
  });
});

describe("values", () => {
  test("merging a value with itself or with nothing changes nothing", () => {
    fc.assert(
      fc.property(config, (value) => {
        assert.deepEqual(content(mergeValues(schema, value, value)), content(value));
        assert.deepEqual(mergeValues(schema, value, undefined), value);
        assert.ok(sameJson(compareValues(schema, value, value).modified.toFieldsV1(), {}));
      }),
    );
  });

  test("the applied elements of a merged list keep their order, and so do the live ones", () => {
    fc.assert(
      fc.property(fc.uniqueArray(fc.nat(9)), fc.uniqueArray(fc.nat(9)), (live, applied) => {
        const list = array(integer(), { listType: "set" });
        const merged = (mergeValues(list, live, applied) ?? []) as number[];
        assert.deepEqual([...merged].sort(), [...new Set([...live, ...applied])].sort());
        const only = (wanted: readonly number[]) => merged.filter((one) => wanted.includes(one));
        assert.deepEqual(only(applied), applied);
        const unapplied = live.filter((one) => !applied.includes(one));
        assert.deepEqual(only(unapplied), unapplied);
      }),
    );
  });

  test("removing all fields leaves nothing, removing none leaves all", () => {
    fc.assert(
      fc.property(config, (value) => {
        const all = compareValues(schema, {}, value).added;
        assert.deepEqual(content(removeFields(schema, value, all)), {});
        assert.deepEqual(removeFields(schema, value, EMPTY_SET), Object.keys(value).length ? value : null);
      }),
    );
  });
});

describe("field sets", () => {
  const path = fc.array(fc.constantFrom("f:a", "f:b", 'k:{"name":"x"}', 'v:"y"', "i:0"), {
    minLength: 1,
    maxLength: 4,
  });
  const set = fc.array(path, { maxLength: 8 }).map((paths) => fieldSetOf(...paths));
  const same = (left: FieldSet, right: FieldSet) => assert.deepEqual(left.toFieldsV1(), right.toFieldsV1());

  test("they are sets: union, intersection and difference obey their laws", () => {
    fc.assert(
      fc.property(set, set, (a, b) => {
        same(a.union(b), b.union(a));
        same(a.intersection(b), b.intersection(a));
        same(a.difference(b).union(a.intersection(b)), a);
        same(a.difference(a), EMPTY_SET);
        for (const one of a.paths()) assert.ok(a.union(b).has(one) && a.has(one));
        for (const one of a.without(b).paths())
          for (let length = 1; length <= one.length; length++) assert.ok(!b.has(one.slice(0, length)));
      }),
    );
  });

  test("fieldsV1 is read as it was written", () => {
    fc.assert(
      fc.property(set, (one) => {
        const read = fieldSetFromV1(JSON.parse(JSON.stringify(one.toFieldsV1())));
        assert.ok(read?.equals(one));
      }),
    );
  });

  test("whatever a client writes as fieldsV1 is read or refused", () => {
    fc.assert(
      fc.property(fc.jsonValue({ maxDepth: 4 }), (value) => {
        const read = fieldSetFromV1(value);
        if (read) assert.ok(fieldSetFromV1(read.toFieldsV1()));
      }),
    );
  });
});
