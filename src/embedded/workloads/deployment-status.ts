import type { Deployment, DeploymentCondition, DeploymentStatus } from "../../api/deployment/kind.ts";
import type { ReplicaSet } from "../../api/replica-set/kind.ts";
import { timeText } from "../../kube/time.ts";
import { bounds } from "./rollout.ts";

/** A Deployment's status in Kubernetes' words (spec E-214, golden/reconcile). Pure. */
export interface ObservedSets {
  readonly newSet: ReplicaSet | undefined;
  readonly oldSets: readonly ReplicaSet[];
  /** The new set was made in this round. */
  readonly isNewMade: boolean;
  readonly nowMs: number;
}

export function deploymentStatus(deployment: Deployment, observed: ObservedSets): DeploymentStatus {
  const { newSet, oldSets } = observed;
  const sets = newSet ? [...oldSets, newSet] : oldSets;
  const replicas = sum(sets, ({ status }) => status?.replicas);
  const updated = newSet?.status?.replicas ?? 0;
  const ready = sum(sets, ({ status }) => status?.readyReplicas);
  const available = sum(sets, ({ status }) => status?.availableReplicas);
  const unavailable = Math.max(0, sum(sets, ({ spec }) => spec.replicas ?? 1) - available);
  const counts = { replicas, updated, ready, available };
  const { collisionCount } = deployment.status ?? {};
  return {
    ...(deployment.metadata.generation === undefined
      ? {}
      : { observedGeneration: deployment.metadata.generation }),
    ...some({ replicas, updatedReplicas: updated, readyReplicas: ready }),
    ...some({ availableReplicas: available, unavailableReplicas: unavailable }),
    ...(collisionCount ? { collisionCount } : {}),
    conditions: conditionsOf(deployment, observed, counts),
  };
}

interface Counts {
  readonly replicas: number;
  readonly updated: number;
  readonly ready: number;
  readonly available: number;
}

function conditionsOf(deployment: Deployment, observed: ObservedSets, counts: Counts): DeploymentCondition[] {
  let conditions = [...(deployment.status?.conditions ?? [])];
  const put = (condition: DeploymentCondition) => {
    conditions = withCondition(conditions, condition, observed.nowMs);
  };
  const { newSet, oldSets, isNewMade } = observed;
  if (newSet && !conditions.some(({ type }) => type === "Progressing"))
    put(
      progressing(
        "True",
        isNewMade ? "NewReplicaSetCreated" : "FoundNewReplicaSet",
        `${isNewMade ? "Created" : "Found"} new replica set "${newSet.metadata.name}"`,
      ),
    );
  else if (newSet && isNewMade)
    put(progressing("True", "NewReplicaSetCreated", `Created new replica set "${newSet.metadata.name}"`));
  const wanted = deployment.spec.replicas ?? 1;
  put(
    counts.available >= wanted - bounds(deployment.spec).unavailableMax
      ? {
          type: "Available",
          status: "True",
          reason: "MinimumReplicasAvailable",
          message: "Deployment has minimum availability.",
        }
      : {
          type: "Available",
          status: "False",
          reason: "MinimumReplicasUnavailable",
          message: "Deployment does not have minimum availability.",
        },
  );
  const progress = progressOf(deployment, { ...observed, conditions }, counts);
  if (progress) put(progress);
  const failure = [newSet, ...oldSets]
    .flatMap((set) => set?.status?.conditions ?? [])
    .find(({ type }) => type === "ReplicaFailure");
  conditions = failure
    ? withCondition(conditions, { ...failure, lastTransitionTime: timeText(observed.nowMs) }, observed.nowMs)
    : conditions.filter(({ type }) => type !== "ReplicaFailure");
  return conditions;
}

/** What Progressing becomes; undefined when nothing is to be said. */
function progressOf(
  deployment: Deployment,
  observed: ObservedSets & { readonly conditions: readonly DeploymentCondition[] },
  counts: Counts,
): DeploymentCondition | undefined {
  const { newSet, conditions, nowMs } = observed;
  const current = conditions.find(({ type }) => type === "Progressing");
  const name = newSet?.metadata.name ?? "";
  const { replicas, updated, ready, available } = counts;
  const wanted = deployment.spec.replicas ?? 1;
  const isSettled = current?.reason === "NewReplicaSetAvailable" && replicas === updated;
  const before = deployment.status ?? {};
  if (updated === wanted && replicas === wanted && available === wanted && newSet)
    return isSettled
      ? undefined
      : progressing("True", "NewReplicaSetAvailable", `ReplicaSet "${name}" has successfully progressed.`);
  if (isSettled) return undefined;
  const oldNow = replicas - updated;
  const oldBefore = (before.replicas ?? 0) - (before.updatedReplicas ?? 0);
  const isMoving =
    updated > (before.updatedReplicas ?? 0) ||
    oldNow < oldBefore ||
    ready > (before.readyReplicas ?? 0) ||
    available > (before.availableReplicas ?? 0);
  if (isMoving)
    return {
      ...progressing("True", "ReplicaSetUpdated", `ReplicaSet "${name}" is progressing.`),
      lastUpdateTime: timeText(nowMs),
    };
  if (current && progressLeftMs(deployment, current, nowMs) <= 0)
    return progressing(
      "False",
      "ProgressDeadlineExceeded",
      `ReplicaSet "${name}" has timed out progressing.`,
    );
  return undefined;
}

/** How long the deployment may still stand without progress; Infinity when it need not progress. */
export function progressLeftMs(
  deployment: Deployment,
  condition: DeploymentCondition | undefined,
  nowMs: number,
): number {
  if (!condition || condition.reason === "NewReplicaSetAvailable") return Number.POSITIVE_INFINITY;
  if (condition.reason === "ProgressDeadlineExceeded") return Number.POSITIVE_INFINITY;
  const deadlineMs = (deployment.spec.progressDeadlineSeconds ?? 600) * 1000;
  return Date.parse(condition.lastUpdateTime ?? "") + deadlineMs - nowMs;
}

/** As Kubernetes does it: nothing changes unless status or reason do, and what changes goes to the end. */
function withCondition(
  known: readonly DeploymentCondition[],
  condition: DeploymentCondition,
  nowMs: number,
): DeploymentCondition[] {
  const before = known.find(({ type }) => type === condition.type);
  const isSame = before?.status === condition.status && before.reason === condition.reason;
  if (isSame && before.message === condition.message && condition.lastUpdateTime === undefined)
    return [...known];
  const now = timeText(nowMs);
  const lastTransitionTime = before?.status === condition.status ? before.lastTransitionTime : now;
  const others = known.filter(({ type }) => type !== condition.type);
  return [...others, { lastUpdateTime: now, ...condition, lastTransitionTime: lastTransitionTime ?? now }];
}

function progressing(status: "True" | "False", reason: string, message: string): DeploymentCondition {
  return { type: "Progressing", status, reason, message };
}

function sum(sets: readonly ReplicaSet[], of: (set: ReplicaSet) => number | undefined): number {
  return sets.reduce((total, set) => total + (of(set) ?? 0), 0);
}

/** Zero is left out, as Kubernetes does. */
function some(counts: Record<string, number>): Record<string, number> {
  return Object.fromEntries(Object.entries(counts).filter(([, count]) => count !== 0));
}
