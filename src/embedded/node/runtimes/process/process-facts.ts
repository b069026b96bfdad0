import { readFileSync } from "node:fs";

/** Clock ticks since boot at which the process started, "" when it is gone or a zombie, "unknown" without a /proc. */
export function startTimeOf(pid: number): string {
  const stat = readStat(pid);
  if (stat !== undefined) {
    const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
    return fields[0] === "Z" ? "" : (fields[19] ?? "");
  }
  return readStat("self") === undefined && answersSignals(pid) ? "unknown" : "";
}

/** A pid may be another program's by now: only pid and start time together name a process. */
export function isSameProcess(pid: number, startTime: string): boolean {
  const now = startTimeOf(pid);
  return now !== "" && (now === startTime || startTime === "");
}

function readStat(pid: number | "self"): string | undefined {
  try {
    return readFileSync(`/proc/${pid}/stat`, "utf8");
  } catch {
    // No such process (any more), or no /proc on this system: the caller tells the two apart.
    return undefined;
  }
}

function answersSignals(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch (thrown) {
    return (thrown as NodeJS.ErrnoException).code === "EPERM";
  }
}

/** Idempotent: a process that is gone is what was wanted. `target` below zero names a process group. */
export function sendSignal(target: number, signal: NodeJS.Signals): void {
  try {
    process.kill(target, signal);
  } catch (thrown) {
    if ((thrown as NodeJS.ErrnoException).code !== "ESRCH") throw thrown;
  }
}
