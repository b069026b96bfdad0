import { type ChildProcess, execFile, spawn, spawnSync } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { buildApp } from "./app.ts";
import type { Contender as Haproxy } from "./data-plane/contender.ts";
import { startHaproxy } from "./data-plane/haproxy.ts";
import { addImage, createService, newHome, removeHome, startEngine } from "./engine.ts";
import { freePort } from "./ports.ts";
import { commandOf, cpuMs, memoryMiB, processTree } from "./processes.ts";
import type { BenchOptions } from "./run.ts";
import { median, rounded } from "./statistics.ts";

/**
 * Requests per second and CPU per request through ebb's whole path (gateway, activator's phases, queue-proxy), beside
 * HAProxy with one thread in front of the same program. Rounds alternate; what counts is the ratio within one run.
 */
export async function run({ smoke, app: given, runs: wanted, packages }: BenchOptions): Promise<unknown> {
  const missing = ["wrk", "haproxy"].filter((name) => spawnSync("which", [name]).status !== 0);
  if (missing.length > 0) return { skipped: `${missing.join(" and ")} not installed` };
  const app = buildApp(given);
  const folder = packages?.[0];
  const home = newHome();
  const work = mkdtempSync(join(tmpdir(), "ebb-bench-warm-"));
  addImage(home, { name: "bench/hello", path: app.path, folder });
  const engine = await startEngine(home, folder);
  const started: ChildProcess[] = [];
  let haproxy: Haproxy | undefined;
  try {
    const appPort = await freePort();
    started.push(
      spawn(app.path, [], { env: { PATH: process.env.PATH, PORT: String(appPort) }, stdio: "ignore" }),
    );
    haproxy = await startHaproxy(work, appPort);
    const { port, pids } = haproxy;
    for (const [name, capacity] of Object.entries(SERVICES)) await createWarmService(engine, name, capacity);
    const contenders: Contender[] = [
      { name: "haproxy", url: `http://127.0.0.1:${port}/`, pids },
      ...Object.keys(SERVICES).map((name) => ({
        name,
        url: engine.gateway,
        host: `${name}.default.localhost`,
        pids: () => enginePids(engine.pid),
      })),
    ];
    const rounds = wanted ?? (smoke ? 1 : 5);
    const samples = await alternate(contenders, { rounds, seconds: smoke ? 1 : 6 });
    return {
      app: app.language,
      connections: CONNECTIONS,
      ...figures(samples),
      memoryAfterMiB: rounded(memoryMiB(enginePids(engine.pid))),
    };
  } finally {
    for (const child of started) child.kill("SIGKILL");
    await haproxy?.stop();
    await engine.stop();
    removeHome(home);
    rmSync(work, { recursive: true, force: true });
  }
}

const CONNECTIONS = 32;
/** Name of the Service → its target burst capacity: 0 leaves the activator out, the default keeps it in. */
const SERVICES: Readonly<Record<string, string>> = { "ebb-direct": "0", "ebb-activator": "-1" };

function createWarmService(
  engine: Parameters<typeof createService>[0],
  name: string,
  capacity: string,
): Promise<void> {
  const annotations = {
    "autoscaling.knative.dev/min-scale": "1",
    "autoscaling.knative.dev/max-scale": "1",
    "autoscaling.knative.dev/target-burst-capacity": capacity,
  };
  return createService(engine, { name, image: "bench/hello", annotations });
}

interface Contender {
  readonly name: string;
  readonly url: string;
  readonly host?: string;
  pids(): readonly number[];
}

interface Sample {
  readonly requestsPerSecond: number;
  readonly cpuMicroseconds: number;
  readonly p99Ms: number;
}

async function alternate(
  contenders: readonly Contender[],
  { rounds, seconds }: { rounds: number; seconds: number },
): Promise<Map<string, Sample[]>> {
  const samples = new Map<string, Sample[]>(contenders.map(({ name }) => [name, []]));
  for (const contender of contenders) await load(contender, 1);
  for (let round = 0; round < rounds; round++) {
    for (const contender of contenders) samples.get(contender.name)?.push(await load(contender, seconds));
  }
  return samples;
}

async function load({ url, host, pids }: Contender, seconds: number): Promise<Sample> {
  const measured = pids();
  const before = cpuMs(measured);
  const header = host ? ["-H", `Host: ${host}`] : [];
  const args = ["-t1", `-c${CONNECTIONS}`, `-d${seconds}s`, "--latency", ...header, url];
  const { stdout } = await promisify(execFile)("wrk", args);
  const requests = Number(/(\d+) requests in/.exec(stdout)?.[1]);
  if (/Non-2xx|Socket errors/.test(stdout)) throw new Error(`requests to ${host ?? url} failed:\n${stdout}`);
  return {
    requestsPerSecond: Number(/Requests\/sec:\s+([\d.]+)/.exec(stdout)?.[1]),
    cpuMicroseconds: ((cpuMs(measured) - before) * 1000) / requests,
    p99Ms: milliseconds(/99%\s+([\d.]+)(us|ms|s)/.exec(stdout)),
  };
}

function milliseconds(match: RegExpExecArray | null): number {
  const factor = { us: 0.001, ms: 1, s: 1000 }[match?.[2] ?? "ms"] ?? 1;
  return Number(match?.[1]) * factor;
}

function figures(samples: ReadonlyMap<string, readonly Sample[]>): Record<string, unknown> {
  const medians = new Map(
    [...samples].map(([name, all]) => [
      name,
      {
        requestsPerSecond: Math.round(median(all.map((one) => one.requestsPerSecond))),
        cpuMicrosecondsPerRequest: rounded(median(all.map((one) => one.cpuMicroseconds))),
        p99Ms: rounded(median(all.map((one) => one.p99Ms))),
        rounds: all.length,
      },
    ]),
  );
  const base = medians.get("haproxy")?.cpuMicrosecondsPerRequest ?? Number.NaN;
  const ratios = Object.keys(SERVICES).map((name) => [
    name,
    rounded((medians.get(name)?.cpuMicrosecondsPerRequest ?? Number.NaN) / base),
  ]);
  return { ...Object.fromEntries(medians), cpuBesideHaproxy: Object.fromEntries(ratios) };
}

/** The engine's two processes, without the forker and the pods. */
function enginePids(pid: number): number[] {
  return processTree(pid).filter((one) => /(ebb|data-plane-process)\.js$/.test(commandOf(one)));
}
