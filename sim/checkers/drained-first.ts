import type { Checker } from "./checker.ts";

/** An application is asked to stop only when it has answered all that it received from clients that still wait. */
export const drainedFirst: Checker = (entries) => {
  const broken: string[] = [];
  const working = new Map<string, Set<string>>();
  for (const { atMs, event } of entries) {
    if (event.type === "app-received") {
      const requests = working.get(event.pod) ?? new Set();
      working.set(event.pod, requests.add(event.request));
    } else if (event.type === "app-answered") {
      working.get(event.pod)?.delete(event.request);
    } else if (event.type === "failed") {
      for (const requests of working.values()) requests.delete(event.request);
    } else if (event.type === "app-asked-to-stop") {
      const requests = [...(working.get(event.pod) ?? [])];
      if (requests.length > 0)
        broken.push(`${atMs}: ${event.pod} was stopped while working on ${requests.join(", ")}`);
    }
  }
  return broken;
};
