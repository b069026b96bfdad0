import { existsSync, mkdirSync, readFileSync, rmdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { messageOf } from "../../../../base/errors.ts";
import type { Log } from "../../../../base/log.ts";
import type { RunId } from "../../runtime.ts";

/**
 * `limits.memory` of process containers, kept by the kernel: each run with a limit has a memory cgroup of its own (v1
 * or v2) below the engine's. Where none may be made, which is told once, containers run without a limit.
 */
export class MemoryLimits {
  readonly #log: Log;
  readonly #findCgroups: () => Cgroups | string;
  #cgroups: Cgroups | string | undefined;
  #isTold = false;

  /** `find` gives where cgroups can be made, or the reason why nowhere. */
  constructor(log: Log, find: () => Cgroups | string = findCgroups) {
    this.#log = log;
    this.#findCgroups = find;
  }

  /** A cgroup for the run; the file into which its first process writes itself. Undefined = there is no limit. */
  prepare(id: RunId, bytes: number): string | undefined {
    const cgroups = this.#find();
    if (typeof cgroups === "string") return this.#tell(cgroups);
    const folder = folderOf(cgroups, id);
    try {
      if (!existsSync(folder)) mkdirSync(folder);
      for (const { file, value, isNeeded } of settings(cgroups.version, bytes))
        if (isNeeded || existsSync(join(folder, file))) writeFileSync(join(folder, file), value);
      return join(folder, "cgroup.procs");
    } catch (thrown) {
      return this.#tell(messageOf(thrown));
    }
  }

  /** Whether the kernel killed something in the run's cgroup because the limit was reached. */
  wasReached(id: RunId): boolean {
    const cgroups = this.#find();
    if (typeof cgroups === "string") return false;
    const file = cgroups.version === 1 ? "memory.oom_control" : "memory.events";
    return Number(/^oom_kill (\d+)$/m.exec(textOf(join(folderOf(cgroups, id), file)))?.[1] ?? 0) > 0;
  }

  /** Gives back the cgroup of a run that ended. */
  remove(id: RunId): void {
    const cgroups = this.#find();
    if (typeof cgroups === "string") return;
    try {
      rmdirSync(folderOf(cgroups, id));
    } catch {
      // Never made, or something that the program left still runs in it.
    }
  }

  #find(): Cgroups | string {
    this.#cgroups ??= this.#findCgroups();
    return this.#cgroups;
  }

  #tell(error: string): undefined {
    if (!this.#isTold) this.#log.warn("memory limits are not kept: no cgroup can be made", { error });
    this.#isTold = true;
  }
}

export interface Cgroups {
  readonly version: 1 | 2;
  /** The folder in which cgroups of runs are made. */
  readonly parent: string;
}

const PREFIX = "ebb-pod-";

function folderOf({ parent }: Cgroups, { podUid, container, restart }: RunId): string {
  return join(parent, `${PREFIX}${podUid}-${container}-${restart}`);
}

/** Swap is not to stand in for memory, as with the kubelet. */
function settings(version: 1 | 2, bytes: number) {
  const value = String(bytes);
  return version === 1
    ? [
        { file: "memory.limit_in_bytes", value, isNeeded: true },
        { file: "memory.memsw.limit_in_bytes", value, isNeeded: false },
      ]
    : [
        { file: "memory.max", value, isNeeded: true },
        { file: "memory.swap.max", value: "0", isNeeded: false },
        { file: "memory.oom.group", value: "1", isNeeded: false },
      ];
}

/** Below the engine's own cgroup in v1; in v2, where a group with processes may have no children, beside it. */
function findCgroups(): Cgroups | string {
  const lines = textOf("/proc/self/cgroup").split("\n");
  const root = "/sys/fs/cgroup";
  const first = lines.find((line) => line.split(":")[1]?.split(",").includes("memory"));
  if (first !== undefined) {
    const own = join(root, "memory", first.split(":")[2] ?? "/");
    return { version: 1, parent: existsSync(own) ? own : join(root, "memory") };
  }
  const own = lines.find((line) => line.startsWith("0::"))?.slice("0::".length);
  if (own === undefined) return "this machine has no cgroups";
  for (const parent of new Set([join(root, own, ".."), root])) {
    const controllers = textOf(join(parent, "cgroup.subtree_control")).trim().split(" ");
    if (parent.startsWith(root) && controllers.includes("memory")) return { version: 2, parent };
  }
  return "no cgroup hands the memory controller on to its children";
}

function textOf(path: string): string {
  try {
    return readFileSync(path, "utf8");
  } catch {
    // Not there: the same as empty for all who ask.
    return "";
  }
}
