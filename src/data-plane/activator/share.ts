import type { Backend } from "../backend.ts";
import { type ActivatorPosition, assignSlice } from "./subset.ts";

/** How much of a revision this activator may use: pure (spec T-021, T-023). */

export interface ShareInput {
  /** containerConcurrency; 0 = unlimited. */
  readonly limit: number;
  /** Pods that may be sent to, in order of their addresses. */
  readonly pods: readonly Backend[];
  /** Set when pods cannot be reached one by one (a mesh, spec T-034). */
  readonly clusterIp: Backend | undefined;
  /** Pods behind it. */
  readonly backends: number;
  readonly position: ActivatorPosition;
}

export interface Share {
  readonly targets: readonly Backend[];
  /** For each target; 0 = unlimited. */
  readonly targetLimit: number;
  /** Requests that may run at a time, all targets together; UNLIMITED without a limit. */
  readonly capacity: number;
}

/** What Go's breaker takes at most; no machine runs as many requests. */
export const UNLIMITED = 2 ** 31 - 1;

export function shareOf({ limit, pods, clusterIp, backends, position }: ShareInput): Share {
  if (clusterIp === undefined) {
    const targets = assignSlice(pods, position, limit);
    const capacity = revisionCapacity({
      limit,
      backends: pods.length,
      targets: targets.length,
      activators: 1,
    });
    return { targets, targetLimit: limit, capacity };
  }
  const capacity = revisionCapacity({ limit, backends, targets: 0, activators: position.count });
  const targetLimit = capacity === UNLIMITED ? 0 : capacity;
  return { targets: capacity === 0 ? [] : [clusterIp], targetLimit, capacity };
}

/** Pods that are ours count whole; behind one address for all, each activator takes its part, one request at least. */
export function revisionCapacity(of: {
  readonly limit: number;
  readonly backends: number;
  /** Pods assigned to this activator; 0 = all of them through one address. */
  readonly targets: number;
  readonly activators: number;
}): number {
  const { limit, backends, targets, activators } = of;
  const all = limit * backends;
  const capacity =
    targets > 0 ? limit * targets : all > 0 ? atLeastOne(Math.floor(all / atLeastOne(activators))) : 0;
  return backends > 0 && (limit === 0 || capacity > UNLIMITED) ? UNLIMITED : capacity;
}

export function atLeastOne(value: number): number {
  return Math.max(1, value);
}
