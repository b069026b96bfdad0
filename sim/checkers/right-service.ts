import type { Checker } from "./checker.ts";

/** A request reaches an application of the service that it was sent to, even when addresses are used again. */
export const rightService: Checker = (entries) => {
  const broken: string[] = [];
  const services = new Map<string, string>();
  for (const { atMs, event } of entries) {
    if (event.type === "sent") services.set(event.request, event.service);
    else if (event.type === "app-started") services.set(event.pod, event.service);
    else if (event.type === "app-received" && services.get(event.request) !== services.get(event.pod))
      broken.push(`${atMs}: ${event.request} reached ${event.pod}, which is another service's`);
  }
  return broken;
};
