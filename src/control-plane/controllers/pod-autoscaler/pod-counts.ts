import type { Pod } from "../../../api/pod/kind.ts";

/** A revision's pods by state (spec S-070). */
export interface PodCounts {
  readonly ready: number;
  readonly notReady: number;
  readonly pending: number;
  readonly terminating: number;
}

export function countPods(pods: readonly Pod[]): PodCounts {
  const counts = { ready: 0, notReady: 0, pending: 0, terminating: 0 };
  for (const pod of pods) counts[stateOf(pod)]++;
  return counts;
}

function stateOf({ metadata, status }: Pod): keyof PodCounts {
  if (metadata.deletionTimestamp !== undefined) return "terminating";
  if (status?.phase === "Running") {
    const ready = status.conditions?.some(({ type, status }) => type === "Ready" && status === "True");
    return ready ? "ready" : "notReady";
  }
  return "pending";
}
