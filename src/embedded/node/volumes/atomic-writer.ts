import {
  chmodSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  renameSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { dirname, join } from "node:path";
import type { Payload } from "./payload.ts";

/**
 * A volume's files change all at once, as the kubelet does it: they stand in a folder of their own, `..data` is a link
 * to it, every visible name a link through `..data`; a change makes a new folder and swaps that one link. A program
 * that has a file open keeps the old one.
 */
const DATA = "..data";
const NEXT = "..data_next";

/** Returns whether anything changed. `version` names the new folder: it must never have been used before. */
export function writeAtomically(folder: string, payload: Payload, version: string): boolean {
  mkdirSync(folder, { recursive: true });
  const before = linkAt(join(folder, DATA));
  if (before !== undefined && holds(join(folder, before), payload)) return false;
  const next = `..${version}`;
  mkdirSync(join(folder, next), { mode: 0o755 });
  for (const [path, { bytes, mode }] of payload) {
    const file = join(folder, next, path);
    mkdirSync(dirname(file), { recursive: true });
    writeFileSync(file, bytes);
    chmodSync(file, mode);
  }
  rmSync(join(folder, NEXT), { force: true });
  symlinkSync(next, join(folder, NEXT));
  renameSync(join(folder, NEXT), join(folder, DATA));
  linkNames(folder, payload);
  if (before !== undefined && before !== next) rmSync(join(folder, before), { recursive: true, force: true });
  return true;
}

function linkNames(folder: string, payload: Payload): void {
  const names = new Set([...payload.keys()].map((path) => path.split("/")[0] ?? ""));
  for (const name of readdirSync(folder)) {
    const isOurs = lstatSync(join(folder, name)).isSymbolicLink() && !name.startsWith("..");
    if (isOurs && !names.has(name)) rmSync(join(folder, name));
  }
  for (const name of names)
    if (linkAt(join(folder, name)) === undefined) symlinkSync(join(DATA, name), join(folder, name));
}

function linkAt(path: string): string | undefined {
  try {
    return readlinkSync(path);
  } catch {
    return undefined;
  }
}

function holds(folder: string, payload: Payload): boolean {
  try {
    const found = filesBelow(folder, "");
    if (found.length !== payload.size) return false;
    return [...payload].every(([path, { bytes, mode }]) => {
      const file = join(folder, path);
      return (statSync(file).mode & 0o777) === mode && readFileSync(file).equals(bytes);
    });
  } catch {
    // Missing or unreadable: written anew.
    return false;
  }
}

function filesBelow(folder: string, prefix: string): string[] {
  return readdirSync(join(folder, prefix), { withFileTypes: true }).flatMap((entry) => {
    const path = join(prefix, entry.name);
    return entry.isDirectory() ? filesBelow(folder, path) : [path];
  });
}
