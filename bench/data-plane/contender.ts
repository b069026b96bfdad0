import { readFileSync } from "node:fs";
import { until } from "../engine.ts";
import { cpuMs, kernelMs, residentMiB } from "../processes.ts";

/** Something that requests are sent to, beside others in the same run. */
export interface Contender {
  readonly name: string;
  readonly port: number;
  /** Host field, where the contender routes by it. */
  readonly host?: string;
  /** Put before a command that is to reach it, when it lives in a network of its own. */
  readonly inside: readonly string[];
  /** The processes whose CPU time and memory count. */
  pids(): readonly number[];
  stop(): Promise<void> | void;
}

export const HERE: readonly string[] = [];

export interface Spent {
  readonly cpuMs: number;
  /** The system's part of it. */
  readonly kernelMs: number;
  readonly rssMiB: number;
}

/** CPU time that `contender` takes while `work` runs, and its resident memory after it. */
export async function spent(contender: Contender, work: () => Promise<void>): Promise<Spent> {
  const pids = contender.pids();
  const [allMs, systemMs] = [cpuMs(pids), kernelMs(pids)];
  await work();
  return { cpuMs: cpuMs(pids) - allMs, kernelMs: kernelMs(pids) - systemMs, rssMiB: residentMiB(pids) };
}

/** `pid` names a process whose network is meant; default this one's own. */
export async function untilListens(what: string, port: number, pid: number | "self" = "self"): Promise<void> {
  await until(`${what} listens on ${port}`, () => listens(port, pid));
}

/** Whether any socket of that network listens on `port`, seen without a connection being made. */
export function listens(port: number, pid: number | "self"): boolean {
  const local = `:${port.toString(16).toUpperCase().padStart(4, "0")}`;
  return ["tcp", "tcp6"].some((file) =>
    readFileSync(`/proc/${pid}/net/${file}`, "utf8")
      .split("\n")
      .some((line) => {
        const [, address, , state] = line.trim().split(/\s+/);
        return state === LISTEN && address?.endsWith(local);
      }),
  );
}

const LISTEN = "0A";
