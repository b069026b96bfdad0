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

/** An hour at a thousand requests a second, as fast as it goes, in about this many stretches. */
const REQUESTS = 3_600_000;
const STRETCHES = 6;
/** On a slow machine it ends earlier, and says after how many requests. */
const LIMIT_MS = 200_000;
/** Few requests come over one connection: it gets a shorter time. */
const LOADS = [
  { connections: 1, seconds: 1 },
  { connections: 32, seconds: 5 },
  { connections: 256, seconds: 5 },
];

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
    const [wanted, stretches] = options.smoke ? [4_000, 2] : [REQUESTS, STRETCHES];
    const endMs = performance.now() + LIMIT_MS;
    const rows: HeapRow[] = [];
    for (let requests = 0; requests < wanted && performance.now() < endMs; ) {
      const until = requests + wanted / stretches;
      while (requests < until && performance.now() < endMs) {
        for (const load of LOADS)
          requests += (await wrk(contender, options.smoke ? { ...load, seconds: 1 } : load)).requests;
      }
      const row = await look(contender, { requests, heapFile });
      console.error(
        `soak: ${row.requests} requests of ${wanted}, heap ${row.heapMiB} MiB, RSS ${row.rssMiB} MiB`,
      );
      rows.push(row);
    }
    return rows.map((row, at) => ({ ...row, ...(at === rows.length - 1 && growth(rows)) }));
  });
}

interface HeapRow extends Row {
  readonly requests: number;
  readonly heapMiB: number;
  readonly rssMiB: number;
}

/** What a million requests add, from the first look on: before it the program is still warming up. */
function growth(rows: readonly HeapRow[]) {
  const [first, last] = [rows[0], rows.at(-1)];
  if (first === undefined || last === undefined || first === last) return {};
  const millions = (last.requests - first.requests) / 1e6;
  return {
    heapKiBPerMillion: rounded(((last.heapMiB - first.heapMiB) * 1024) / millions),
    rssKiBPerMillion: rounded(((last.rssMiB - first.rssMiB) * 1024) / millions),
  };
}

async function look(
  contender: Contender,
  { requests, heapFile }: { requests: number; heapFile: string },
): Promise<HeapRow> {
  // Idle connections to the application end meanwhile.
  await wait(6_000);
  writeFileSync(heapFile, "");
  for (const pid of contender.pids()) process.kill(pid, "SIGUSR2");
  await until("the heap was measured", () => existsSync(heapFile) && readFileSync(heapFile, "utf8") !== "");
  const heapMiB = Number(readFileSync(heapFile, "utf8").trim()) / 2 ** 20;
  return {
    contender: contender.name,
    case: `after ${requests}`,
    requests,
    heapMiB: rounded(heapMiB),
    rssMiB: rounded(residentMiB(contender.pids())),
  };
}
