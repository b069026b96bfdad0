import { rounded, summary } from "../../statistics.ts";
import { CONFIG_MAPS } from "../config-maps.ts";
import { type Api, argument, Lane, machineMs } from "./lane.ts";

/**
 * Watches ConfigMaps on `watchers` connections, a process of its own, until each has seen `count` of those whose names
 * begin with `prefix`. Prints `open`, then one line of JSON; latency counts from the moment at which a write was due.
 */
export interface WatchLoad {
  readonly prefix: string;
  readonly count: number;
  readonly watchers: number;
}

export interface Watched {
  readonly events: number;
  readonly eventsPerSecond: number;
  readonly p50: number;
  readonly p99: number;
  readonly max: number;
}

const { prefix, count, watchers, api } = argument<WatchLoad & { api: Api }>();
const done = Promise.withResolvers<void>();
const took: number[] = [];
let first = 0;

function see(line: string): void {
  if (!line.includes(`"name":"${prefix}`)) return;
  const dueMs = /"dueMs":"([\d.]+)"/.exec(line)?.[1];
  if (dueMs === undefined) return;
  const nowMs = machineMs();
  first ||= nowMs;
  took.push(nowMs - Number(dueMs));
  if (took.length === count * watchers) done.resolve();
}

const lanes = await Promise.all(Array.from({ length: watchers }, () => Lane.open(api)));
for (const lane of lanes) {
  let rest = "";
  await lane.watch(`${CONFIG_MAPS}?watch=true`, (text) => {
    const lines = (rest + text).split("\n");
    rest = lines.pop() ?? "";
    for (const line of lines) see(line);
  });
}
console.log("open");
await done.promise;
const seconds = (machineMs() - first) / 1000;
for (const lane of lanes) lane.close();
const { p50, p99, max } = summary(took);
const watched: Watched = {
  events: took.length,
  eventsPerSecond: rounded(took.length / seconds),
  p50,
  p99,
  max,
};
console.log(JSON.stringify(watched));
