import { readdirSync, readFileSync } from "node:fs";

/** Figures of processes from /proc, Linux only. A process that is gone counts as nothing. */

const CLOCK_TICK_MS = 10;

/** `pid` and all that descend from it. */
export function processTree(pid: number): number[] {
  const children = new Map<number, number[]>();
  for (const name of readdirSync("/proc")) {
    const parent = parentOf(Number(name));
    if (parent !== undefined) children.set(parent, [...(children.get(parent) ?? []), Number(name)]);
  }
  const below = (one: number): number[] => [one, ...(children.get(one) ?? []).flatMap(below)];
  return below(pid);
}

function parentOf(pid: number): number | undefined {
  if (!Number.isInteger(pid)) return undefined;
  const fields = statFields(pid);
  return fields ? Number(fields[1]) : undefined;
}

/** The fields of /proc/PID/stat after the command, which may itself hold spaces: state, parent, … */
function statFields(pid: number): string[] | undefined {
  const text = read(`/proc/${pid}/stat`);
  return text?.slice(text.lastIndexOf(")") + 2).split(" ");
}

/** User and system time in milliseconds. */
export function cpuMs(pids: readonly number[]): number {
  return timeMs(pids, [USER, SYSTEM]);
}

/** The system's part of it. */
export function kernelMs(pids: readonly number[]): number {
  return timeMs(pids, [SYSTEM]);
}

const USER = 11;
const SYSTEM = 12;

function timeMs(pids: readonly number[], which: readonly number[]): number {
  return pids.reduce((sum, pid) => {
    const fields = statFields(pid) ?? [];
    return sum + which.reduce((part, index) => part + Number(fields[index] ?? 0), 0) * CLOCK_TICK_MS;
  }, 0);
}

/** Memory in MiB with pages that several processes share counted once (proportional set size). */
export function memoryMiB(pids: readonly number[]): number {
  const kib = pids.map((pid) =>
    Number(/^Pss:\s+(\d+)/m.exec(read(`/proc/${pid}/smaps_rollup`) ?? "")?.[1] ?? 0),
  );
  return kib.reduce((sum, one) => sum + one, 0) / 1024;
}

/** Resident memory in MiB; pages that several of them share are counted more than once. */
export function residentMiB(pids: readonly number[]): number {
  return statusMiB(pids, /^VmRSS:\s+(\d+)/m);
}

/** The most that was ever resident of each, summed; shared pages count as above. */
export function peakMiB(pids: readonly number[]): number {
  return statusMiB(pids, /^VmHWM:\s+(\d+)/m);
}

function statusMiB(pids: readonly number[], line: RegExp): number {
  const kib = pids.map((pid) => Number(line.exec(read(`/proc/${pid}/status`) ?? "")?.[1] ?? 0));
  return kib.reduce((sum, one) => sum + one, 0) / 1024;
}

/** The program and what it runs: its first argument that is no option. */
export function commandOf(pid: number): string {
  const [program = "", ...args] = (read(`/proc/${pid}/cmdline`) ?? "").split("\0");
  return `${program} ${args.find((one) => !one.startsWith("-")) ?? ""}`;
}

/** Processes alive whose environment says that they belong to the Service `name`. */
export function processesOfService(name: string): number[] {
  const mark = `K_SERVICE=${name}\0`;
  return readdirSync("/proc")
    .map(Number)
    .filter((pid) => Number.isInteger(pid) && `${read(`/proc/${pid}/environ`) ?? ""}\0`.includes(mark));
}

function read(path: string): string | undefined {
  try {
    return readFileSync(path, "utf8");
  } catch {
    return undefined;
  }
}
