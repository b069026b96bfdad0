import type * as Ffi from "node:ffi";
import { performance } from "node:perf_hooks";
import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import { type Clock, sleep } from "../base/clock.ts";
import type { Log } from "../base/log.ts";

/**
 * Gives memory back that a burst of work left behind: V8 collects nothing while nothing is allocated, and glibc keeps
 * free pages that lie below any block in use. Both are asked for when the process is idle only, for they pause it by
 * 0.1 to 0.2 s (docs/adr/0007-two-processes.md).
 */

const LOOK_EVERY_MS = 5_000;
/** Over the least that was ever seen. */
const GROWTH_MAX = 1.5;
/** Of one core, between two looks; and of the loop's time, which tells of a process that wants more and gets none. */
const IDLE_CPU = 0.1;
const IDLE_LOOP = 0.5;
/** Less is not worth a pause: the next try waits twice as long, since what is held is in use. */
const WORTH = 0.1;
const WAIT_MAX_MS = 600_000;
/** From a collection to the moment when its pages are free. */
const SWEEP_MS = 500;
const MIB = 1024 * 1024;

/** What the process is like, since the last time it was asked. */
export interface ProcessLoad {
  readonly residentBytes: number;
  /** 1 = a whole core. */
  readonly cpu: number;
  /** Share of the time in which the event loop was not waiting. */
  readonly loop: number;
}

export interface MemoryReturnPorts {
  readonly clock: Clock;
  readonly log: Log;
  readonly load: () => ProcessLoad;
  /** Resolves when all that can be given back is. */
  readonly giveBack: () => Promise<void>;
}

export class MemoryReturn {
  readonly #ports: MemoryReturnPorts;
  #leastBytes = Number.POSITIVE_INFINITY;
  #waitMs = LOOK_EVERY_MS;
  #notBeforeMs = 0;

  constructor(ports: MemoryReturnPorts) {
    this.#ports = ports;
  }

  /** Returns how to stop. */
  start(): () => void {
    const { clock, load } = this.#ports;
    // A burst may be under way at the first look already.
    this.#leastBytes = load().residentBytes;
    let isStopped = false;
    const again = async () => {
      await this.#look();
      if (!isStopped) timer = clock.schedule(LOOK_EVERY_MS, () => void again());
    };
    let timer = clock.schedule(LOOK_EVERY_MS, () => void again());
    return () => {
      isStopped = true;
      timer.cancel();
    };
  }

  async #look(): Promise<void> {
    const { clock, log, load, giveBack } = this.#ports;
    const { residentBytes, cpu, loop } = load();
    this.#leastBytes = Math.min(this.#leastBytes, residentBytes);
    const isIdle = cpu <= IDLE_CPU && loop <= IDLE_LOOP;
    const beganMs = clock.monotonic();
    if (!isIdle || residentBytes <= GROWTH_MAX * this.#leastBytes || beganMs < this.#notBeforeMs) return;
    await giveBack();
    const left = load().residentBytes;
    const isWorth = left < (1 - WORTH) * residentBytes;
    this.#waitMs = isWorth ? LOOK_EVERY_MS : Math.min(WAIT_MAX_MS, 2 * this.#waitMs);
    this.#notBeforeMs = clock.monotonic() + this.#waitMs;
    log.debug("memory was given back", {
      fromMiB: Math.round(residentBytes / MIB),
      toMiB: Math.round(left / MIB),
      ms: Math.round(clock.monotonic() - beganMs),
    });
  }
}

/** Of this process. */
export function processLoad(clock: Clock): () => ProcessLoad {
  let [atMs, cpuMicros, turns] = [clock.monotonic(), process.cpuUsage(), performance.eventLoopUtilization()];
  return () => {
    const [nowMs, used, turned] = [clock.monotonic(), process.cpuUsage(), performance.eventLoopUtilization()];
    const micros = used.user + used.system - cpuMicros.user - cpuMicros.system;
    const cpu = micros / 1_000 / Math.max(1, nowMs - atMs);
    const loop = performance.eventLoopUtilization(turned, turns).utilization;
    [atMs, cpuMicros, turns] = [nowMs, used, turned];
    return { residentBytes: process.memoryUsage.rss(), cpu, loop };
  };
}

/** Collects garbage, and has the C library give its free pages back where it can be asked to. */
export async function giveMemoryBack(clock: Clock): Promise<void> {
  await collectGarbage(clock);
  trimHeap();
}

/** Returns how to stop. The C library's heap is left as it is: to trim it would warn the command's user of node:ffi. */
export function collectWhenIdle(clock: Clock, log: Log): () => void {
  return new MemoryReturn({
    clock,
    log,
    load: processLoad(clock),
    giveBack: () => collectGarbage(clock),
  }).start();
}

/** Resolves when what V8 found to be free is freed, by another thread and after the collection. */
async function collectGarbage(clock: Clock): Promise<void> {
  setFlagsFromString("--expose-gc");
  (runInNewContext("gc") as () => void)();
  await sleep(clock, SWEEP_MS);
}

function trimHeap(): void {
  // Node has it since 26.
  const ffi: typeof Ffi | undefined = process.getBuiltinModule("node:ffi");
  try {
    ffi?.dlopen(null, { malloc_trim: { arguments: ["u64"], return: "i32" } }).functions.malloc_trim(0n);
  } catch {
    // Another C library than glibc: there is nothing to ask for.
  }
}
