import { cpuUsage } from "node:process";
import { setTimeout as wait } from "node:timers/promises";
import { rounded, summary } from "../../statistics.ts";
import { CONFIG_MAPS, configMapText } from "../config-maps.ts";
import { type Api, argument, Lane, machineMs } from "./lane.ts";

/**
 * Writes ConfigMaps, a process of its own: as fast as `writers` connections get answers, or `perSecond` in an open
 * loop, where latency counts from the moment at which a write was due. Prints one line of JSON.
 */
export interface WriteLoad {
  readonly verb: "create" | "update";
  readonly prefix: string;
  readonly count: number;
  readonly writers: number;
  readonly perSecond?: number;
}

export interface Written {
  readonly perSecond: number;
  readonly p50: number;
  readonly p99: number;
  readonly max: number;
  /** By how much the generator itself came late, at worst. */
  readonly lateMs: number;
  readonly generatorCpuMsEach: number;
}

const { verb, prefix, count, writers, perSecond, api } = argument<WriteLoad & { api: Api }>();
const lanes = await Promise.all(Array.from({ length: writers }, () => Lane.open(api)));
const took: number[] = [];
let lateMs = 0;
let next = 0;
const startedMs = machineMs();
const cpuBefore = cpuUsage();

async function writeOne(lane: Lane, index: number): Promise<void> {
  const dueMs = perSecond === undefined ? machineMs() : startedMs + (index * 1000) / perSecond;
  const early = dueMs - machineMs();
  if (early > 0) await wait(early);
  lateMs = Math.max(lateMs, machineMs() - dueMs);
  const name = `${prefix}${index}`;
  const text = configMapText(name, { dueMs: String(dueMs), sentMs: String(machineMs()) });
  if (verb === "create") await lane.send("POST", CONFIG_MAPS, text);
  else await lane.send("PUT", `${CONFIG_MAPS}/${name}`, text);
  took.push(machineMs() - dueMs);
}

await Promise.all(
  lanes.map(async (lane) => {
    while (next < count) await writeOne(lane, next++);
    lane.close();
  }),
);
const seconds = (machineMs() - startedMs) / 1000;
const cpu = cpuUsage(cpuBefore);
const { p50, p99, max } = summary(took);
const written: Written = {
  perSecond: rounded(count / seconds),
  p50,
  p99,
  max,
  lateMs: rounded(lateMs),
  generatorCpuMsEach: rounded((cpu.user + cpu.system) / 1000 / count),
};
console.log(JSON.stringify(written));
