import type { Checker } from "./checker.ts";

/**
 * No request is lost, none answered twice, and no application sees the same request twice, but for one that may be
 * repeated and that is over where it came first.
 */
export const answeredOnce: Checker = (entries) => {
  const broken: string[] = [];
  const open = new Map<string, number>();
  const received = new Map<string, string>();
  const over = new Set<string>();
  for (const { atMs, event } of entries) {
    switch (event.type) {
      case "sent":
        open.set(event.request, atMs);
        break;
      case "answered":
      case "failed":
        if (!open.delete(event.request)) broken.push(`${atMs}: ${event.request} was answered twice`);
        break;
      case "app-received": {
        const first = received.get(event.request);
        if (first !== undefined && !(event.mayRepeat && over.delete(event.request)))
          broken.push(`${atMs}: ${event.request} reached ${first} and then ${event.pod}`);
        received.set(event.request, event.pod);
        break;
      }
      case "app-answered":
        over.add(event.request);
        break;
      case "app-ended":
        for (const [request, pod] of received) if (pod === event.pod) over.add(request);
        break;
    }
  }
  for (const [request, atMs] of open) broken.push(`${atMs}: ${request} was never answered`);
  return broken;
};
