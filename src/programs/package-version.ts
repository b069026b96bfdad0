import { readFileSync } from "node:fs";

/** ebb's own, from the package's manifest: two folders up from the sources, beside the files of a build. */
export function packageVersion(): string {
  const path = import.meta.url.endsWith(".ts") ? "../../package.json" : "./package.json";
  return JSON.parse(readFileSync(new URL(path, import.meta.url), "utf8")).version;
}
