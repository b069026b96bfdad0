import type { Checker } from "./checker.ts";

/** Nothing is forwarded to a pod before its application has answered the queue-proxy's probe well. */
export const readyFirst: Checker = (entries) => {
  const broken: string[] = [];
  const ready = new Set<string>();
  for (const { atMs, event } of entries) {
    if (event.type === "app-ready") ready.add(event.pod);
    if (event.type === "app-received" && !ready.has(event.pod)) {
      broken.push(`${atMs}: ${event.request} reached ${event.pod} before its probe had passed`);
    }
  }
  return broken;
};
