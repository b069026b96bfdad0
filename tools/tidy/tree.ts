import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { parseSource, type SourceFile } from "./source.ts";
import type { Violation } from "./violation.ts";

/** A repository as the rules see it: every file that could be committed, the TypeScript ones parsed once. */
export interface Tree {
  /** All paths, relative, sorted. */
  readonly files: readonly string[];
  /** Folders below src, relative to the repository, sorted. */
  readonly folders: readonly string[];
  readonly sources: readonly SourceFile[];
  readonly syntaxErrors: readonly Violation[];
  text(path: string): string;
  has(path: string): boolean;
}

const SKIPPED_FOLDERS = new Set(["node_modules", "dist", ".git", ".ebb", "coverage"]);
/** Trees that break rules on purpose, and figures that no one writes by hand. */
const SKIPPED_PATHS = new Set(["tools/tidy/fixtures", "bench/results"]);
const CODE_FOLDERS = ["src/", "sim/", "test/", "bench/", "tools/"];

export function readTree(root: string): Tree {
  const files: string[] = [];
  const folders: string[] = [];
  collect({ root, path: "", files, folders });
  const sources: SourceFile[] = [];
  const syntaxErrors: Violation[] = [];
  const text = (path: string) => readFileSync(join(root, path), "utf8");
  for (const path of files) {
    if (!path.endsWith(".ts") || !CODE_FOLDERS.some((folder) => path.startsWith(folder))) continue;
    const parsed = parseSource(path, text(path));
    if ("problem" in parsed) syntaxErrors.push(parsed);
    else sources.push(parsed);
  }
  return { files, folders, sources, syntaxErrors, text, has: (path) => existsSync(join(root, path)) };
}

interface Collection {
  readonly root: string;
  readonly path: string;
  readonly files: string[];
  readonly folders: string[];
}

function collect({ root, path, files, folders }: Collection): void {
  const entries = readdirSync(join(root, path), { withFileTypes: true });
  for (const entry of entries.sort((a, b) => (a.name < b.name ? -1 : 1))) {
    const inner = path === "" ? entry.name : `${path}/${entry.name}`;
    if (entry.isDirectory()) {
      if (SKIPPED_FOLDERS.has(entry.name) || SKIPPED_PATHS.has(inner)) continue;
      if (inner.startsWith("src/")) folders.push(inner);
      collect({ root, path: inner, files, folders });
    } else if (entry.isFile() && !entry.name.endsWith(".log")) {
      files.push(inner);
    }
  }
}
