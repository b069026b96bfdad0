import type { SourceFile } from "./source.ts";
import type { Tree } from "./tree.ts";
import type { Violation } from "./violation.ts";

/** Import cycles between files; type imports count, since a cycle of types is a cycle of ideas. */
export function checkCycles(tree: Tree): Violation[] {
  const byPath = new Map(tree.sources.map((source) => [source.path, source]));
  const state = new Map<string, "open" | "done">();
  const stack: string[] = [];
  const violations: Violation[] = [];
  const walk = (source: SourceFile) => {
    state.set(source.path, "open");
    stack.push(source.path);
    for (const edge of source.imports) {
      const next = byPath.get(edge.target);
      if (!next || edge.kind === "url") continue;
      if (state.get(next.path) === "open") {
        const cycle = [...stack.slice(stack.indexOf(next.path)), next.path];
        violations.push(cycleViolation(source.path, edge.line, cycle));
      } else if (!state.has(next.path)) {
        walk(next);
      }
    }
    stack.pop();
    state.set(source.path, "done");
  };
  for (const source of tree.sources) if (!state.has(source.path)) walk(source);
  return violations;
}

function cycleViolation(file: string, line: number, cycle: readonly string[]): Violation {
  const remedy = "move what both need into a file of its own";
  return { file, line, rule: "cycle", problem: `imports in a circle: ${cycle.join(" → ")}`, remedy };
}

/**
 * Files of src that no program reaches. Programs, everything outside src, and tests of other files are where the
 * search starts; a file that only its own test imports is dead.
 */
export function checkDeadFiles(tree: Tree): Violation[] {
  const byPath = new Map(tree.sources.map((source) => [source.path, source]));
  const live = new Set<string>();
  const reach = (source: SourceFile) => {
    if (live.has(source.path)) return;
    live.add(source.path);
    for (const edge of source.imports) {
      const next = byPath.get(edge.target);
      if (next && !(source.isTest && isTestOf(source.path, next.path))) reach(next);
    }
  };
  for (const source of tree.sources) {
    const { path } = source;
    if (!path.startsWith("src/") || path.startsWith("src/programs/") || source.isTest) reach(source);
  }
  return tree.sources
    .filter(({ path }) => !live.has(path))
    .map(({ path }) => {
      const remedy = "delete it, or import it where it is needed";
      return {
        file: path,
        line: 1,
        rule: "dead",
        problem: "nothing imports this file but its own test",
        remedy,
      };
    });
}

/** `a/x.test.ts` and `a/x.property.test.ts` are tests of `a/x.ts`. */
function isTestOf(test: string, path: string): boolean {
  return test.startsWith(`${path.slice(0, -".ts".length)}.`);
}
