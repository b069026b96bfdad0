import { checkArchitecture } from "./architecture.ts";
import { checkBanned } from "./banned.ts";
import { checkDeps } from "./deps.ts";
import { checkCycles, checkDeadFiles } from "./graph.ts";
import { checkExports, checkNames, checkSizes } from "./shape.ts";
import { readTree } from "./tree.ts";
import { inOrder, type Violation } from "./violation.ts";
import { checkLinks, checkTodos, checkWords } from "./words.ts";

/** Every broken rule of the repository at `root`, in the order of files and lines. */
export function checkRepository(root: string): Violation[] {
  const tree = readTree(root);
  const checks = [
    checkDeps,
    checkCycles,
    checkDeadFiles,
    checkBanned,
    checkSizes,
    checkNames,
    checkExports,
    checkTodos,
    checkArchitecture,
    checkLinks,
    checkWords,
  ];
  return [...tree.syntaxErrors, ...checks.flatMap((check) => check(tree))].sort(inOrder);
}
