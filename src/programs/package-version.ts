import { readFileSync } from "node:fs";
import { join } from "node:path";

/** ebb's own, from the package's manifest: two folders up from the sources, beside the files of a build. */
export function packageVersion(): string {
  const path = import.meta.filename.endsWith(".ts") ? "../../package.json" : "package.json";
  return JSON.parse(readFileSync(join(import.meta.dirname, path), "utf8")).version;
}
