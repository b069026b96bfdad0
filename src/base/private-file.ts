import { chmodSync, existsSync, mkdirSync, readFileSync, renameSync, writeFileSync } from "node:fs";
import { dirname } from "node:path";
import { EbbError, messageOf } from "./errors.ts";

/** Keys on disk: written whole or not at all, and never readable by others. Throws EbbError home-not-writable. */
export function writePrivately(path: string, text: string): void {
  writeWhole(path, text, 0o600);
}

/** What everybody may read who may enter the folder. Throws EbbError home-not-writable. */
export function writeOpenly(path: string, text: string): void {
  writeWhole(path, text, 0o644);
}

function writeWhole(path: string, text: string, mode: number): void {
  try {
    mkdirSync(dirname(path), { recursive: true, mode: 0o700 });
    const half = `${path}.new`;
    writeFileSync(half, text, { mode });
    chmodSync(half, mode);
    renameSync(half, path);
  } catch (thrown) {
    throw new EbbError(
      "home-not-writable",
      `cannot write ${path}: ${messageOf(thrown)}; make its folder writable for this user`,
    );
  }
}

/** The JSON that `writePrivately` wrote; undefined when there is none. Throws EbbError credentials-unreadable. */
export function readPrivateJson<T>(path: string, what: { readonly name: string; readonly advice: string }) {
  if (!existsSync(path)) return undefined;
  try {
    return JSON.parse(readFileSync(path, "utf8")) as T;
  } catch (thrown) {
    throw new EbbError(
      "credentials-unreadable",
      `cannot read ${what.name} in ${path}: ${messageOf(thrown)}; ${what.advice}`,
    );
  }
}
