import { spawnSync } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { basename, join } from "node:path";
import type { Contender } from "./data-plane/contender.ts";
import { startEngineContenders } from "./data-plane/engines.ts";
import { startHaproxy } from "./data-plane/haproxy.ts";
import { startNginxApp, startNginxProxy } from "./data-plane/nginx.ts";
import { startNodeHttp } from "./data-plane/node-http.ts";
import { DIST } from "./data-plane/part.ts";
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
  const all = options.smoke ? SMOKE : Object.keys(PARTS);
  const wanted = options.part === undefined ? all : [options.part];
  const unknown = wanted.filter((name) => PARTS[name] === undefined);
  if (unknown.length > 0)
    throw new Error(`no part ${unknown.join(", ")}; there are ${Object.keys(PARTS).join(", ")}`);
  const work = mkdtempSync(join(tmpdir(), "ebb-bench-data-plane-"));
  const contenders: Contender[] = [];
  try {
    const shared = wanted.some((name) => PARTS[name]?.shared);
    const notes = shared ? await startAll(work, { options, contenders }) : {};
    const tables: Record<string, unknown> = {};
    const partSeconds: Record<string, number> = {};
    for (const name of wanted) {
      const startedMs = performance.now();
      tables[name] = await PARTS[name]?.run({ contenders, options, work });
      partSeconds[name] = Math.round((performance.now() - startedMs) / 1000);
      console.error(`${name}: ${partSeconds[name]} s`);
    }
    return { ...notes, partSeconds, tables };
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

/** Starts one or some contenders; undefined where they cannot be had, which its name then says. */
interface Plan {
  readonly name: string;
  start(): Promise<readonly (Contender | undefined)[]>;
}

async function startAll(work: string, { options, contenders }: Start): Promise<Record<string, string>> {
  const app = await startNginxApp(work);
  contenders.push(app);
  const haproxy = { name: "haproxy", start: async () => [await startHaproxy(work, app.port)] };
  const wanted = [...peers(work, app.port), ...ebb(work, options)].filter(({ name }) =>
    name.includes(options.only ?? ""),
  );
  const notes: Record<string, string> = {};
  for (const { name, start } of [haproxy, ...wanted]) {
    for (const contender of await start()) {
      if (contender) contenders.push(contender);
      else notes[name] = "not measured: no network namespace may be made here";
    }
  }
  if (!knativeQueueProxy()) notes.knative = "not measured: EBB_PEER_QUEUE_PROXY names no executable";
  return notes;
}

function peers(work: string, appPort: number): Plan[] {
  const knative = knativeQueueProxy();
  return [
    { name: "nginx", start: async () => [await startNginxProxy(work, appPort)] },
    { name: "node:http", start: async () => [await startNodeHttp(appPort)] },
    ...(knative ? [{ name: knative.name, start: async () => [await startQueueProxy(work, knative)] }] : []),
  ];
}

function ebb(work: string, { packages }: BenchOptions): Plan[] {
  return (packages ?? [DIST]).flatMap((folder, index) => {
    const suffix = packages && packages.length > 1 ? ` (${basename(folder)})` : "";
    const plain = ebbQueueProxy(folder, suffix);
    const logging = { ...plain, name: `${plain.name}, request log`, env: WITH_LOG };
    const engine = { work: join(work, `engine-${index}`), folder, suffix };
    return [
      ...[plain, logging].map((plan) => ({
        name: plan.name,
        start: async () => [await startQueueProxy(work, plan)],
      })),
      { name: `ebb gateway${suffix}`, start: () => startEngineContenders(engine) },
    ];
  });
}
