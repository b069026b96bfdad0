import type { Checker } from "./checker.ts";

/** An application never works on more requests at a time than its containerConcurrency. */
export const concurrencyKept: Checker = (entries, { concurrency }) => {
  const broken: string[] = [];
  const limits = new Map<string, number>();
  const active = new Map<string, number>();
  for (const { atMs, event } of entries) {
    if (event.type === "app-started") limits.set(event.pod, concurrency[event.service] ?? 0);
    else if (event.type === "app-answered") active.set(event.pod, (active.get(event.pod) ?? 0) - 1);
    else if (event.type === "app-received") {
      const now = (active.get(event.pod) ?? 0) + 1;
      active.set(event.pod, now);
      const limit = limits.get(event.pod) ?? 0;
      if (limit > 0 && now > limit)
        broken.push(`${atMs}: ${event.pod} works on ${now} requests, its limit is ${limit}`);
    }
  }
  return broken;
};
