import assert from "node:assert/strict";
import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, test } from "node:test";
import { parseAllDocuments } from "yaml";
import { type Descriptions, kindPath } from "../../src/api/descriptions.ts";
import { KINDS } from "../../src/api/kinds.ts";
import { Resources } from "../../src/embedded/apiserver/resources.ts";
import { openApiDocument } from "../../src/embedded/apiserver/rest/openapi.ts";
import { readDescriptions } from "../../src/programs/descriptions.ts";
import { BUILD_TIMEOUT_MS, runGo, skipWithoutGo } from "../support/go.ts";

/** What is said of Knative's kinds, against the definitions in Knative's own Go modules. */

const TABLE = new URL("../../src/programs/definition-lines.json", import.meta.url);

interface Shown {
  readonly description?: string;
  readonly properties?: Readonly<Record<string, Shown>>;
  readonly items?: Shown;
  readonly additionalProperties?: Shown;
}

interface Definition {
  readonly kind: string;
  readonly spec: {
    readonly group: string;
    readonly names: { readonly kind: string };
    readonly versions: readonly {
      readonly name: string;
      readonly schema: { readonly openAPIV3Schema: Shown };
    }[];
  };
}

/**
 * Where Knative's definitions have words of their own, which no package has: ebb tells them in other ones, or says
 * nothing of an item.
 */
const OTHER_WORDS = /feature flag|POSIX|'false'|aboutservices/;

describe("descriptions of Knative's kinds", { skip: skipWithoutGo, timeout: BUILD_TIMEOUT_MS }, () => {
  test("end their lines where Knative's definitions do", async () => {
    const said = readDescriptions();
    const lines: Collecting["lines"] = {};
    for (const { group, version, kind, schema } of await definitions()) {
      const type = said.kinds[kindPath({ group, version, kind })];
      if (type !== undefined) collectLines(schema, type, { said, lines });
    }
    if (process.env.EBB_WRITE_TABLES) writeFileSync(TABLE, `${JSON.stringify(lines, null, 2)}\n`);
    assert.deepEqual(JSON.parse(readFileSync(TABLE, "utf8")), lines);
  });

  test("are those of the definitions", async (context) => {
    const resources = new Resources(KINDS).all;
    const document = openApiDocument(resources, { version: 3, said: readDescriptions() });
    const { schemas } = document.components as { schemas: Readonly<Record<string, Shown>> };
    const others: string[] = [];
    let same = 0;
    const compare = (path: string, shown: Shown, wanted: Shown) => {
      if (shown.description === wanted.description) same += 1;
      else if (!OTHER_WORDS.test(wanted.description ?? "")) others.push(path);
      for (const [name, field] of Object.entries(shown.properties ?? {}))
        if (wanted.properties?.[name]) compare(`${path}.${name}`, field, wanted.properties[name]);
      if (shown.items && wanted.items) compare(`${path}[]`, shown.items, wanted.items);
    };
    for (const { group, version, kind, schema } of await definitions()) {
      const name = `${group.split(".").reverse().join(".")}.${version}.${kind}`;
      const shown = schemas[name];
      if (!shown) continue;
      compare(kind, shown, schema);
    }
    context.diagnostic(`${same} descriptions are the same`);
    assert.deepEqual(others, []);
  });
});

interface Collecting {
  readonly said: Descriptions;
  readonly lines: Record<string, Record<string, string>>;
}

/** Of all fields below a schema, and of the types of what stands there. */
function collectLines({ properties = {} }: Shown, type: string, how: Collecting): void {
  const { types } = how.said;
  for (const [name, field] of Object.entries(properties)) {
    const said = types[type]?.fields?.[name];
    const below = underlying(said?.type, how.said);
    const inside = field.items ?? field.additionalProperties ?? field;
    const note = ([type, field]: readonly [string, string], ends: readonly number[]) => {
      if (ends.length > 0) how.lines[type] = { ...how.lines[type], [field]: ends.join(" ") };
    };
    note([type, name], endsOf(said?.text, field.description));
    if (below === undefined) continue;
    note([below, ""], endsOf(types[below]?.text, inside.description));
    collectLines(inside, below, how);
  }
}

function underlying(name: string | undefined, said: Descriptions): string | undefined {
  const other = name === undefined ? undefined : said.types[name]?.type;
  return other === undefined ? name : underlying(other, said);
}

const VALUES = "\n\nPossible enum values:";

/** Where lines of the text end in `wanted`, which has the same words or the first of them; [] = nowhere else. */
function endsOf(text = "", wanted = ""): readonly number[] {
  const isEnd = wanted !== "" && /^(\s|$)/.test(text.slice(wanted.length));
  const isSame = oneLine(text.slice(0, wanted.length)) === oneLine(wanted);
  if (!isEnd || !isSame || text.split(VALUES, 1)[0] === wanted) return [];
  const ends = [...wanted.matchAll(/\n/g)].map(({ index }) => index).filter((index) => text[index] === " ");
  return text.length > wanted.length ? [...ends, -wanted.length] : ends;
}

function oneLine(text: string): string {
  return text.replaceAll("\n", " ");
}

interface Version {
  readonly group: string;
  readonly version: string;
  readonly kind: string;
  readonly schema: Shown;
}

async function definitions(): Promise<readonly Version[]> {
  const folders = ["serving:config/core/300-resources", "networking:config"].map(async (place) => {
    const [module = "", folder = ""] = place.split(":");
    const root = (await runGo("list", "-m", "-f", "{{.Dir}}", `knative.dev/${module}`)).trim();
    return join(root, folder);
  });
  const files = (await Promise.all(folders)).flatMap((folder) =>
    readdirSync(folder).map((file) => join(folder, file)),
  );
  return files
    .filter((file) => file.endsWith(".yaml"))
    .flatMap((file) => parseAllDocuments(readFileSync(file, "utf8")).map((document) => document.toJS()))
    .filter((one: Definition | null) => one?.kind === "CustomResourceDefinition")
    .flatMap(({ spec }: Definition) =>
      spec.versions.map(({ name, schema }) => {
        const { spec: ofSpec, status } = schema.openAPIV3Schema.properties ?? {};
        // What all kinds have, an API server describes in its own words.
        const properties = { ...(ofSpec && { spec: ofSpec }), ...(status && { status }) };
        const shown = { ...schema.openAPIV3Schema, properties };
        return { group: spec.group, version: name, kind: spec.names.kind, schema: shown };
      }),
    );
}
