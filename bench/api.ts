import { measureLists } from "./api/lists.ts";
import { measureMemory } from "./api/memory.ts";
import { measureInOneGo, measureInWaves } from "./api/services.ts";
import { measureWatches } from "./api/watches.ts";
import { measureWrites } from "./api/writes.ts";
import type { Row } from "./data-plane/rounds.ts";
import { type Engine, newHome, removeHome, startEngine } from "./engine.ts";
import type { BenchOptions } from "./run.ts";

/**
 * The API as its clients feel it, over HTTPS with durable writes, in parts (`--part NAME`; all of them without, about
 * six minutes): each is one table, taken from an engine of its own. With `--package` several builds take turns.
 */
const PARTS: Readonly<Record<string, (engine: Engine, smoke: boolean) => Promise<Row[]>>> = {
  writes: measureWrites,
  watch: measureWatches,
  list: measureLists,
  services: measureInOneGo,
  waves: measureInWaves,
  memory: measureMemory,
};

export async function run({ smoke, part, packages = [] }: BenchOptions): Promise<unknown> {
  const names = Object.keys(PARTS);
  if (part !== undefined && PARTS[part] === undefined)
    throw new Error(`no part ${part}; there are ${names.join(", ")}`);
  const tables: Record<string, readonly Row[]> = {};
  for (const name of part === undefined ? names : [part]) {
    const rows: Row[] = [];
    for (const folder of packages.length === 0 ? [undefined] : packages) {
      const measured = await onEngine(
        folder,
        (engine) => PARTS[name]?.(engine, smoke) ?? Promise.resolve([]),
      );
      rows.push(
        ...(packages.length > 1 ? measured.map((row) => ({ package: folder ?? "", ...row })) : measured),
      );
    }
    tables[name] = rows;
  }
  return { tables };
}

async function onEngine<T>(folder: string | undefined, measure: (engine: Engine) => Promise<T>): Promise<T> {
  const home = newHome();
  const engine = await startEngine(home, folder);
  try {
    return await measure(engine);
  } finally {
    await engine.stop();
    removeHome(home);
  }
}
