import { dirname, join } from "node:path";
import type { Description, Descriptions } from "../api/descriptions.ts";

/**
 * Reads the comments in the declaration files of the packages with Kubernetes' and Knative's types: one interface or
 * alias a file, laid out by a compiler. No parser of TypeScript is needed, which a published ebb would not have.
 */

/** The text of a declaration file below `node_modules`; undefined = there is none. */
export type ReadDeclaration = (path: string) => string | undefined;

const OF_KINDS = ["kubernetes-models", "@kubernetes-models/knative"];
/** Of `apiVersion` and `kind`, which all kinds have. */
const SHARED = "@kubernetes-models/base";
export const PACKAGES = [...OF_KINDS, "@kubernetes-models/apimachinery", SHARED];
const SHARED_FILE = `${SHARED}/dist/meta.d.ts`;

/** The descriptions of the kinds, named `apps/v1/Deployment` or `v1/Pod`, and of all types that they lead to. */
export function describeKinds(kinds: readonly string[], read: ReadDeclaration): Descriptions {
  const types: Record<string, Description> = {};
  const named: Record<string, string> = {};
  for (const kind of kinds) {
    const path = OF_KINDS.map((name) => `${name}/${kind}.d.ts`).find((path) => read(path) !== undefined);
    if (path !== undefined) named[kind] = addType(path, types, read);
  }
  lend(types);
  return { kinds: named, types };
}

/**
 * Where the words of a type (at "") or of its fields end a line in Knative's definitions, which keep the lines of Go's
 * comments; Kubernetes' own documents, from which the packages are made, do not. A negative number ends the text.
 * Made by test/peers/knative-definitions.test.ts, which compares.
 */
export type DefinitionLines = Readonly<Record<string, Readonly<Record<string, string>>>>;

export function inLinesOfDefinitions({ kinds, types }: Descriptions, lines: DefinitionLines): Descriptions {
  const broken = Object.entries(lines).map(([name, { "": ofType, ...ofFields }]) => {
    const type = types[name] ?? {};
    const fields = Object.entries(ofFields).map(([field, ends]) => {
      return [field, inLines(type.fields?.[field] ?? {}, ends)];
    });
    const all = { ...type.fields, ...Object.fromEntries(fields) };
    return [name, { ...(ofType ? inLines(type, ofType) : type), fields: all }];
  });
  return { kinds, types: { ...types, ...Object.fromEntries(broken) } };
}

function inLines(said: Description, ends: string): Description {
  if (said.text === undefined) return said;
  let inDefinitions = said.text;
  for (const end of ends.split(" ").map(Number))
    inDefinitions =
      end < 0
        ? inDefinitions.slice(0, -end)
        : `${inDefinitions.slice(0, end)}\n${inDefinitions.slice(end + 1)}`;
  return { ...said, inDefinitions };
}

/** The generator loses the words of this field, which Kubernetes has of its own conditions, too. */
function lend(types: Record<string, Description>): void {
  const text = types.IoK8sApiAppsV1DeploymentCondition?.fields?.status?.text;
  const condition = types.DevKnativePkgApisCondition;
  if (text === undefined || condition === undefined) return;
  types.DevKnativePkgApisCondition = { ...condition, fields: { ...condition.fields, status: { text } } };
}

/** The name of the file's type, which is added with all that its fields lead to. */
function addType(path: string, types: Record<string, Description>, read: ReadDeclaration): string {
  const { name, paths, ...declared } = parseDeclaration(path, read(path) ?? "");
  if (types[name]) return name;
  const fields: { [name: string]: Description | undefined } = {};
  for (const base of declared.bases)
    Object.assign(fields, types[addType(paths.get(base) ?? "", types, read)]?.fields);
  for (const [name, field] of Object.entries(declared.fields)) fields[name] = { ...fields[name], ...field };
  const { text, type } = declared;
  types[name] = { ...(text && { text }), ...(type && { type }), ...(hasAny(fields) && { fields }) };
  for (const used of [type, ...Object.values(fields).map((field) => field?.type)]) {
    const usedPath = used === undefined ? undefined : paths.get(used);
    if (usedPath !== undefined) addType(usedPath, types, read);
  }
  return name;
}

function hasAny(fields: object): boolean {
  return Object.keys(fields).length > 0;
}

interface Declaration extends Description {
  /** The type's name in full: `IoK8sApiCoreV1Probe`. */
  readonly name: string;
  readonly bases: readonly string[];
  readonly fields: NonNullable<Description["fields"]>;
  /** The files of the types that it names. */
  readonly paths: ReadonlyMap<string, string>;
}

const IMPORT = /^import \{ (.+) \} from "(.+)";$/gm;
const NAME = /^export type \{ \w+ as I(\w+),/m;
const COMMENT = / *\/\*\*\n((?: *\*(?!\/).*\n)*) *\*\/\n/.source;
const INTERFACE = new RegExp(
  `^(?:${COMMENT})?export interface \\w+(?: extends (.+))? \\{\\n([^]*?)^\\}`,
  "m",
);
const ALIAS = new RegExp(`^(?:${COMMENT})?export type I\\w+ = ([^]+?);\\n`, "m");
const FIELD = new RegExp(`(?:${COMMENT})? {4}"?([^\\s"?:]+)"?\\??: ([^]*?);\\n(?= {4}["/\\w]|$)`, "g");

function parseDeclaration(path: string, source: string): Declaration {
  const paths = new Map<string, string>();
  for (const [, names = "", from = ""] of source.matchAll(IMPORT))
    for (const name of names.split(", ")) paths.set(fullName(name), pathOf(from, path));
  const name = NAME.exec(source)?.[1] ?? "TypeMeta";
  const typesIn = (text = "") => (text.match(/\w+/g) ?? []).map(fullName).filter((one) => paths.has(one));
  const describe = (comment: string | undefined, type?: string): Description => {
    const text = comment && wordsOf(comment);
    const [first] = typesIn(type);
    return { ...(text && { text }), ...(first && { type: first }) };
  };
  const [, comment, bases, body] = INTERFACE.exec(source) ?? [];
  if (body === undefined) {
    const [, comment, type] = ALIAS.exec(source) ?? [];
    return { name, bases: [], fields: {}, paths, ...describe(comment, type) };
  }
  const found = [...body.matchAll(FIELD)].map(([, comment, name, type]) => [name, describe(comment, type)]);
  return { name, bases: typesIn(bases), fields: Object.fromEntries(found), paths, ...describe(comment) };
}

/** Interfaces are named after their types, with an I. */
function fullName(name: string): string {
  return name.startsWith("I") ? name.slice(1) : name;
}

function pathOf(from: string, path: string): string {
  if (from === SHARED) return SHARED_FILE;
  return `${(from.startsWith(".") ? join(dirname(path), from) : from).replace(/\.js$/, "")}.d.ts`;
}

/** The generator escapes every asterisk. */
function wordsOf(comment: string): string {
  const lines = comment
    .trimEnd()
    .split("\n")
    .map((line) => line.replace(/^ *\* ?/, ""));
  return lines.join("\n").replaceAll(/\\([*/])/g, "$1");
}
