import { closeSync, fdatasyncSync, mkdtempSync, openSync, rmSync, writeSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Engine } from "../engine.ts";
import { cpuMs, processTree } from "../processes.ts";
import { rounded, summary } from "../statistics.ts";
import { CONFIG_MAPS, Connection, configMapText, inParallel } from "./connection.ts";

/** What the disk below the home takes for one write of 4 KiB with fdatasync. */
export function measureDisk(times: number): unknown {
  const folder = mkdtempSync(join(tmpdir(), "ebb-bench-disk-"));
  const file = openSync(join(folder, "file"), "w");
  const block = Buffer.alloc(4096, 1);
  const took = Array.from({ length: times }, () => {
    const started = performance.now();
    writeSync(file, block);
    fdatasyncSync(file);
    return performance.now() - started;
  });
  closeSync(file);
  rmSync(folder, { recursive: true });
  return { unit: "ms for 4 KiB with fdatasync", ...summary(took) };
}

export interface WriteLoad {
  readonly creates: number;
  readonly updates: number;
  readonly writers: number;
}

export async function measureWrites(engine: Engine, load: WriteLoad): Promise<Record<string, unknown>> {
  const connection = new Connection(engine, load.writers);
  const name = (index: number) => `w${index}`;
  const create = (index: number) => connection.send("POST", CONFIG_MAPS, configMapText(name(index)));
  const update = (index: number) => {
    const one = name(index % load.creates);
    return connection.send("PUT", `${CONFIG_MAPS}/${one}`, configMapText(one, { n: String(index) }));
  };
  await inParallel(
    100,
    8,
    async (index) => void (await connection.send("POST", CONFIG_MAPS, configMapText(`warm${index}`))),
  );
  const alone = await timed(engine, { count: Math.min(200, load.creates), writers: 1 }, (index) =>
    connection.send("POST", CONFIG_MAPS, configMapText(`alone${index}`)),
  );
  const creates = await timed(engine, { count: load.creates, writers: load.writers }, create);
  const updates = await timed(engine, { count: load.updates, writers: load.writers }, update);
  connection.close();
  return { creates, updates, oneWriter: alone };
}

async function timed(
  { pid }: Engine,
  { count, writers }: { readonly count: number; readonly writers: number },
  write: (index: number) => Promise<number>,
): Promise<unknown> {
  const took: number[] = [];
  const pids = processTree(pid);
  const cpuBefore = cpuMs(pids);
  const started = performance.now();
  await inParallel(count, writers, async (index) => {
    const sent = performance.now();
    await write(index);
    took.push(performance.now() - sent);
  });
  const seconds = (performance.now() - started) / 1000;
  return {
    writers,
    perSecond: rounded(count / seconds),
    cpuMsEach: rounded((cpuMs(pids) - cpuBefore) / count),
    answeredMs: summary(took),
  };
}
