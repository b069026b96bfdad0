import { setUserInfo } from "../admission/metadata.ts";
import type { Context } from "../admission/request.ts";
import type { TrafficTarget } from "../traffic-target.ts";
import type { Route } from "./kind.ts";

export function defaultRoute(context: Context, route: Route, old: Route | undefined): void {
  defaultTraffic(route.spec.traffic ?? []);
  if (route.metadata.ownerReferences === undefined) setUserInfo(context, route, old);
}

/** spec A-097 with its erratum. */
export function defaultTraffic(traffic: readonly TrafficTarget[]): void {
  for (const target of traffic) {
    target.latestRevision ??= (target.revisionName ?? "") === "";
    target.percent ??= 0;
  }
}
