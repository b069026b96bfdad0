import type { Row } from "../data-plane/rounds.ts";
import type { Engine } from "../engine.ts";
import { cpuMs, processTree } from "../processes.ts";
import { median, rounded } from "../statistics.ts";
import { ManyServices } from "./many-services.ts";

const WAVES = 10;

/**
 * Services applied in one go until the last one is Ready, in tenths in the order in which they became so. All of them
 * go through the same queues side by side, so that most become Ready at the end. About a minute.
 */
export async function measureInOneGo(engine: Engine, smoke: boolean): Promise<Row[]> {
  const count = smoke ? 5 : 1000;
  const many = await ManyServices.on(engine);
  const pids = processTree(engine.pid);
  const cpuBefore = cpuMs(pids);
  const started = performance.now();
  await many.apply(count);
  const took = performance.now() - started;
  const whole = {
    "Ready up to": `all ${count}`,
    "ms a Service": rounded(took / count),
    "CPU, ms a Service": rounded((cpuMs(pids) - cpuBefore) / count),
  };
  many.close();
  return [...tenthsOf(many, { started, count }), whole];
}

function tenthsOf(
  { appliedAt, readyAt }: ManyServices,
  { started, count }: { readonly started: number; readonly count: number },
): Row[] {
  const order = [...readyAt].sort(([, left], [, right]) => left - right);
  const size = Math.max(1, Math.ceil(count / 10));
  const tenths: Row[] = [];
  let last = started;
  for (let first = 0; first < order.length; first += size) {
    const tenth = order.slice(first, first + size);
    const end = tenth.at(-1)?.[1] ?? last;
    const waited = tenth.map(([name, at]) => at - (appliedAt.get(name) ?? at));
    tenths.push({
      "Ready up to": first + tenth.length,
      "ms a Service": rounded((end - last) / tenth.length),
      "apply to Ready p50 ms": rounded(median(waited)),
    });
    last = end;
  }
  return tenths;
}

/**
 * The same number in waves, each applied when the one before it was Ready: what a Service costs when there are many
 * already. About a minute.
 */
export async function measureInWaves(engine: Engine, smoke: boolean): Promise<Row[]> {
  const size = smoke ? 1 : 100;
  const many = await ManyServices.on(engine);
  const pids = processTree(engine.pid);
  const rows: Row[] = [];
  for (let wave = 0; wave < (smoke ? 2 : WAVES); wave++) {
    const cpuBefore = cpuMs(pids);
    const started = performance.now();
    await many.apply(size);
    rows.push({
      "Services there already": wave * size,
      "ms a Service": rounded((performance.now() - started) / size),
      "CPU, ms a Service": rounded((cpuMs(pids) - cpuBefore) / size),
    });
  }
  many.close();
  return rows;
}
