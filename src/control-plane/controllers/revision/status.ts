import type { Deployment } from "../../../api/deployment/kind.ts";
import { QUEUE_CONTAINER } from "../../../api/names.ts";
import type { Condition, Stored } from "../../../api/object.ts";
import type { Pod } from "../../../api/pod/kind.ts";
import type { PodAutoscaler } from "../../../api/pod-autoscaler/kind.ts";
import type { RevisionStatus } from "../../../api/revision/kind.ts";
import { type Conditions, readyOf } from "../../../kube/conditions.ts";

/** How a Revision's conditions follow from its Deployment, pods and PodAutoscaler (spec A-049…A-053, C-031). */

const RESOURCES = "ResourcesAvailable";
const HEALTHY = "ContainerHealthy";
const ACTIVE = "Active";
const DEPLOYING = { reason: "Deploying" };

/** Why a container does not start although nothing will change by waiting. */
const HOPELESS_WAITS = new Set([
  "ErrImagePull",
  "ImagePullBackOff",
  "ErrImageNeverPull",
  "InvalidImageName",
  "CreateContainerConfigError",
]);

export interface Telling {
  readonly conditions: Conditions;
  readonly status: RevisionStatus;
  readonly podIsAlwaysSchedulable: boolean;
}

export function tellDeployment(
  { conditions, podIsAlwaysSchedulable }: Telling,
  deployment: Stored<Deployment>,
  about: { pods: readonly Pod[]; podAutoscaler: PodAutoscaler | undefined },
): void {
  const progress = progressOf(deployment);
  const active = conditions.get(ACTIVE);
  if (active === undefined || active.status === "True") conditions.mirror(RESOURCES, progress);
  // While scaled to zero or from it, progress would make Ready flip; a first start that fails is told all the same.
  else if (progress.status === "False" && !isInitialized(about.podAutoscaler))
    conditions.markFalse(RESOURCES, progress);
  const { replicas = 1 } = deployment.spec;
  const { availableReplicas = 0, readyReplicas = 0 } = deployment.status ?? {};
  if (replicas > 0 && availableReplicas === 0) {
    const pod = about.pods[0];
    if (pod)
      diagnose(pod, { conditions, podIsAlwaysSchedulable, progressEnded: progress.status === "False" });
  }
  if (readyReplicas > 0) conditions.markTrue(HEALTHY);
  else if (conditions.is(HEALTHY, "Unknown")) conditions.markUnknown(HEALTHY, DEPLOYING);
}

/** All pods are made alike, so that the first one tells what is wrong with them. */
function diagnose(
  pod: Pod,
  telling: { conditions: Conditions; podIsAlwaysSchedulable: boolean; progressEnded: boolean },
): void {
  const { conditions } = telling;
  const scheduled = pod.status?.conditions?.find(({ type }) => type === "PodScheduled");
  if (scheduled?.status === "False" && !telling.podIsAlwaysSchedulable)
    conditions.markFalse(RESOURCES, scheduled);
  for (const container of pod.status?.containerStatuses ?? []) {
    if (container.name === QUEUE_CONTAINER) continue;
    const ended = container.lastState?.terminated;
    if (ended) {
      conditions.markFalse(HEALTHY, {
        reason: `ExitCode${ended.exitCode}`,
        message: exitMessage(ended.exitCode, ended.message),
      });
      return;
    }
    const waiting = container.state?.waiting;
    if (waiting && (telling.progressEnded || HOPELESS_WAITS.has(waiting.reason ?? ""))) {
      conditions.markFalse(RESOURCES, waiting);
      return;
    }
  }
}

/** Knative's words and the exit code, which Knative gives in the Revision's reason alone, never a Service's. */
function exitMessage(exitCode: number, message: string | undefined): string {
  const told = message?.trimEnd() || (exitCode === 0 ? "container exited with no error" : "");
  return `Container failed with: ${told} (exit code ${exitCode})`;
}

/** What a Deployment's conditions say of it as one (spec A-052). */
function progressOf(deployment: Deployment): Condition {
  const conditions = (deployment.status?.conditions ?? []) as readonly Condition[];
  const failure = conditions.find(({ type }) => type === "ReplicaFailure");
  if (failure?.status === "True") return { ...failure, type: RESOURCES, status: "False" };
  const progressing = conditions.find(({ type }) => type === "Progressing");
  return progressing ?? { type: RESOURCES, status: "Unknown", ...DEPLOYING };
}

function isInitialized(podAutoscaler: PodAutoscaler | undefined): boolean {
  return (
    podAutoscaler?.status?.conditions?.some(
      ({ type, status }) => type === "ScaleTargetInitialized" && status === "True",
    ) === true
  );
}

/** Spec A-053, in its order. */
export function tellPodAutoscaler({ conditions, status }: Telling, podAutoscaler: PodAutoscaler): void {
  const { actualScale, desiredScale, serviceName = "" } = podAutoscaler.status ?? {};
  copyScale(status, "actualReplicas", actualScale);
  copyScale(status, "desiredReplicas", desiredScale);
  const ready = readyOf(podAutoscaler);
  const unavailable = conditions.is(RESOURCES, "False");
  if (!ready) {
    conditions.markUnknown(ACTIVE, DEPLOYING);
    if (!unavailable) conditions.markUnknown(RESOURCES, DEPLOYING);
    return;
  }
  const initialized = isInitialized(podAutoscaler);
  if (initialized && !unavailable) {
    conditions.markTrue(RESOURCES);
    conditions.markTrue(HEALTHY);
  }
  if (conditions.is(RESOURCES, "True") && (serviceName === "" || !initialized))
    conditions.markUnknown(RESOURCES, DEPLOYING);
  if (ready.status === "True") conditions.markTrue(ACTIVE);
  else if (ready.status === "Unknown") conditions.markUnknown(ACTIVE, ready);
  else {
    conditions.markFalse(ACTIVE, ready);
    if (!initialized && !unavailable && serviceName !== "")
      conditions.markFalse(RESOURCES, {
        reason: "ProgressDeadlineExceeded",
        message: "Initial scale was never achieved",
      });
  }
}

function copyScale(
  status: RevisionStatus,
  field: "actualReplicas" | "desiredReplicas",
  scale: number | undefined,
): void {
  if (scale !== undefined && scale >= 0) status[field] = scale;
  else delete status[field];
}
