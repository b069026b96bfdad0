import { setTimeout as wait } from "node:timers/promises";
import { newHome, removeHome, startEngine } from "./engine.ts";
import { commandOf, memoryMiB, processTree } from "./processes.ts";
import type { BenchOptions } from "./run.ts";
import { median, rounded, summary } from "./statistics.ts";

/**
 * How long `ebb up` takes until everything answers, in a new home and in one that has state, and how much memory its
 * processes hold before the first request, shared pages counted once. Packages that are compared take turns.
 */
export async function run({ smoke, runs: wanted, packages }: BenchOptions): Promise<unknown> {
  const runs = wanted ?? (smoke ? 1 : 10);
  const contenders: Contender[] = (packages ?? [undefined]).map((folder) => ({
    ...(folder === undefined ? {} : { folder }),
    fresh: [],
    existing: [],
  }));
  for (let index = 0; index < runs; index++) {
    for (const { folder, fresh, existing } of contenders) {
      const home = newHome();
      fresh.push(await sample(home, folder));
      existing.push(await sample(home, folder));
      removeHome(home);
    }
  }
  const measured = contenders.map((one) => ({ folder: one.folder, ...figures(one) }));
  return packages ? { packages: measured } : measured[0];
}

interface Contender {
  readonly folder?: string;
  readonly fresh: Sample[];
  readonly existing: Sample[];
}

function figures({ fresh, existing }: Contender): Record<string, unknown> {
  return {
    readyMs: {
      unit: "ms from the command's start to its ready line, and as the engine counts it",
      existingState: {
        seen: summary(existing.map(({ seenMs }) => seenMs)),
        own: summary(existing.map(({ ownMs }) => ownMs)),
      },
      newHome: {
        seen: summary(fresh.map(({ seenMs }) => seenMs)),
        own: summary(fresh.map(({ ownMs }) => ownMs)),
      },
    },
    memory: {
      unit: "MiB before the first request, proportional set size",
      total: rounded(median(existing.map(({ memory }) => memory))),
      processes: existing.at(-1)?.processes,
    },
  };
}

interface Sample {
  readonly seenMs: number;
  readonly ownMs: number;
  readonly memory: number;
  readonly processes: Readonly<Record<string, number>>;
}

const SETTLE_MS = 2000;

async function sample(home: string, folder: string | undefined): Promise<Sample> {
  const engine = await startEngine(home, folder);
  await wait(SETTLE_MS);
  const pids = processTree(engine.pid);
  const processes = Object.fromEntries(pids.map((pid) => [commandName(pid), rounded(memoryMiB([pid]))]));
  const memory = memoryMiB(pids);
  await engine.stop();
  return { seenMs: engine.seenReadyMs, ownMs: engine.ms, memory, processes };
}

function commandName(pid: number): string {
  return commandOf(pid)
    .split(" ")
    .map((part) => part.split("/").at(-1))
    .join(" ");
}
