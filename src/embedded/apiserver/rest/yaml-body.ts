/**
 * YAML bodies, read as Kubernetes' parser reads them: YAML 1.1 with its octal numbers and its yes and no, but without
 * dates and numbers to the base of sixty (`80:80` is a text); merge keys are followed, the last of equal keys counts.
 */
export interface YamlBody {
  readonly value: unknown;
  /** What is given twice, one line each, for field validation; undefined = nothing. */
  readonly duplicates: string | undefined;
}

/** The message says what is wrong, as Go's parser would where that is known. */
export class YamlProblem extends Error {}

/** Throws YamlProblem. */
export async function readYaml(text: string): Promise<YamlBody> {
  const { parseDocument } = await import("yaml");
  const document = parseDocument(text, {
    version: "1.1",
    merge: true,
    // What is odd in a client's body is no news for the engine's own output.
    logLevel: "error",
    customTags: (tags) =>
      tags.flatMap((tag) => (typeof tag === "string" || !isPlain(tag) ? [] : [withoutLetters(tag)])),
  });
  const fatal = document.errors.find(({ code }) => code !== "DUPLICATE_KEY");
  if (fatal) throw new YamlProblem(wordsOf(fatal, text));
  const doubled = document.errors.map(({ pos, linePos }) => {
    const key = /^["']?([^"':]*)/.exec(text.slice(pos[0], pos[0] + 256))?.[1]?.trim() ?? "";
    return `  line ${linePos?.[0].line ?? 1}: key ${JSON.stringify(key)} already set in map`;
  });
  // The document's own list of errors would make it refuse to be read.
  document.errors = [];
  return {
    value: plainOf(document),
    duplicates: doubled.length === 0 ? undefined : `yaml: unmarshal errors:\n${doubled.join("\n")}`,
  };
}

/** Aliases cannot blow a body up. */
const ALIASES_MAX = 100;

function plainOf(document: { toJS(options: { maxAliasCount: number }): unknown }): unknown {
  try {
    return document.toJS({ maxAliasCount: ALIASES_MAX });
  } catch (thrown) {
    throw new YamlProblem(thrown instanceof Error ? thrown.message : String(thrown));
  }
}

/** Tags whose values JSON has too. */
function isPlain(tag: { readonly tag: string; readonly format?: string }): boolean {
  const isOdd = /:(timestamp|binary|omap|pairs|set)$/.test(tag.tag);
  return !isOdd && tag.format !== "TIME";
}

/** A lone y or n is a name far more often than an answer. */
function withoutLetters<T extends object>(tag: T): T {
  const test: unknown = "test" in tag ? tag.test : undefined;
  if (!(test instanceof RegExp) || !/^\^\(\?:[YN]\|[yn]\|/.test(test.source)) return tag;
  return { ...tag, test: new RegExp(test.source.replace(/[YN]\|[yn]\|/, "")) };
}

interface Fault {
  readonly code: string;
  readonly message: string;
  readonly linePos?: readonly { readonly line: number }[] | undefined;
}

function wordsOf({ code, message, linePos }: Fault, text: string): string {
  const line = `line ${linePos?.[0]?.line ?? 1}`;
  if (code === "TAB_AS_INDENT") return `${line}: found a tab character that violates indentation`;
  const [first = ""] = message.split("\n");
  if (/^Flow (sequence|map) /.test(first) && /[[{,]\s*$/.test(text))
    return `${line}: did not find expected node content`;
  if (/^Flow sequence .* end with a \]/.test(first)) return `${line}: did not find expected ',' or ']'`;
  if (/^Flow map .* end with a \}/.test(first)) return `${line}: did not find expected ',' or '}'`;
  if (code === "BLOCK_AS_IMPLICIT_KEY") return `${line}: mapping values are not allowed in this context`;
  return first;
}
