import { rounded, summary } from "../../statistics.ts";
import { CONFIG_MAPS } from "../config-maps.ts";
import { type Api, argument, Lane, machineMs } from "./lane.ts";

/**
 * Watches ConfigMaps on `watchers` connections, a process of its own, until each has seen `count` of those whose names
 * begin with `prefix`. Prints `open`, then one line of JSON; latency counts from the moment at which a write was due,
 * and once more from when the writer, which may be late itself, sent it.
 */
export interface WatchLoad {
  readonly prefix: string;
  readonly count: number;
  readonly watchers: number;
}

export interface Watched {
  readonly events: number;
  readonly eventsPerSecond: number;
  readonly fromDue: Latency;
  readonly fromSent: Latency;
}

interface Latency {
  readonly p50: number;
  readonly p99: number;
  readonly max: number;
}

const { prefix, count, watchers, api } = argument<WatchLoad & { api: Api }>();
const done = Promise.withResolvers<void>();
const fromDue: number[] = [];
const fromSent: number[] = [];
let first = 0;

function see(line: string): void {
  if (!line.includes(`"name":"${prefix}`)) return;
  const [, dueMs, sentMs] = /"dueMs":"([\d.]+)".*?"sentMs":"([\d.]+)"/.exec(line) ?? [];
  if (dueMs === undefined) return;
  const nowMs = machineMs();
  first ||= nowMs;
  fromDue.push(nowMs - Number(dueMs));
  fromSent.push(nowMs - Number(sentMs));
  if (fromDue.length === count * watchers) done.resolve();
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
const watched: Watched = {
  events: fromDue.length,
  eventsPerSecond: rounded(fromDue.length / seconds),
  fromDue: summary(fromDue),
  fromSent: summary(fromSent),
};
console.log(JSON.stringify(watched));
