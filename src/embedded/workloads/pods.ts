import type { Stored } from "../../api/object.ts";
import type { Pod } from "../../api/pod/kind.ts";
import { isOver } from "../../api/pod/phase.ts";

/** What Kubernetes' controllers ask about a pod. Pure. */

/** Neither ended nor on its way out: counts for its ReplicaSet. */
export function isActive(pod: Pod): boolean {
  return pod.metadata.deletionTimestamp === undefined && !isOver(pod);
}

export function isPodReady(pod: Pod): boolean {
  return readyCondition(pod)?.status === "True";
}

/** Ready for at least `minReadySeconds`. */
export function isAvailable(pod: Pod, minReadySeconds: number, nowMs: number): boolean {
  if (!isPodReady(pod)) return false;
  return minReadySeconds === 0 || readySinceMs(pod) + minReadySeconds * 1000 <= nowMs;
}

export function readySinceMs(pod: Pod): number {
  return Date.parse(readyCondition(pod)?.lastTransitionTime ?? "") || 0;
}

function readyCondition({ status }: Pod) {
  return status?.conditions?.find(({ type }) => type === "Ready");
}

const PHASE_ORDER = { Pending: 0, Unknown: 1, Running: 2 } as const;

/** The pods to lose first come first: unassigned, pending, not ready, cheap, often restarted, youngest. */
export function byWorth(a: Stored<Pod>, b: Stored<Pod>): number {
  return (
    Number(a.spec.nodeName !== undefined) - Number(b.spec.nodeName !== undefined) ||
    phaseRank(a) - phaseRank(b) ||
    Number(isPodReady(a)) - Number(isPodReady(b)) ||
    deletionCost(a) - deletionCost(b) ||
    (isPodReady(a) ? readySinceMs(b) - readySinceMs(a) : 0) ||
    restartsOf(b) - restartsOf(a) ||
    createdAtMs(b) - createdAtMs(a) ||
    (a.metadata.name < b.metadata.name ? -1 : 1)
  );
}

function phaseRank({ status }: Pod): number {
  return PHASE_ORDER[(status?.phase ?? "Pending") as keyof typeof PHASE_ORDER] ?? 0;
}

function deletionCost({ metadata }: Pod): number {
  return Number(metadata.annotations?.["controller.kubernetes.io/pod-deletion-cost"] ?? 0) || 0;
}

function restartsOf({ status }: Pod): number {
  return Math.max(0, ...(status?.containerStatuses ?? []).map(({ restartCount }) => restartCount));
}

function createdAtMs({ metadata }: Stored<Pod>): number {
  return Date.parse(metadata.creationTimestamp);
}
