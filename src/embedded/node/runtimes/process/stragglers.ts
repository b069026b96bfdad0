import { readdir, readFile } from "node:fs/promises";
import { sendSignal } from "./process-facts.ts";

/**
 * Finds what left its program's process group (daemons, detached children) by the pod's folder in its environment, and
 * kills it: a pod that is gone has no process. One look through /proc serves all pods that end at the time. On systems
 * without a /proc such processes stay.
 */
export class Stragglers {
  #waiting: string[] = [];
  #next: Promise<void> | undefined;
  #running: Promise<void> = Promise.resolve();

  /** Resolves when a look that began after this call has ended. */
  kill(podFolder: string): Promise<void> {
    this.#waiting.push(podFolder);
    this.#next ??= this.#running.then(() => {
      const folders = this.#waiting;
      this.#waiting = [];
      this.#next = undefined;
      this.#running = killBelow(folders);
      return this.#running;
    });
    return this.#next;
  }
}

async function killBelow(folders: readonly string[]): Promise<void> {
  const marks = folders.map((folder) => `=${folder}/`);
  for (const name of await entriesOfProc()) {
    if (!/^\d+$/.test(name) || Number(name) === process.pid) continue;
    const environment = await environmentOf(name);
    if (marks.some((mark) => environment.includes(mark))) sendSignal(Number(name), "SIGKILL");
  }
}

async function entriesOfProc(): Promise<string[]> {
  try {
    return await readdir("/proc");
  } catch {
    return [];
  }
}

async function environmentOf(pid: string): Promise<string> {
  try {
    return await readFile(`/proc/${pid}/environ`, "utf8");
  } catch {
    // Gone meanwhile, or somebody else's: not one of ours in either case.
    return "";
  }
}
