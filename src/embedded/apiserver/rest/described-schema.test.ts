import assert from "node:assert/strict";
import { describe, test } from "node:test";
import type { Description } from "../../../api/descriptions.ts";
import { array, map, object, type Schema, string } from "../../../api/schema.ts";
import { describedSchema } from "./described-schema.ts";

const inner = object({}, { name: string() });
const schema: Schema = object(
  {},
  { one: inner, said: inner, list: array(inner), lists: array(inner), mode: string(), labels: map(inner) },
);
const types: Readonly<Record<string, Description>> = {
  Root: {
    text: "The kind.",
    fields: {
      one: { type: "Inner" },
      said: { text: "This one.", type: "Inner" },
      list: { text: "Some.", type: "Inner" },
      lists: { type: "Lists" },
      mode: { text: 'How.\n\nPossible enum values:\n - `"A"` one way', type: "Mode" },
      labels: { type: "Inner" },
    },
  },
  Inner: { text: "An inner thing.", fields: { name: { text: "Its name." } } },
  Lists: { text: "A list of them.", type: "Inner" },
  Mode: { text: "A way." },
  IoK8sApimachineryPkgApisMetaV1ObjectMeta: { text: "Metadata.", fields: { name: { text: "Its name." } } },
};

function described(isCustom: boolean): Readonly<Record<string, Schema>> {
  return describedSchema(schema, { type: "Root" }, { types, isCustom }).fields ?? {};
}

describe("a schema of a definition", () => {
  const { one, said, list, lists, mode, labels } = described(true);

  test("says at a field what its type is, unless the field has words of its own", () => {
    assert.equal(one?.description, "An inner thing.");
    assert.equal(said?.description, "This one.");
    assert.equal(one?.fields?.name?.description, "Its name.");
  });

  test("tells a list's words from those of what it holds", () => {
    assert.equal(list?.description, "Some.");
    assert.equal(list?.items?.description, "An inner thing.");
    assert.equal(lists?.description, "A list of them.");
    assert.equal(lists?.items?.description, "An inner thing.");
    assert.equal(labels?.description, undefined);
    assert.equal(labels?.items?.fields?.name?.description, "Its name.");
  });

  test("lists no known values, as only Kubernetes does for its own kinds", () => {
    assert.equal(mode?.description, "How.");
    assert.match(described(false).mode?.description ?? "", /Possible enum values/);
  });
});

test("a definition shows a text in its own lines, and nothing of types that its generator knows", () => {
  const shown = (said: Description, isCustom: boolean) => describedSchema(inner, said, { types, isCustom });
  const said = { text: "One. Two.", inDefinitions: "One.\nTwo." };
  assert.equal(shown(said, true).description, "One.\nTwo.");
  assert.equal(shown(said, false).description, "One. Two.");
  const metadata = shown({ type: "IoK8sApimachineryPkgApisMetaV1ObjectMeta" }, true);
  assert.equal(metadata.description ?? metadata.fields?.name?.description, undefined);
});

test("a built-in kind's field has its own words alone, and its type those of the type", () => {
  const { one, said } = described(false);
  assert.equal(one?.description, undefined);
  assert.equal(one?.openApi?.typeDescription, "An inner thing.");
  assert.equal(said?.description, "This one.");
});

test("a schema's own words stay", () => {
  const own = describedSchema(
    string({ description: "Ours." }),
    { text: "Theirs." },
    { types, isCustom: true },
  );
  assert.equal(own.description, "Ours.");
});
