import { setTimeout as wait } from "node:timers/promises";
import type { Engine } from "../engine.ts";
import { until } from "../engine.ts";
import { cpuMs, processTree } from "../processes.ts";
import { rounded, summary } from "../statistics.ts";
import { CONFIG_MAPS, Connection, configMapText, inParallel } from "./connection.ts";

const WATCH = `${CONFIG_MAPS}?watch=true`;

/** How many events a second reach all watchers when writers write as fast as they can. */
export async function watchFanOut(
  engine: Engine,
  { watchers, writes }: { readonly watchers: number; readonly writes: number },
): Promise<unknown> {
  const connection = new Connection(engine, watchers + 16);
  const stop = new AbortController();
  let events = 0;
  for (let index = 0; index < watchers; index++)
    await connection.watch(WATCH, (line) => void (line.includes('"fan') && events++), stop.signal);
  const pids = processTree(engine.pid);
  const cpuBefore = cpuMs(pids);
  const started = performance.now();
  await inParallel(writes, 16, async (index) => {
    await connection.send("POST", CONFIG_MAPS, configMapText(`fan${index}`));
  });
  await until("every watcher has seen every write", () => events >= writes * watchers);
  const seconds = (performance.now() - started) / 1000;
  const cpu = cpuMs(pids) - cpuBefore;
  stop.abort();
  connection.close();
  return {
    watchers,
    writes,
    eventsPerSecond: rounded((writes * watchers) / seconds),
    writesPerSecond: rounded(writes / seconds),
    cpuMsPerWrite: rounded(cpu / writes),
  };
}

/** From the moment a client sends a write until another sees it in its watch, at a steady rate. */
export async function writeToWatch(
  engine: Engine,
  { perSecond, seconds }: { readonly perSecond: number; readonly seconds: number },
): Promise<unknown> {
  const connection = new Connection(engine, 65);
  const stop = new AbortController();
  const sent = new Map<string, number>();
  const took: number[] = [];
  await connection.watch(
    WATCH,
    (line) => {
      const name = /"name":"(lat\d+)"/.exec(line)?.[1];
      const at = name === undefined ? undefined : sent.get(name);
      if (at !== undefined) took.push(performance.now() - at);
    },
    stop.signal,
  );
  const total = perSecond * seconds;
  const writing: Promise<unknown>[] = [];
  const started = performance.now();
  for (let index = 0; index < total; index++) {
    const due = started + (index * 1000) / perSecond;
    if (due > performance.now() + 1) await wait(due - performance.now());
    const name = `lat${index}`;
    const text = configMapText(name);
    sent.set(name, performance.now());
    writing.push(connection.send("POST", CONFIG_MAPS, text));
  }
  await Promise.all(writing);
  await until("the watcher has seen every write", () => took.length >= total);
  const reached = rounded(total / ((performance.now() - started) / 1000));
  stop.abort();
  connection.close();
  return {
    unit: "ms from sending the write to seeing the event",
    wanted: perSecond,
    perSecond: reached,
    ...summary(took),
  };
}
