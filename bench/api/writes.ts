import { closeSync, fdatasyncSync, mkdtempSync, openSync, rmSync, writeSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Row } from "../data-plane/rounds.ts";
import type { Engine } from "../engine.ts";
import { cpuMs, processTree } from "../processes.ts";
import { rounded, summary } from "../statistics.ts";
import { write } from "./generators.ts";
import type { WriteLoad } from "./load/writers.ts";

/** Durable writes over HTTPS, beside what the disk alone takes. About 25 s. */
export async function measureWrites(engine: Engine, smoke: boolean): Promise<Row[]> {
  const count = smoke ? 200 : 20_000;
  const create = (prefix: string, writers: number, count: number) =>
    timed(engine, { verb: "create", prefix, writers, count });
  // What is compiled while it is first used is not measured.
  await write(engine, { verb: "create", prefix: "warm", writers: 64, count: smoke ? 10 : 5000 });
  return [
    diskRow(smoke ? 20 : 300),
    { what: "create, 64 writers", ...(await create("w", 64, count)) },
    {
      what: "update, 64 writers",
      ...(await timed(engine, { verb: "update", prefix: "w", writers: 64, count })),
    },
    { what: "create, 1 writer", ...(await create("alone", 1, smoke ? 50 : 500)) },
  ];
}

/** What the disk below the home takes for one write of 4 KiB with fdatasync. */
function diskRow(times: number): Row {
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
  const { p50, p99 } = summary(took);
  return { what: "the disk alone: 4 KiB with fdatasync", "p50 ms": p50, "p99 ms": p99 };
}

async function timed(engine: Engine, load: WriteLoad): Promise<Row> {
  const pids = processTree(engine.pid);
  const cpuBefore = cpuMs(pids);
  const { perSecond, p50, p99, generatorCpuMsEach } = await write(engine, load);
  return {
    "writes/s": perSecond,
    "p50 ms": p50,
    "p99 ms": p99,
    "CPU, ms a write": rounded((cpuMs(pids) - cpuBefore) / load.count),
    "generator's CPU": generatorCpuMsEach,
  };
}
