import { spawn } from "node:child_process";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { parse } from "yaml";
import type { Ready } from "../engine.ts";
import type { Api } from "./load/lane.ts";
import type { Watched, WatchLoad } from "./load/watchers.ts";
import type { WriteLoad, Written } from "./load/writers.ts";

/** The generators, each a process beside the engine, so that none of them measures itself. */

export function write(engine: Ready, load: WriteLoad): Promise<Written> {
  return generate<Written>("writers.ts", { ...load, api: apiOf(engine) }).result;
}

/** Resolves when all watches stand; `seen` resolves when they have seen it all. */
export async function watch(
  engine: Ready,
  load: WatchLoad,
): Promise<{ readonly seen: Promise<Watched>; readonly pid: number }> {
  const { begun, result, pid } = generate<Watched>("watchers.ts", { ...load, api: apiOf(engine) });
  await begun;
  return { seen: result, pid };
}

function apiOf({ kubeconfig }: Ready): Api {
  const config = parse(readFileSync(kubeconfig, "utf8"));
  const { cluster } = config.clusters[0];
  return {
    port: Number(new URL(cluster.server).port),
    token: config.users[0].user.token,
    ca: Buffer.from(cluster["certificate-authority-data"], "base64").toString(),
  };
}

/** Runs `load/PROGRAM JSON`; `begun` resolves at its first line, `result` is its last one. */
function generate<R>(program: string, argument: object) {
  const args = [join(import.meta.dirname, "load", program), JSON.stringify(argument)];
  const child = spawn(process.execPath, args, { stdio: ["ignore", "pipe", "inherit"] });
  const begun = Promise.withResolvers<void>();
  const ended = Promise.withResolvers<R>();
  let last = "";
  createInterface({ input: child.stdout }).on("line", (line) => {
    last = line;
    begun.resolve();
  });
  child.once("close", (code) => {
    if (code === 0) return ended.resolve(JSON.parse(last) as R);
    const failure = new Error(`${program} ended with code ${code}`);
    begun.reject(failure);
    ended.reject(failure);
  });
  return { begun: begun.promise, result: ended.promise, pid: child.pid ?? 0 };
}
