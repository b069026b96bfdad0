import { spawnSync } from "node:child_process";
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { startEngineContenders } from "./data-plane/engines.ts";
import { DIST } from "./data-plane/part.ts";
import { wrk } from "./data-plane/wrk.ts";
import { type CpuProfile, type Frame, flameSvg, framesOf } from "./flame.ts";
import type { BenchOptions } from "./run.ts";
import { rounded } from "./statistics.ts";

/**
 * Where the time of the data-plane process goes while small requests pass through gateway, activator and queue-proxy on
 * 32 connections: bench/results/profile.svg, and the functions with the most time of their own. Samples are of the
 * clock: a system call counts with all that the kernel does in it, and with what else ran meanwhile.
 */
export async function run({ smoke, packages }: BenchOptions): Promise<unknown> {
  const missing = ["nginx", "wrk"].filter((name) => spawnSync("which", [name]).status !== 0);
  if (missing.length > 0) return { skipped: `${missing.join(" and ")} not installed` };
  const work = mkdtempSync(join(tmpdir(), "ebb-bench-profile-"));
  const before = process.env.NODE_OPTIONS;
  try {
    process.env.NODE_OPTIONS = `--cpu-prof --cpu-prof-interval 250 --cpu-prof-dir=${work}/profiles`;
    const contenders = await startEngineContenders({ work, folder: packages?.[0] ?? DIST, suffix: "" });
    const contender = contenders.find(({ name }) => name.includes("activator"));
    const [pid] = contender?.pids() ?? [];
    if (contender === undefined || pid === undefined)
      return { skipped: "the engine has no data-plane process" };
    const seconds = smoke ? 2 : 12;
    await wrk(contender, { connections: 32, seconds });
    await contender.stop();
    return report(profileOf(join(work, "profiles"), pid), seconds);
  } finally {
    if (before === undefined) delete process.env.NODE_OPTIONS;
    else process.env.NODE_OPTIONS = before;
    rmSync(work, { recursive: true, force: true });
  }
}

function profileOf(folder: string, pid: number): CpuProfile {
  const name = readdirSync(folder).find((one) => one.split(".").includes(String(pid)));
  if (name === undefined) throw new Error(`process ${pid} left no profile in ${folder}`);
  return JSON.parse(readFileSync(join(folder, name), "utf8")) as CpuProfile;
}

/** The busiest stretch of the profile is the load; its first third is left to the compiler. */
function report(profile: CpuProfile, seconds: number): unknown {
  const loadUs = seconds * 1e6;
  const endUs = lastBusyUs(profile);
  const root = framesOf(profile, { fromUs: endUs - (loadUs * 2) / 3, toUs: endUs });
  const file = join(import.meta.dirname, "results/profile.svg");
  mkdirSync(join(import.meta.dirname, "results"), { recursive: true });
  const title = `Data-plane process, small requests through the activator, 32 connections, ${process.version}`;
  writeFileSync(file, flameSvg(root, title, colourOf));
  return { svg: "bench/results/profile.svg", own: ownTimes(root), byOrigin: byOrigin(root) };
}

/** The end of the last second that was busy for more than a third. */
function lastBusyUs({ nodes, samples, timeDeltas }: CpuProfile): number {
  const idle = new Set(nodes.filter((node) => node.callFrame.functionName === "(idle)").map(({ id }) => id));
  const busy: number[] = [];
  let atUs = 0;
  for (const [index, id] of samples.entries()) {
    const us = timeDeltas[index] ?? 0;
    atUs += us;
    const second = Math.floor(atUs / 1e6);
    busy[second] = (busy[second] ?? 0) + (idle.has(id) ? 0 : us);
  }
  return (busy.findLastIndex((us) => us > 333_000) + 1) * 1e6;
}

const COLOURS: Readonly<Record<string, string>> = {
  "kernel and C++": "#f4a582",
  Node: "#fddbc7",
  "garbage collector": "#b2abd2",
  ebb: "#92c5de",
};

function originOf({ name, url }: Frame): string {
  if (name === "(garbage collector)") return "garbage collector";
  if (url === "") return "kernel and C++";
  return url.startsWith("node:") ? "Node" : "ebb";
}

function colourOf(frame: Frame): string {
  return frame.name === "all" ? "#eee" : (COLOURS[originOf(frame)] ?? "#eee");
}

function byOrigin(root: Frame): Record<string, string> {
  const sums = new Map<string, number>();
  everyFrame(root, (frame) => sums.set(originOf(frame), (sums.get(originOf(frame)) ?? 0) + frame.selfUs));
  return Object.fromEntries([...sums].map(([name, us]) => [name, percent(us / root.totalUs)]));
}

function ownTimes(root: Frame): Record<string, string> {
  const sums = new Map<string, number>();
  everyFrame(root, (frame) => sums.set(frame.name, (sums.get(frame.name) ?? 0) + frame.selfUs));
  const most = [...sums].sort((a, b) => b[1] - a[1]).slice(0, 20);
  return Object.fromEntries(most.map(([name, us]) => [name, percent(us / root.totalUs)]));
}

function everyFrame(frame: Frame, visit: (frame: Frame) => void): void {
  visit(frame);
  for (const callee of frame.callees.values()) everyFrame(callee, visit);
}

function percent(share: number): string {
  return `${rounded(share * 100)} %`;
}
