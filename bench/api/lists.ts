import { setTimeout as wait } from "node:timers/promises";
import type { Engine } from "../engine.ts";
import { memoryMiB, processTree } from "../processes.ts";
import { rounded, summary } from "../statistics.ts";
import { CONFIG_MAPS, Connection, configMapText, inParallel } from "./connection.ts";

const TIMES = 5;

/** A list of `count` ConfigMaps in one answer, what somebody else waits meanwhile, and the memory that they take. */
export async function listOverHttps(engine: Engine, count: number): Promise<unknown> {
  const connection = new Connection(engine, 32);
  const bystander = new Connection(engine, 1);
  await wait(1000);
  const memoryBefore = memoryMiB(processTree(engine.pid));
  await inParallel(count, 32, async (index) => {
    await connection.send("POST", CONFIG_MAPS, configMapText(`l${index}`));
  });
  await wait(5000);
  const memoryAfter = memoryMiB(processTree(engine.pid));
  const took: number[] = [];
  const waited: number[] = [];
  let bytes = 0;
  for (let time = 0; time < TIMES; time++) {
    let listing = true;
    const pings = (async () => {
      while (listing) {
        const asked = performance.now();
        await bystander.send("GET", "/api/v1/namespaces/default");
        waited.push(performance.now() - asked);
      }
    })();
    const started = performance.now();
    bytes = await connection.send("GET", CONFIG_MAPS);
    took.push(performance.now() - started);
    listing = false;
    await pings;
  }
  connection.close();
  bystander.close();
  return {
    objects: count,
    mebibytes: rounded(bytes / 2 ** 20),
    tookMs: summary(took),
    bystanderMs: summary(waited),
    memoryMiB: {
      unit: "MiB added by the objects after five seconds, proportional set size",
      added: rounded(memoryAfter - memoryBefore),
      per10000: rounded(((memoryAfter - memoryBefore) / count) * 10_000),
    },
  };
}
