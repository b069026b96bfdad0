import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { describeKinds, inLinesOfDefinitions } from "./declared-types.ts";

const FILES: Readonly<Record<string, string>> = {
  "@kubernetes-models/base/dist/meta.d.ts": `export interface TypeMeta {
    /**
     * Which version.
     */
    apiVersion: string;
}
`,
  "kubernetes-models/apps/v1/Crew.d.ts": `import { IIoCrewSpec } from "./CrewSpec.js";
import { ModelData, TypeMeta, Model } from "@kubernetes-models/base";
/**
 * A crew.
 */
export interface ICrew extends TypeMeta {
    "apiVersion": "apps/v1";
    /**
     * Who is needed, such as \\*.captain or \\*\\/mate.
     *
     * In the order of rank.
     */
    "spec"?: IIoCrewSpec;
    "note"?: string;
}
/**
 * A crew.
 */
export declare class Crew extends Model<ICrew> implements ICrew {
    "spec"?: IIoCrewSpec;
}
export type { ICrew as IIoCrew, Crew as IoCrew };
`,
  "kubernetes-models/apps/v1/CrewSpec.d.ts": `import { IIoShift } from "@kubernetes-models/apimachinery/Shift";
export interface ICrewSpec {
    /**
     * By name.
     */
    "members"?: {
        [key: string]: IIoShift;
    };
    "shifts": Array<IIoShift>;
}
export type { ICrewSpec as IIoCrewSpec, CrewSpec as IoCrewSpec };
`,
  "@kubernetes-models/apimachinery/Shift.d.ts": `/**
 * A part of the day.
 */
export type IShift = string;
export type Shift = IShift;
export type { IShift as IIoShift, Shift as IoShift };
`,
};

describe("the types that packages declare", () => {
  const { kinds, types } = describeKinds(["apps/v1/Crew", "v1/Unknown"], (path) => FILES[path]);

  test("are found by the kinds that lead to them; a kind that no package has is left out", () => {
    assert.deepEqual(kinds, { "apps/v1/Crew": "IoCrew" });
    assert.deepEqual(Object.keys(types).sort(), ["IoCrew", "IoCrewSpec", "IoShift", "TypeMeta"]);
  });

  test("keep the words of types and fields, with their lines and without escapes", () => {
    assert.equal(types.IoCrew?.text, "A crew.");
    assert.equal(
      types.IoCrew?.fields?.spec?.text,
      "Who is needed, such as *.captain or */mate.\n\nIn the order of rank.",
    );
    assert.deepEqual(types.IoCrew?.fields?.note, {});
  });

  test("have what they inherit", () => {
    assert.deepEqual(types.IoCrew?.fields?.apiVersion, { text: "Which version." });
  });

  test("name the type of a field, and of what a list or a map holds", () => {
    assert.equal(types.IoCrew?.fields?.spec?.type, "IoCrewSpec");
    assert.deepEqual(types.IoCrewSpec?.fields?.members, { text: "By name.", type: "IoShift" });
    assert.deepEqual(types.IoCrewSpec?.fields?.shifts, { type: "IoShift" });
    assert.deepEqual(types.IoShift, { text: "A part of the day." });
  });
});

test("definitions show a text in other lines, or less of it, and the text itself stays", () => {
  const text = "One of these. Or of those. Or none.";
  const types = { A: { text, fields: { a: { text }, b: { text, type: "A" } } } };
  const lines = { A: { "": "13 26", b: "13 -26" } };
  assert.deepEqual(inLinesOfDefinitions({ kinds: {}, types }, lines).types, {
    A: {
      text,
      inDefinitions: "One of these.\nOr of those.\nOr none.",
      fields: { a: { text }, b: { text, type: "A", inDefinitions: "One of these.\nOr of those." } },
    },
  });
});

test("without packages nothing is said, and nothing is made of the lines", () => {
  const said = describeKinds(["apps/v1/Crew"], () => undefined);
  const lines = { A: { "": "13", b: "13" } };
  assert.deepEqual(inLinesOfDefinitions(said, lines).types, { A: { fields: { b: {} } } });
});
