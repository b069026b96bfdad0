import { posix } from "node:path";
import type { FunctionShape, SourceFile } from "./source.ts";
import type { Tree } from "./tree.ts";
import type { Violation } from "./violation.ts";

const LIMITS = {
  fileLines: 500,
  functionLines: 70,
  commentLength: 120,
  unbreakableLength: 180,
  parameters: 3,
  programLines: 150,
};

/** Files that may be longer, each with its reason. The list may only shrink; an entry that is not needed is refused. */
const LONGER_FILES: ReadonlyMap<string, string> = new Map([]);

export function checkSizes(tree: Tree): Violation[] {
  return tree.sources.flatMap((source) => [
    ...fileSize(source),
    ...lineSizes(source),
    ...functionSizes(source),
  ]);
}

function fileSize({ path, lines }: SourceFile): Violation[] {
  const limit = path.startsWith("src/programs/") ? LIMITS.programLines : LIMITS.fileLines;
  const count = lines.at(-1) === "" ? lines.length - 1 : lines.length;
  if (LONGER_FILES.has(path)) {
    if (count > limit) return [];
    const remedy = "remove it from the list in tools/tidy/shape.ts";
    return [
      {
        file: path,
        line: 1,
        rule: "size",
        problem: `${count} lines, yet listed as longer than ${limit}`,
        remedy,
      },
    ];
  }
  if (count <= limit) return [];
  const remedy = "split it where it changes its subject";
  return [
    {
      file: path,
      line: count,
      rule: "size",
      problem: `${count} lines in a file, more than ${limit}`,
      remedy,
    },
  ];
}

/** The formatter breaks code at 110 columns wherever it can be broken; comments it leaves to their writers. */
function lineSizes({ path, lines }: SourceFile): Violation[] {
  return lines.flatMap((text, index) => {
    const limit = /^\s*(\/\/|\/?\*)/.test(text) ? LIMITS.commentLength : LIMITS.unbreakableLength;
    if (text.length <= limit || /https?:\/\/\S{60,}/.test(text)) return [];
    const problem = `a line of ${text.length} characters, more than ${limit}`;
    return [{ file: path, line: index + 1, rule: "size", problem, remedy: "break it" }];
  });
}

function functionSizes({ path, functions, isTest }: SourceFile): Violation[] {
  const bound = path.startsWith("src/") && !isTest;
  return functions.flatMap((shape) => {
    const problem = lengthProblem(shape) ?? (bound ? parameterProblem(shape) : undefined);
    return problem ? [{ file: path, line: shape.line, rule: "size" as const, ...problem }] : [];
  });
}

function lengthProblem({
  name,
  lineCount,
  isTestChapter,
}: FunctionShape): Pick<Violation, "problem" | "remedy"> | undefined {
  if (lineCount <= LIMITS.functionLines || isTestChapter) return undefined;
  const problem = `${name} is ${lineCount} lines long, more than ${LIMITS.functionLines}`;
  return { problem, remedy: "give its parts names and make them functions" };
}

function parameterProblem({
  name,
  parameterCount,
}: FunctionShape): Pick<Violation, "problem" | "remedy"> | undefined {
  if (parameterCount <= LIMITS.parameters) return undefined;
  const problem = `${name} takes ${parameterCount} parameters, more than ${LIMITS.parameters}`;
  return { problem, remedy: "take one object with named fields" };
}

const EMPTY_WORDS = /^(utils?|helpers?|common|managers?|misc|lib|impl|stuff)$/;
/** Knative's word for a thing that we did not name. */
const PRODUCT_NAME = "cert-manager";
const KEBAB = /^[a-z0-9]+(-[a-z0-9]+)*$/;

/** Names of code files and folders: kebab-case, and never a word that would fit anything. */
export function checkNames(tree: Tree): Violation[] {
  return tree.sources.flatMap(({ path }) => {
    const parts = path.split("/").flatMap((part) => part.split("."));
    const wrong = parts.find((part) => !KEBAB.test(part));
    if (wrong !== undefined) return [nameViolation(path, `"${wrong}" is not kebab-case`, "rename it")];
    const empty = parts.find(
      (part) => part !== PRODUCT_NAME && part.split("-").some((word) => EMPTY_WORDS.test(word)),
    );
    if (empty === undefined) return [];
    return [
      nameViolation(path, `"${empty}" says nothing about what is inside`, "name the thing or the deed"),
    ];
  });
}

function nameViolation(file: string, problem: string, remedy: string): Violation {
  return { file, line: 1, rule: "name", problem, remedy };
}

/** No default exports, no `export *`, no barrels: a reader follows one import to one definition. */
export function checkExports(tree: Tree): Violation[] {
  return tree.sources.flatMap(({ path, exports, onlyReExports }) => {
    const found = exports.map(({ line, kind }): Violation => {
      const problem =
        kind === "default" ? "a default export has no name of its own" : "export * hides what is exported";
      return { file: path, line, rule: "export", problem, remedy: "export by name" };
    });
    const barrel = posix.basename(path) === "index.ts" || onlyReExports;
    if (!barrel || path === "src/programs/library.ts") return found;
    const remedy = "import from the defining files instead";
    return [...found, { file: path, line: 1, rule: "export", problem: "the file is a barrel", remedy }];
  });
}
