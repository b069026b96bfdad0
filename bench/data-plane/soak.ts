import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as wait } from "node:timers/promises";
import { until } from "../engine.ts";
import { residentMiB } from "../processes.ts";
import { rounded } from "../statistics.ts";
import type { Contender } from "./contender.ts";
import { LOAD } from "./generators.ts";
import { withContenders } from "./own-contenders.ts";
import { DIST, type PartContext } from "./part.ts";
import { ebbQueueProxy, startQueueProxy } from "./queue-proxies.ts";
import type { Row } from "./rounds.ts";
import { wrk } from "./wrk.ts";

/** An hour at a thousand requests a second, as fast as it goes, in this many stretches. */
const REQUESTS = 3_600_000;
const STRETCHES = 12;
const CONNECTIONS = [1, 32, 256];

/** Whether anything grows with requests: the heap after a full collection, and the resident memory. */
export async function soak({ options, work }: PartContext): Promise<readonly Row[]> {
  const heapFile = join(work, "heap");
  const [folder = DIST] = options.packages ?? [];
  const plan = ebbQueueProxy(folder, "");
  const [node = "", ...program] = plan.command;
  const command = [node, "--expose-gc", "--import", join(LOAD, "heap-probe.mjs"), ...program];
  const start = () => startQueueProxy(work, { ...plan, command, env: { EBB_BENCH_HEAP: heapFile } });
  return withContenders([start], async ([contender]) => {
    if (contender === undefined) return [];
    const wanted = options.smoke ? 10_000 : REQUESTS;
    const rows: Row[] = [];
    let requests = 0;
    for (let stretch = 1; requests < wanted; stretch++) {
      while (requests < (wanted * stretch) / STRETCHES) {
        for (const connections of CONNECTIONS)
          requests += (await wrk(contender, { connections, seconds: options.smoke ? 1 : 5 })).requests;
      }
      rows.push(await look(contender, { requests, heapFile }));
    }
    return rows;
  });
}

async function look(
  contender: Contender,
  { requests, heapFile }: { requests: number; heapFile: string },
): Promise<Row> {
  // Idle connections to the application end meanwhile.
  await wait(6_000);
  writeFileSync(heapFile, "");
  for (const pid of contender.pids()) process.kill(pid, "SIGUSR2");
  await until("the heap was measured", () => existsSync(heapFile) && readFileSync(heapFile, "utf8") !== "");
  const heapMiB = Number(readFileSync(heapFile, "utf8").trim()) / 2 ** 20;
  return {
    contender: contender.name,
    case: `after ${requests}`,
    heapMiB: rounded(heapMiB),
    rssMiB: rounded(residentMiB(contender.pids())),
  };
}
