// Preloaded into a subject that runs with --expose-gc: on SIGUSR2 collects all garbage and appends what is left of the
// heap, in bytes, to the file named by EBB_BENCH_HEAP.
import { appendFileSync } from "node:fs";

process.on("SIGUSR2", () => {
  globalThis.gc();
  globalThis.gc();
  appendFileSync(process.env.EBB_BENCH_HEAP, `${process.memoryUsage().heapUsed}\n`);
});
