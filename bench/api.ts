import { listWithoutSockets } from "./api/list-slices.ts";
import { listOverHttps } from "./api/lists.ts";
import { serviceCurve } from "./api/services.ts";
import { watchFanOut, writeToWatch } from "./api/watches.ts";
import { measureDisk, measureWrites } from "./api/writes.ts";
import { newHome, removeHome, startEngine } from "./engine.ts";
import type { BenchOptions } from "./run.ts";

/**
 * The API as its clients feel it, over HTTPS with durable writes: creates and updates by 64 writers beside what the
 * disk alone takes, lists of 10,000 objects, watch fan-out, write-to-watch latency, memory, and the curve of 1,000
 * Services applied in one go. `--part writes|lists|watches|services` runs one of them.
 */
export async function run({ smoke, part }: BenchOptions): Promise<unknown> {
  const figures: Record<string, unknown> = {};
  const parts: Readonly<Record<string, () => Promise<unknown>>> = {
    writes: () =>
      withEngine(async (engine) => ({
        disk: measureDisk(smoke ? 20 : 300),
        ...(await measureWrites(engine, {
          creates: smoke ? 200 : 20_000,
          updates: smoke ? 200 : 20_000,
          writers: 64,
        })),
      })),
    lists: async () => ({
      overHttps: await withEngine((engine) => listOverHttps(engine, smoke ? 500 : 10_000)),
      slices: await listWithoutSockets(smoke ? 500 : 10_000),
    }),
    watches: () =>
      withEngine(async (engine) => ({
        fanOut: await watchFanOut(engine, { watchers: 32, writes: smoke ? 50 : 3000 }),
        writeToWatch: await writeToWatch(engine, { perSecond: smoke ? 50 : 500, seconds: smoke ? 1 : 10 }),
      })),
    services: () => withEngine((engine) => serviceCurve(engine, smoke ? 5 : 1000)),
  };
  for (const [name, measure] of Object.entries(parts))
    if (part === undefined || part === name) figures[name] = await measure();
  if (Object.keys(figures).length === 0) throw new Error(`no part ${part}: ${Object.keys(parts).join(", ")}`);
  return figures;
}

async function withEngine<T>(measure: (engine: Awaited<ReturnType<typeof startEngine>>) => Promise<T>) {
  const home = newHome();
  const engine = await startEngine(home);
  try {
    return await measure(engine);
  } finally {
    await engine.stop();
    removeHome(home);
  }
}
