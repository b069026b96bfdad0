import { setTimeout as wait } from "node:timers/promises";
import { newHome, removeHome, startEngine } from "./engine.ts";
import { commandOf, memoryMiB, processTree } from "./processes.ts";
import type { BenchOptions } from "./run.ts";
import { median, rounded, summary } from "./statistics.ts";

/**
 * How long `ebb up` takes until everything answers, in a new home and in one that has state, and how much memory its
 * processes hold before the first request, shared pages counted once.
 */
export async function run({ smoke }: BenchOptions): Promise<unknown> {
  const runs = smoke ? 1 : 10;
  const fresh: Sample[] = [];
  const existing: Sample[] = [];
  for (let index = 0; index < runs; index++) {
    const home = newHome();
    fresh.push(await sample(home));
    existing.push(await sample(home));
    removeHome(home);
  }
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

async function sample(home: string): Promise<Sample> {
  const engine = await startEngine(home);
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
