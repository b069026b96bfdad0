import { type ChildProcess, execFileSync, spawn } from "node:child_process";
import { until } from "../engine.ts";

/**
 * A network of its own (Linux): a queue-proxy binds 8022, 9090 and 9091 on every address, so that two of them, or one
 * beside an engine, cannot live in the same.
 */
export interface Namespace {
  /** Put before a command that is to run in it. */
  readonly inside: readonly string[];
  readonly pid: number;
  stop(): void;
}

/** Undefined where this user may make none. */
export async function newNamespace(): Promise<Namespace | undefined> {
  const child = spawn("unshare", ["-rn", "sh", "-c", "ip link set lo up && exec sleep 86400"], {
    stdio: "ignore",
  });
  const pid = child.pid ?? 0;
  const inside = ["nsenter", "-t", String(pid), "-U", "-n", "--preserve-credentials"];
  let ended = false;
  child.once("exit", () => {
    ended = true;
  });
  child.once("error", () => {
    ended = true;
  });
  await until("the namespace has a network", () => ended || loopbackIsUp(inside));
  return ended ? undefined : { inside, pid, stop: () => void child.kill("SIGKILL") };
}

function loopbackIsUp([command = "", ...args]: readonly string[]): boolean {
  try {
    return execFileSync(command, [...args, "ip", "link", "show", "lo"], { stdio: "pipe" }).includes(",UP");
  } catch {
    return false;
  }
}

export interface InsideOptions {
  readonly env: Readonly<Record<string, string | undefined>>;
  /** Its stderr is not shown. */
  readonly quiet?: boolean;
}

/** nsenter becomes the command (exec), so the child's pid is the command's. */
export function spawnInside(
  { inside }: Namespace,
  command: readonly string[],
  { env, quiet }: InsideOptions,
): ChildProcess {
  const [first = "", ...rest] = [...inside, ...command];
  return spawn(first, rest, { env, stdio: ["ignore", "ignore", quiet ? "ignore" : "inherit"] });
}
