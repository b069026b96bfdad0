import { spawnSync } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Contender } from "./data-plane/contender.ts";
import { startEngineContenders } from "./data-plane/engines.ts";
import { startHaproxy } from "./data-plane/haproxy.ts";
import { startNginxApp, startNginxProxy } from "./data-plane/nginx.ts";
import { startNodeHttp } from "./data-plane/node-http.ts";
import { PARTS, SMOKE } from "./data-plane/parts.ts";
import { ebbQueueProxy, knativeQueueProxy, startQueueProxy, WITH_LOG } from "./data-plane/queue-proxies.ts";
import type { BenchOptions } from "./run.ts";

/**
 * The data plane beside its peers, in parts (`--part NAME`; all of them without): each part is one table. In every
 * round everyone takes a turn; figures are medians, CPU counts beside HAProxy's in the same round.
 */
export async function run(options: BenchOptions): Promise<unknown> {
  const missing = ["nginx", "wrk", "haproxy"].filter((name) => spawnSync("which", [name]).status !== 0);
  if (missing.length > 0) return { skipped: `${missing.join(" and ")} not installed` };
  const wanted = options.part === undefined ? Object.keys(options.smoke ? SMOKE : PARTS) : [options.part];
  const unknown = wanted.filter((name) => PARTS[name] === undefined);
  if (unknown.length > 0)
    throw new Error(`no part ${unknown.join(", ")}; there are ${Object.keys(PARTS).join(", ")}`);
  const work = mkdtempSync(join(tmpdir(), "ebb-bench-data-plane-"));
  const contenders: Contender[] = [];
  try {
    const notes = await startAll(work, { options, contenders });
    const tables: Record<string, unknown> = {};
    for (const name of wanted) tables[name] = await PARTS[name]?.({ contenders, options, work });
    return { ...notes, tables };
  } finally {
    for (const contender of contenders) await contender.stop();
    rmSync(work, { recursive: true, force: true });
  }
}

interface Start {
  readonly options: BenchOptions;
  /** Filled as they start, so that a failing start stops those before it. */
  readonly contenders: Contender[];
}

async function startAll(work: string, { options, contenders }: Start): Promise<Record<string, string>> {
  const folder = options.packages?.[0];
  const app = await startNginxApp(work);
  contenders.push(app);
  contenders.push(await startHaproxy(work, app.port));
  contenders.push(await startNginxProxy(work, app.port));
  contenders.push(await startNodeHttp(app.port));
  const ebb = ebbQueueProxy(folder);
  const knative = knativeQueueProxy();
  const plans = [
    ebb,
    { ...ebb, name: `${ebb.name}, request log`, env: WITH_LOG },
    ...(knative ? [knative] : []),
  ];
  const notes: Record<string, string> = {};
  if (!knative) notes.knative = "not measured: EBB_PEER_QUEUE_PROXY names no executable";
  for (const plan of plans) {
    const contender = await startQueueProxy(work, plan);
    if (contender) contenders.push(contender);
    else notes[plan.name] = "not measured: no network namespace may be made here";
  }
  contenders.push(...(await startEngineContenders(work, folder)));
  return notes;
}
