import { setTimeout as wait } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { addImage, type Engine, SERVICES, setConfig } from "../engine.ts";
import { cpuMs, memoryMiB, processTree } from "../processes.ts";
import { median, rounded } from "../statistics.ts";
import { Connection, inParallel } from "./connection.ts";

const PATIENCE_MS = 15 * 60_000;
const IMAGE = "ebb-bench/hello";

/**
 * Services applied in one go, all at zero from the start, until the last one is Ready: the time of each tenth of them,
 * so that it shows whether the thousandth costs more than the first. And the memory that they and their children take.
 */
export async function serviceCurve(engine: Engine, count: number): Promise<unknown> {
  addImage(engine.home, { name: IMAGE, path: fileURLToPath(new URL("../apps/hello.mjs", import.meta.url)) });
  await setConfig(engine, "config-autoscaler", { "allow-zero-initial-scale": "true" });
  const connection = new Connection(engine, 17);
  const stop = new AbortController();
  const readyAt = new Map<string, number>();
  const appliedAt = new Map<string, number>();
  await connection.watch(`${SERVICES}?watch=true`, (line) => noteReady(line, readyAt), stop.signal);
  await wait(1000);
  const pids = processTree(engine.pid);
  const before = { memory: memoryMiB(pids), cpu: cpuMs(pids) };
  const started = performance.now();
  await inParallel(count, 16, async (index) => {
    const name = `s${index}`;
    appliedAt.set(name, performance.now());
    await connection.send("POST", SERVICES, serviceText(name));
  });
  const applied = performance.now() - started;
  while (readyAt.size < count) {
    if (performance.now() - started > PATIENCE_MS)
      throw new Error(`only ${readyAt.size} of ${count} Services are Ready after ${PATIENCE_MS / 1000} s`);
    await wait(50);
  }
  const took = performance.now() - started;
  const cpu = cpuMs(pids) - before.cpu;
  await wait(5000);
  const added = memoryMiB(pids) - before.memory;
  stop.abort();
  connection.close();
  return {
    services: count,
    appliedMs: rounded(applied),
    allReadyMs: rounded(took),
    msEach: rounded(took / count),
    cpuMsEach: rounded(cpu / count),
    curve: curveOf({ started, count, appliedAt, readyAt }),
    memoryMiB: { added: rounded(added), per10000: rounded((added / count) * 10_000) },
  };
}

function serviceText(name: string): string {
  const annotations = { "autoscaling.knative.dev/initial-scale": "0" };
  return JSON.stringify({
    apiVersion: "serving.knative.dev/v1",
    kind: "Service",
    metadata: { name },
    spec: { template: { metadata: { annotations }, spec: { containers: [{ image: IMAGE }] } } },
  });
}

function noteReady(line: string, readyAt: Map<string, number>): void {
  const { object } = JSON.parse(line);
  const name: string | undefined = object?.metadata?.name;
  if (name === undefined || readyAt.has(name)) return;
  const conditions: { type: string; status: string }[] = object.status?.conditions ?? [];
  if (conditions.some(({ type, status }) => type === "Ready" && status === "True"))
    readyAt.set(name, performance.now());
}

/** For each tenth, in the order in which they became Ready: how long it took, and how long its Services waited. */
function curveOf(run: {
  readonly started: number;
  readonly count: number;
  readonly appliedAt: ReadonlyMap<string, number>;
  readonly readyAt: ReadonlyMap<string, number>;
}): unknown {
  const order = [...run.readyAt].sort(([, left], [, right]) => left - right);
  const size = Math.max(1, Math.ceil(run.count / 10));
  const tenths: unknown[] = [];
  let last = run.started;
  for (let first = 0; first < order.length; first += size) {
    const tenth = order.slice(first, first + size);
    const end = tenth.at(-1)?.[1] ?? last;
    const waited = tenth.map(([name, at]) => at - (run.appliedAt.get(name) ?? at));
    tenths.push({
      readyUpTo: first + tenth.length,
      msEach: rounded((end - last) / tenth.length),
      applyToReadyMs: rounded(median(waited)),
    });
    last = end;
  }
  return tenths;
}
