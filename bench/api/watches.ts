import type { Row } from "../data-plane/rounds.ts";
import type { Engine } from "../engine.ts";
import { cpuMs, processTree } from "../processes.ts";
import { rounded } from "../statistics.ts";
import { watch, write } from "./generators.ts";

/** Events to 32 watchers as fast as 16 writers write, and write-to-watch latency at a steady 500/s. About 20 s. */
export async function measureWatches(engine: Engine, smoke: boolean): Promise<Row[]> {
  const fanOut = { what: "16 writers", prefix: "fan", count: smoke ? 50 : 5000, watchers: 32, writers: 16 };
  const steady = { what: "500 writes/s", prefix: "lat", watchers: 1, writers: 64 };
  const perSecond = smoke ? 50 : 500;
  // What is compiled while it is first used is not measured.
  await write(engine, { verb: "create", prefix: "warm", writers: 64, count: smoke ? 10 : 5000 });
  return [
    await measured(engine, { ...steady, perSecond, count: perSecond * (smoke ? 1 : 10) }),
    await measured(engine, fanOut),
  ];
}

interface Load {
  readonly what: string;
  readonly prefix: string;
  readonly count: number;
  readonly watchers: number;
  readonly writers: number;
  readonly perSecond?: number;
}

async function measured(engine: Engine, { what, watchers, ...load }: Load): Promise<Row> {
  const { prefix, count } = load;
  const { seen } = await watch(engine, { prefix, count, watchers });
  const pids = processTree(engine.pid);
  const cpuBefore = cpuMs(pids);
  const written = await write(engine, { ...load, verb: "create" });
  const { eventsPerSecond, fromDue, fromSent } = await seen;
  return {
    what,
    watchers,
    "writes/s": written.perSecond,
    "events/s": eventsPerSecond,
    "write to watch p50 ms": fromDue.p50,
    p99: fromDue.p99,
    max: fromDue.max,
    "p99 from when it was sent": fromSent.p99,
    "writer late by ms": written.lateMs,
    "CPU, ms a write": rounded((cpuMs(pids) - cpuBefore) / count),
  };
}
