import { basename } from "node:path";
import type { BenchOptions } from "../run.ts";
import type { Contender } from "./contender.ts";
import { ebbQueueProxy, knativeQueueProxy, type QueueProxyPlan, startQueueProxy } from "./queue-proxies.ts";

/** The queue-proxies of `options`: Knative's where named, ebb's of each package. */
export function queueProxyPlans({ packages }: BenchOptions, dist: string): QueueProxyPlan[] {
  const knative = knativeQueueProxy();
  const folders = packages ?? [dist];
  const suffixOf = (folder: string) => (folders.length > 1 ? ` (${basename(folder)})` : "");
  return [...(knative ? [knative] : []), ...folders.map((folder) => ebbQueueProxy(folder, suffixOf(folder)))];
}

/** Starts what a part has for itself, and stops it however the part ends. */
export async function withContenders<R>(
  starts: readonly (() => Promise<Contender | undefined>)[],
  work: (contenders: readonly Contender[]) => Promise<R>,
): Promise<R> {
  const contenders: Contender[] = [];
  try {
    for (const start of starts) {
      const contender = await start();
      if (contender) contenders.push(contender);
    }
    return await work(contenders);
  } finally {
    for (const contender of contenders) await contender.stop();
  }
}

/** One start for each plan, all with the same application. */
export function startsOf(
  plans: readonly QueueProxyPlan[],
  folder: string,
  app: readonly string[] | undefined,
): (() => Promise<Contender | undefined>)[] {
  return plans.map((plan) => () => startQueueProxy(folder, { ...plan, ...(app && { app }) }));
}
