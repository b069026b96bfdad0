import { linkSync, readFileSync, rmSync, unlinkSync, writeFileSync } from "node:fs";
import { EbbError, messageOf } from "../../base/errors.ts";
import type { Home } from "./home.ts";

/**
 * One engine per home. The lock names its owner by pid and start time, so that a pid used again by another program
 * does not keep a crashed engine's lock alive.
 */
export interface HomeLock {
  release(): void;
}

interface Owner {
  readonly pid: number;
  readonly startTime: string;
}

/** Throws EbbError home-in-use (names the process) or home-unusable. */
export function lockHome(home: Home, pid: number): HomeLock {
  for (let attempt = 0; attempt < 3; attempt++) {
    if (createLock(home, { pid, startTime: startTimeOf(pid) })) return { release: () => removeLock(home) };
    const owner = readOwner(home);
    if (owner && startTimeOf(owner.pid) === owner.startTime && owner.startTime !== "") {
      throw new EbbError(
        "home-in-use",
        `the home ${home.folder} is in use by process ${owner.pid} (${commandOf(owner.pid)}); stop it or choose another with --home DIR`,
      );
    }
    removeLock(home);
  }
  throw new EbbError("home-in-use", `the home ${home.folder} is being taken by other engines; try again`);
}

/** A hard link appears whole or not at all: nobody ever reads a lock without its owner. */
function createLock(home: Home, owner: Owner): boolean {
  const draft = `${home.lock}.${owner.pid}`;
  try {
    writeFileSync(draft, JSON.stringify(owner), { mode: 0o600 });
    linkSync(draft, home.lock);
    return true;
  } catch (thrown) {
    if ((thrown as NodeJS.ErrnoException).code === "EEXIST") return false;
    throw new EbbError(
      "home-unusable",
      `cannot write in the home folder ${home.folder} (${messageOf(thrown)}); check its owner and free space, or choose another with --home DIR`,
      { cause: thrown },
    );
  } finally {
    rmSync(draft, { force: true });
  }
}

function readOwner(home: Home): Owner | undefined {
  try {
    return JSON.parse(readFileSync(home.lock, "utf8")) as Owner;
  } catch {
    // Gone meanwhile, or damaged by a full disk: nobody owns it.
    return undefined;
  }
}

function removeLock(home: Home): void {
  try {
    unlinkSync(home.lock);
  } catch (thrown) {
    if ((thrown as NodeJS.ErrnoException).code !== "ENOENT") throw thrown;
  }
}

/** Clock ticks since boot at which the process started; "" without it or without /proc (then only kill 0 tells). */
function startTimeOf(pid: number): string {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, "utf8");
    return stat.slice(stat.lastIndexOf(")") + 2).split(" ")[19] ?? "";
  } catch {
    return isAlive(pid) && !hasProc() ? "unknown" : "";
  }
}

function hasProc(): boolean {
  try {
    readFileSync("/proc/self/stat");
    return true;
  } catch {
    return false;
  }
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (thrown) {
    return (thrown as NodeJS.ErrnoException).code === "EPERM";
  }
}

function commandOf(pid: number): string {
  try {
    return readFileSync(`/proc/${pid}/cmdline`, "utf8").split("\0").filter(Boolean).slice(0, 3).join(" ");
  } catch {
    return "command unknown";
  }
}
