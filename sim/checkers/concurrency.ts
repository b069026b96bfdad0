import type { Checker } from "./checker.ts";

/**
 * An application never works on more requests at a time than its containerConcurrency. A request whose client is gone
 * does not count: the application learns of it later than the queue-proxy.
 */
export const concurrencyKept: Checker = (entries, { concurrency }) => {
  const broken: string[] = [];
  const limits = new Map<string, number>();
  const active = new Map<string, Set<string>>();
  const over = new Set<string>();
  for (const { atMs, event } of entries) {
    if (event.type === "app-started") limits.set(event.pod, concurrency[event.service] ?? 0);
    else if (event.type === "app-answered") active.get(event.pod)?.delete(event.request);
    else if (event.type === "failed" || event.type === "answered") {
      over.add(event.request);
      for (const requests of active.values()) requests.delete(event.request);
    } else if (event.type === "app-received" && !over.has(event.request)) {
      const requests = active.get(event.pod) ?? new Set();
      active.set(event.pod, requests.add(event.request));
      const limit = limits.get(event.pod) ?? 0;
      if (limit > 0 && requests.size > limit)
        broken.push(`${atMs}: ${event.pod} works on ${requests.size} requests, its limit is ${limit}`);
    }
  }
  return broken;
};
