import { posix } from "node:path";
import type { ImportEdge } from "./imports.ts";
import { componentOf, isWithin, judgeImport, type Verdict } from "./layers.ts";
import type { SourceFile } from "./source.ts";
import type { Tree } from "./tree.ts";
import type { Violation } from "./violation.ts";

/**
 * Imports of src against the layer table and against the DEPS file of the importing folder (the nearest one up the
 * tree). A DEPS line is a folder below src (`api/wire`, covering what lies in it), `node:…` or `npm:…`.
 * Tests need no line, but the layers bind them too: a test across components belongs to test/.
 */
export function checkDeps(tree: Tree): Violation[] {
  const deps = new Map<string, DepsFile>();
  for (const path of tree.files) {
    if (path.startsWith("src/") && posix.basename(path) === "DEPS")
      deps.set(posix.dirname(path), parseDeps(tree, path));
  }
  const violations: Violation[] = [];
  for (const source of tree.sources) {
    if (!source.path.startsWith("src/")) continue;
    violations.push(...checkImports(source, nearestDeps(deps, source.path)));
  }
  for (const file of deps.values()) violations.push(...checkLines(file));
  return violations;
}

interface DepsLine {
  readonly line: number;
  readonly entry: string;
  used: boolean;
}

interface DepsFile {
  readonly path: string;
  readonly folder: string;
  readonly lines: readonly DepsLine[];
}

function parseDeps(tree: Tree, path: string): DepsFile {
  const lines = tree
    .text(path)
    .split("\n")
    .map((text, index) => ({ line: index + 1, entry: text.replace(/#.*/, "").trim(), used: false }))
    .filter(({ entry }) => entry !== "");
  return { path, folder: posix.dirname(path), lines };
}

function nearestDeps(deps: ReadonlyMap<string, DepsFile>, path: string): DepsFile | undefined {
  for (let folder = posix.dirname(path); folder !== "." && folder !== "src"; folder = posix.dirname(folder)) {
    const file = deps.get(folder);
    if (file) return file;
  }
  return undefined;
}

/** Composition roots wire whatever there is; a list of it would only repeat their imports. */
const FREE_OF_DEPS = "src/programs";

function checkImports(source: SourceFile, deps: DepsFile | undefined): Violation[] {
  const component = componentOf(source.path);
  if (!component) {
    const remedy = "move it into a folder that tools/tidy/layers.ts lists";
    return [{ file: source.path, line: 1, rule: "layers", problem: "lies in no component", remedy }];
  }
  if (!deps && component.folder !== FREE_OF_DEPS) {
    const remedy = `write ${component.folder}/DEPS with one allowed import folder per line`;
    return [{ file: source.path, line: 1, rule: "deps", problem: "no DEPS file applies to it", remedy }];
  }
  return source.imports.flatMap((edge): Violation[] => {
    const found = { file: source.path, line: edge.line };
    const layer = edge.kind === "url" ? undefined : layerProblem(source.path, edge.target);
    if (layer) return [{ ...found, rule: "layers" as const, ...layer }];
    const listing = source.isTest || !deps ? undefined : listingProblem(edge, deps);
    return listing ? [{ ...found, rule: "deps" as const, ...listing }] : [];
  });
}

type Finding = Pick<Violation, "problem" | "remedy">;

const TEST_SUPPORT = /^(test\/support|sim)\//;

function layerProblem(path: string, target: string): Finding | undefined {
  if (target.startsWith("node:") || target.startsWith("npm:")) return undefined;
  if (!target.startsWith("src/")) {
    if (path.endsWith(".test.ts") && TEST_SUPPORT.test(target)) return undefined;
    return { problem: `imports ${target}, outside src`, remedy: "move what it needs into src" };
  }
  const from = componentOf(path);
  if (from && path.endsWith(".test.ts") && isWithin(target, from.folder)) return undefined;
  const verdict = from ? judgeImport(from, target) : "own";
  return describeVerdict(verdict, `imports ${target}`, from?.folder ?? path);
}

function describeVerdict(verdict: Verdict, doing: string, folder: string): Finding | undefined {
  if (verdict === "own" || verdict === "allowed") return undefined;
  const why = {
    sibling: `${folder} may not import a sibling`,
    upwards: `${folder} may not import upwards`,
    "not for this layer": `the layer of ${folder} may not import it`,
  }[verdict];
  const remedy = "move the shared part to src/api or src/http, or pass it in as a port from src/programs";
  return { problem: `${doing}: ${why}`, remedy };
}

function listingProblem(edge: ImportEdge, deps: DepsFile): Finding | undefined {
  const { target } = edge;
  if (isWithin(target, deps.folder)) return undefined;
  const name = target.startsWith("src/") ? target.slice("src/".length) : target;
  const covering = deps.lines.filter(({ entry }) => isWithin(name, entry));
  const closest = covering.sort((a, b) => b.entry.length - a.entry.length)[0];
  if (closest) {
    closest.used = true;
    return undefined;
  }
  const wanted = target.startsWith("src/") ? posix.dirname(name) : target;
  return {
    problem: `imports ${target}, which ${deps.path} does not list`,
    remedy: `add the line ${wanted} if the folder should depend on it`,
  };
}

function checkLines(file: DepsFile): Violation[] {
  const component = componentOf(file.folder) ?? componentOf(`${file.folder}/x.ts`);
  return file.lines.flatMap(({ line, entry, used }): Violation[] => {
    const found = { file: file.path, line };
    if (!entry.includes(":") && component) {
      const verdict = judgeImport(component, `src/${entry}`);
      const layer = describeVerdict(verdict, `lists ${entry}`, component.folder);
      if (layer) return [{ ...found, rule: "layers" as const, ...layer }];
    }
    if (used) return [];
    const remedy = "remove the line (tests need none)";
    return [
      { ...found, rule: "deps" as const, problem: `${entry} is listed but nothing imports it`, remedy },
    ];
  });
}
