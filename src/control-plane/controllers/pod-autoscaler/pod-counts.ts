import { REVISION } from "../../../api/labels.ts";
import { keyOf, type Stored } from "../../../api/object.ts";
import { type Pod, PodKind } from "../../../api/pod/kind.ts";
import type { PodAutoscaler } from "../../../api/pod-autoscaler/kind.ts";
import type { Caches } from "../../../kube/informers.ts";

/** A revision's pods by state (spec S-070). */
export interface PodCounts {
  readonly ready: number;
  readonly notReady: number;
  readonly pending: number;
  readonly terminating: number;
}

function countPods(pods: readonly Pod[]): PodCounts {
  const counts = { ready: 0, notReady: 0, pending: 0, terminating: 0 };
  for (const pod of pods) counts[stateOf(pod)]++;
  return counts;
}

/** The pods of the autoscaler's revision. */
export function podsOf(autoscaler: Stored<PodAutoscaler>, caches: Caches): PodCounts {
  const { namespace, name } = keyOf(autoscaler);
  const value = autoscaler.metadata.labels?.[REVISION] ?? name;
  return countPods(caches.labelled(PodKind, { namespace, label: REVISION, value }));
}

function stateOf({ metadata, status }: Pod): keyof PodCounts {
  if (metadata.deletionTimestamp !== undefined) return "terminating";
  if (status?.phase === "Running") {
    const ready = status.conditions?.some(({ type, status }) => type === "Ready" && status === "True");
    return ready ? "ready" : "notReady";
  }
  return "pending";
}
