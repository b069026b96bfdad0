import { closeSync, fstatSync, openSync, readFileSync, readSync, statSync } from "node:fs";
import { readdir } from "node:fs/promises";
import { join } from "node:path";
import { type RunFiles, runFiles } from "../../pod-folder.ts";
import type { Exit, FoundRun } from "../../runtime.ts";
import { isSameProcess } from "./process-facts.ts";

/** The files that shims leave, read: this is how an engine learns of the runs of the one before it. */

export interface RecordedRun extends FoundRun {
  readonly startTime: string;
}

export async function findRuns(pods: string): Promise<RecordedRun[]> {
  const found: RecordedRun[] = [];
  for (const podUid of await foldersIn(pods)) {
    for (const container of await foldersIn(join(pods, podUid))) {
      for (const file of await readdir(join(pods, podUid, container))) {
        const restart = /^(\d+)\.pid$/.exec(file)?.[1];
        if (restart === undefined) continue;
        const run = readRun(pods, { podUid, container, restart: Number(restart) });
        if (run) found.push(run);
      }
    }
  }
  return found;
}

/** Undefined until the shim has written the record (a reader may come between its creation and its content). */
export function readExit(files: RunFiles): Exit | undefined {
  const text = readText(files.exit);
  if (!text?.endsWith("\n")) return undefined;
  return { exitCode: Number(text), atMs: statSync(files.exit).mtimeMs };
}

/** The last `bytes` of a file, "" when there is none. */
export function readTail(path: string, bytes: number): string {
  let file: number;
  try {
    file = openSync(path, "r");
  } catch (thrown) {
    if ((thrown as NodeJS.ErrnoException).code === "ENOENT") return "";
    throw thrown;
  }
  try {
    const { size } = fstatSync(file);
    const buffer = Buffer.alloc(Math.min(size, bytes));
    const count = readSync(file, buffer, 0, buffer.length, size - buffer.length);
    return buffer.toString("utf8", 0, count);
  } finally {
    closeSync(file);
  }
}

function readRun(
  pods: string,
  id: { podUid: string; container: string; restart: number },
): RecordedRun | undefined {
  const files = runFiles(pods, id);
  const [pidText, startTime = ""] = (readText(files.pid) ?? "").trim().split(" ");
  const pid = Number(pidText);
  if (!(pid > 1)) return undefined;
  const run = { ...id, pid, startTime, startedAtMs: statSync(files.pid).mtimeMs };
  const exit = readExit(files);
  if (exit) return { ...run, exit };
  if (isSameProcess(pid, startTime)) return run;
  // Died together with its shim (a reboot, most often): nobody knows how.
  return { ...run, exit: { exitCode: 137, atMs: run.startedAtMs } };
}

async function foldersIn(folder: string): Promise<string[]> {
  const entries = await readdir(folder, { withFileTypes: true });
  return entries
    .filter((entry) => entry.isDirectory() && !entry.name.startsWith("."))
    .map(({ name }) => name);
}

function readText(path: string): string | undefined {
  try {
    return readFileSync(path, "utf8");
  } catch (thrown) {
    if ((thrown as NodeJS.ErrnoException).code === "ENOENT") return undefined;
    throw thrown;
  }
}
