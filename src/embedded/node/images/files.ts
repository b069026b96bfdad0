import { createHash } from "node:crypto";
import { chmodSync, constants, copyFileSync, mkdirSync, symlinkSync } from "node:fs";
import { chmod, copyFile, lstat, mkdir, readdir, readFile, readlink, symlink } from "node:fs/promises";
import { join } from "node:path";

/** A tree of files as a list, parents first, so that it can be copied without looking at it again. */
export interface FileEntry {
  /** Relative to the root, with slashes. */
  readonly path: string;
  readonly type: "file" | "folder" | "link";
  readonly executable?: boolean;
  readonly bytes?: number;
  /** Of a link, as it was. */
  readonly target?: string;
}

/** All entries below `root` in a stable order; sockets, devices and pipes are left out. */
export async function listFiles(root: string): Promise<FileEntry[]> {
  const found: FileEntry[] = [];
  await list(root, "", found);
  return found;
}

async function list(root: string, below: string, found: FileEntry[]): Promise<void> {
  for (const name of (await readdir(join(root, below))).sort()) {
    const path = below === "" ? name : `${below}/${name}`;
    const facts = await lstat(join(root, path));
    if (facts.isSymbolicLink()) found.push({ path, type: "link", target: await readlink(join(root, path)) });
    else if (facts.isFile())
      found.push({ path, type: "file", executable: (facts.mode & 0o111) !== 0, bytes: facts.size });
    else if (facts.isDirectory()) {
      found.push({ path, type: "folder" });
      await list(root, path, found);
    }
  }
}

/** The hash of everything that the tree is: paths, kinds, executable bits and contents. */
export async function hashFiles(root: string, entries: readonly FileEntry[]): Promise<string> {
  const hash = createHash("sha256");
  for (const entry of entries) {
    const { path, type, executable = false, target = "" } = entry;
    hash.update(`${JSON.stringify([path, type, executable, target])}\n`);
    if (type === "file")
      hash.update(
        createHash("sha256")
          .update(await readFile(join(root, path)))
          .digest(),
      );
  }
  return hash.digest("hex");
}

/** Copies with the modes given; contents are shared where the file system can (reflink). */
export async function copyFiles(
  from: string,
  to: string,
  how: { readonly entries: readonly FileEntry[]; readonly readOnly: boolean },
): Promise<void> {
  await mkdir(to, { recursive: true });
  for (const entry of how.entries) {
    const target = join(to, entry.path);
    if (entry.type === "folder") await mkdir(target);
    else if (entry.type === "link") await symlink(entry.target ?? "", target);
    else {
      await copyFile(join(from, entry.path), target, constants.COPYFILE_FICLONE);
      await chmod(target, modeOf(entry, how.readOnly));
    }
  }
}

/** The same for small trees, without a round through the thread pool for each file. */
export function copySmallTree(from: string, to: string, entries: readonly FileEntry[]): void {
  mkdirSync(to, { recursive: true });
  for (const entry of entries) {
    const target = join(to, entry.path);
    if (entry.type === "folder") mkdirSync(target);
    else if (entry.type === "link") symlinkSync(entry.target ?? "", target);
    else {
      copyFileSync(join(from, entry.path), target, constants.COPYFILE_FICLONE);
      chmodSync(target, modeOf(entry, false));
    }
  }
}

function modeOf(entry: FileEntry, readOnly: boolean): number {
  return (readOnly ? 0o444 : 0o644) | (entry.executable ? 0o111 : 0);
}
