import type { Tree } from "./tree.ts";
import type { Violation } from "./violation.ts";

const MAP = "ARCHITECTURE.md";
const JOURNEY_LIMITS = [
  { heading: /warm request/i, files: 8 },
  { heading: /cold request/i, files: 15 },
  { heading: /service apply|apply of a service|applying a service/i, files: 55 },
];

/**
 * ARCHITECTURE.md and the tree agree: each folder of src, two levels deep, is named there, each `src/…` path in
 * backticks exists, and the journeys stay as short as was promised. `{a,b}` in a path stands for several.
 */
export function checkArchitecture(tree: Tree): Violation[] {
  if (!tree.has(MAP)) {
    const problem = "there is no ARCHITECTURE.md";
    return [{ file: MAP, line: 1, rule: "map", problem, remedy: "write it" }];
  }
  const lines = tree.text(MAP).split("\n");
  const named = lines.flatMap((text, index) => namedPaths(text).map((path) => ({ path, line: index + 1 })));
  return [...missingPaths(tree, named), ...unnamedFolders(tree, named), ...longJourneys(lines)];
}

interface NamedPath {
  readonly path: string;
  readonly line: number;
}

function namedPaths(text: string): string[] {
  return [...text.matchAll(/`(src\/[^`\s]*)`/g)].flatMap(([, path = ""]) => expand(path.replace(/\/$/, "")));
}

/** `src/{a,b}/c` → `src/a/c`, `src/b/c`. */
function expand(path: string): string[] {
  const match = /^(.*?)\{([^{}]*)\}(.*)$/.exec(path);
  if (!match) return [path];
  const [, before = "", choices = "", after = ""] = match;
  return choices.split(",").flatMap((choice) => expand(`${before}${choice.trim()}${after}`));
}

function missingPaths(tree: Tree, named: readonly NamedPath[]): Violation[] {
  return named
    .filter(({ path }) => !/[<>*…]/.test(path) && !tree.has(path))
    .map(({ path, line }) => {
      const remedy = "correct the path or take it out";
      return { file: MAP, line, rule: "map", problem: `${path} does not exist`, remedy };
    });
}

function unnamedFolders(tree: Tree, named: readonly NamedPath[]): Violation[] {
  const known = new Set(named.map(({ path }) => path));
  return tree.folders
    .filter((folder) => folder.split("/").length <= 3 && !known.has(folder))
    .map((folder) => {
      const remedy = `name \`${folder}\` in the code map`;
      return { file: MAP, line: 1, rule: "map", problem: `${folder} is not named`, remedy };
    });
}

function longJourneys(lines: readonly string[]): Violation[] {
  return JOURNEY_LIMITS.flatMap(({ heading, files }) => {
    const start = lines.findIndex((text) => /^#+ /.test(text) && heading.test(text));
    if (start < 0) return [];
    const length = lines.slice(start + 1).findIndex((text) => /^#+ /.test(text));
    const section = lines.slice(start, length < 0 ? undefined : start + 1 + length);
    const visited = new Set(section.flatMap(namedPaths).filter((path) => path.endsWith(".ts")));
    if (visited.size <= files) return [];
    const problem = `this journey visits ${visited.size} files, more than ${files}`;
    return [
      { file: MAP, line: start + 1, rule: "map", problem, remedy: "shorten the path, not the description" },
    ];
  });
}
