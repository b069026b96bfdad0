import type { DeploymentSpec } from "../../api/deployment/kind.ts";

/**
 * How many pods each ReplicaSet of a Deployment should have now: surge up, then down, never below what must be
 * available (spec E-214). Pure; `rollout.property.test.ts` holds the invariants.
 */
export interface SetSize {
  readonly name: string;
  /** spec.replicas. */
  readonly wanted: number;
  readonly available: number;
}

export interface Sizes {
  readonly newSize: number;
  /** By name. */
  readonly oldSizes: ReadonlyMap<string, number>;
}

export interface Bounds {
  readonly surgeMax: number;
  readonly unavailableMax: number;
}

export function bounds(spec: DeploymentSpec): Bounds {
  const wanted = spec.replicas ?? 1;
  if (spec.strategy?.type === "Recreate") return { surgeMax: 0, unavailableMax: wanted };
  const { maxSurge = "25%", maxUnavailable = "25%" } = spec.strategy?.rollingUpdate ?? {};
  const surgeMax = share(maxSurge, wanted, Math.ceil);
  const unavailableMax = Math.min(share(maxUnavailable, wanted, Math.floor), wanted);
  // With neither, nothing could ever move.
  return surgeMax === 0 && unavailableMax === 0
    ? { surgeMax, unavailableMax: 1 }
    : { surgeMax, unavailableMax };
}

function share(value: number | string, whole: number, round: (exact: number) => number): number {
  if (typeof value === "number") return value;
  return value.endsWith("%") ? round((Number.parseFloat(value) * whole) / 100) : Number(value) || 0;
}

/** `oldSets` oldest first. */
export function rolloutSizes(spec: DeploymentSpec, newSet: SetSize, oldSets: readonly SetSize[]): Sizes {
  const wanted = spec.replicas ?? 1;
  const oldTotal = total(oldSets);
  if (wanted === 0) return { newSize: 0, oldSizes: new Map(oldSets.map(({ name }) => [name, 0])) };
  if (spec.strategy?.type === "Recreate")
    return {
      newSize: oldTotal === 0 ? wanted : newSet.wanted,
      oldSizes: new Map(oldSets.map(({ name }) => [name, 0])),
    };
  const { surgeMax, unavailableMax } = bounds(spec);
  const room = wanted + surgeMax - newSet.wanted - oldTotal;
  const newSize = Math.min(wanted, newSet.wanted + Math.max(0, room));
  const availableMin = wanted - unavailableMax;
  const newAvailable = Math.min(newSet.available, newSize);
  return { newSize, oldSizes: shrinkOld(oldSets, newAvailable, availableMin) };
}

/** First pods that serve nobody go, then as many serving ones as those of the new set replace. */
function shrinkOld(
  oldSets: readonly SetSize[],
  newAvailable: number,
  availableMin: number,
): Map<string, number> {
  const sizes = new Map<string, number>();
  let spare = newAvailable + oldSets.reduce((sum, set) => sum + Math.min(set.available, set.wanted), 0);
  spare -= availableMin;
  for (const { name, wanted, available } of oldSets) {
    const serving = Math.min(available, wanted);
    const going = Math.max(0, Math.min(serving, spare));
    spare -= going;
    sizes.set(name, serving - going);
  }
  return sizes;
}

function total(sets: readonly SetSize[]): number {
  return sets.reduce((sum, set) => sum + set.wanted, 0);
}
