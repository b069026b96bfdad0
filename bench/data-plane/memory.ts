import { setTimeout as wait } from "node:timers/promises";
import { residentMiB } from "../processes.ts";
import { median, rounded } from "../statistics.ts";
import { listens } from "./contender.ts";
import { holdConnections } from "./generators.ts";
import { newNamespace, spawnInside } from "./namespace.ts";
import { queueProxyPlans, startsOf, withContenders } from "./own-contenders.ts";
import { DIST, type PartContext, roundsOf } from "./part.ts";
import { ENVIRONMENT, type QueueProxyPlan, SERVING_PORT } from "./queue-proxies.ts";
import type { Row } from "./rounds.ts";

/** Connections that are open and idle, each of which has had one request answered. */
const IDLE = 10_000;

/** Resident memory of a queue-proxy before and with 10,000 idle connections. */
export async function idle({ options, work }: PartContext): Promise<readonly Row[]> {
  const count = options.smoke ? 500 : IDLE;
  return withContenders(startsOf(queueProxyPlans(options, DIST), work, undefined), async (contenders) => {
    const rows: Row[] = [];
    for (const contender of contenders) {
      const before = residentMiB(contender.pids());
      const held = await holdConnections(contender, count);
      await wait(2_000);
      const rssMiB = residentMiB(contender.pids());
      await held.close();
      const kibEach = rounded(((rssMiB - before) * 1024) / count);
      rows.push({
        contender: contender.name,
        case: `${count} idle`,
        rssBeforeMiB: rounded(before),
        rssMiB: rounded(rssMiB),
        kibEach,
      });
    }
    return rows;
  });
}

/** From the start of a lone queue-proxy to its open port, and what it takes a second later. */
export async function start({ options }: PartContext): Promise<readonly Row[]> {
  const plans = queueProxyPlans(options, DIST);
  const samples = new Map(plans.map(({ name }) => [name, [] as { listenMs: number; rssMiB: number }[]]));
  for (let round = 0; round < 2 * roundsOf(options); round++) {
    for (const plan of plans) samples.get(plan.name)?.push(await startOnce(plan));
  }
  return [...samples].map(([contender, all]) => ({
    contender,
    case: "start",
    listenMs: rounded(median(all.map((one) => one.listenMs))),
    slowestListenMs: rounded(Math.max(...all.map((one) => one.listenMs))),
    rssMiB: rounded(median(all.map((one) => one.rssMiB))),
    rounds: all.length,
  }));
}

async function startOnce(plan: QueueProxyPlan): Promise<{ listenMs: number; rssMiB: number }> {
  const namespace = await newNamespace();
  if (namespace === undefined) return { listenMs: Number.NaN, rssMiB: Number.NaN };
  const startedMs = performance.now();
  const child = spawnInside(namespace, plan.command, {
    env: { PATH: process.env.PATH, ...ENVIRONMENT },
    quiet: plan.quiet ?? false,
  });
  while (!listens(SERVING_PORT, namespace.pid)) await wait(1);
  const listenMs = performance.now() - startedMs;
  await wait(1_000);
  const rssMiB = residentMiB([child.pid ?? 0]);
  child.kill("SIGKILL");
  namespace.stop();
  return { listenMs, rssMiB };
}
