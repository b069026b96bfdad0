import { setTimeout as wait } from "node:timers/promises";
import type { Row } from "../data-plane/rounds.ts";
import { type Engine, startEngine } from "../engine.ts";
import { memoryMiB, peakMiB, processTree } from "../processes.ts";
import { rounded } from "../statistics.ts";
import { write } from "./generators.ts";
import { ManyServices } from "./many-services.ts";

/** Caches pack what was not used for 20 s; V8 gives back what a burst left behind some seconds after it. */
const REST_MS = 45_000;

/**
 * The memory of all processes (proportional set size) that objects add: 10,000 ConfigMaps, and Services at zero with
 * all their children. The first Services also bring code and buffers that later ones find there, so a second lot as
 * large is added, and its difference tells what more of them would take. At the end the engine starts again with all of
 * them. About five minutes.
 */
export async function measureMemory(engine: Engine, smoke: boolean): Promise<Row[]> {
  const rows: Row[] = [];
  const many = await ManyServices.on(engine);
  let last = await rested(engine, smoke);
  const added = async (what: string, count: number, add: () => Promise<unknown>) => {
    await add();
    const now = await rested(engine, smoke);
    const MiB = rounded(now - last);
    rows.push({
      what,
      "MiB added": MiB,
      "for 10,000": rounded((MiB / count) * 10_000),
      "MiB in all": rounded(now),
    });
    last = now;
  };
  const [maps, services] = smoke ? [200, 3] : [10_000, 1000];
  await added(`${maps} ConfigMaps`, maps, () =>
    write(engine, { verb: "create", prefix: "m", count: maps, writers: 32 }),
  );
  await added(`${services} Services`, services, () => many.apply(services));
  await added(`${services} more`, services, () => many.apply(services));
  many.close();
  await engine.stop();
  const again = await startEngine(engine.home, engine.folder);
  const inAll = rounded(await rested(again, smoke));
  const peak = rounded(peakMiB(processTree(again.pid)));
  rows.push({
    what: `a start with them: ready after ${Math.round(again.seenReadyMs)} ms, ${peak} MiB resident at most`,
    "MiB in all": inAll,
  });
  await again.stop();
  return rows;
}

async function rested({ pid }: Engine, smoke: boolean): Promise<number> {
  await wait(smoke ? 100 : REST_MS);
  return memoryMiB(processTree(pid));
}
