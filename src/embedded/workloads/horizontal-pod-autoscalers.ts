import { DeploymentKind } from "../../api/deployment/kind.ts";
import {
  type HorizontalPodAutoscaler,
  HorizontalPodAutoscalerKind,
  type HorizontalPodAutoscalerStatus,
} from "../../api/horizontal-pod-autoscaler/kind.ts";
import { type Condition, keyOf, type ObjectKey, type Stored } from "../../api/object.ts";
import { timeText } from "../../kube/time.ts";
import { KeyLoop, type WorkloadPorts } from "./loop.ts";

/**
 * Keeps the replicas of a Deployment between an autoscaler's bounds, and says why it goes no further: nothing here
 * measures what processor and memory the pods use (spec E-191, S-076).
 */
export class HorizontalPodAutoscalers {
  readonly #ports: WorkloadPorts;
  readonly #loop: KeyLoop;

  constructor(ports: WorkloadPorts) {
    this.#ports = ports;
    this.#loop = new KeyLoop("horizontal-pod-autoscalers", ports, (key) => this.#reconcile(key));
  }

  start(signal: AbortSignal): void {
    const { informers } = this.#ports;
    informers.of(HorizontalPodAutoscalerKind).onChange(({ object }) => this.#loop.add(keyOf(object)));
    informers.of(DeploymentKind).onChange(({ object: { metadata } }) => {
      for (const autoscaler of informers.list(HorizontalPodAutoscalerKind, metadata.namespace))
        if (autoscaler.spec.scaleTargetRef.name === metadata.name) this.#loop.add(keyOf(autoscaler));
    });
    this.#loop.start(signal);
  }

  get idle(): boolean {
    return this.#loop.idle;
  }

  async #reconcile(key: ObjectKey): Promise<void> {
    const { client, informers, clock } = this.#ports;
    const autoscaler = informers.of(HorizontalPodAutoscalerKind).get(key);
    if (autoscaler === undefined || autoscaler.metadata.deletionTimestamp !== undefined) return;
    const { kind, name = "" } = autoscaler.spec.scaleTargetRef;
    const target = { namespace: key.namespace, name };
    const deployment = kind === DeploymentKind.kind ? informers.get(DeploymentKind, target) : undefined;
    const replicas = deployment && (deployment.spec.replicas ?? 1);
    const decision = decide(autoscaler, { replicas, existing: deployment?.status?.replicas ?? 0 });
    const isRescaled = replicas !== undefined && decision.desired !== replicas;
    if (isRescaled) {
      const body = { spec: { replicas: decision.desired } };
      await client.patch(DeploymentKind, target, { type: "merge", body });
    }
    const now = timeText(clock.wall());
    const status = statusOf(autoscaler, decision, { now, isRescaled });
    if (JSON.stringify(status) === JSON.stringify(autoscaler.status)) return;
    await client.updateStatus(HorizontalPodAutoscalerKind, { ...autoscaler, status });
  }
}

interface Target {
  /** undefined = there is none that could be scaled. */
  readonly replicas: number | undefined;
  /** Pods that exist. */
  readonly existing: number;
}

interface Decision {
  readonly desired: number;
  readonly existing: number;
  readonly conditions: readonly Condition[];
}

/** The bounds hold but for a Deployment that somebody set to zero: that one is left alone. */
function decide(autoscaler: HorizontalPodAutoscaler, target: Target): Decision {
  const { replicas, existing } = target;
  const { minReplicas = 1, maxReplicas = 1, scaleTargetRef } = autoscaler.spec;
  if (replicas === undefined) {
    const message = `there is no Deployment ${scaleTargetRef.name ?? ""} (${scaleTargetRef.kind ?? ""}) to scale`;
    return {
      desired: 0,
      existing: 0,
      conditions: [condition("AbleToScale", "False", ["FailedGetScale", message])],
    };
  }
  const desired = replicas === 0 ? 0 : Math.min(Math.max(replicas, minReplicas), maxReplicas);
  const scaled: readonly [string, string] =
    desired === replicas
      ? ["ReadyForNewScale", "the replicas lie between minReplicas and maxReplicas"]
      : ["SucceededRescale", `the replicas went from ${replicas} to ${desired}, between the bounds`];
  const passive: readonly [string, string] =
    replicas === 0
      ? ["ScalingDisabled", "the Deployment has zero replicas, so it is not scaled"]
      : ["FailedGetResourceMetric", "no pod's use of resources is measured here: only the bounds are kept"];
  return {
    desired,
    existing,
    conditions: [condition("AbleToScale", "True", scaled), condition("ScalingActive", "False", passive)],
  };
}

function condition(
  type: string,
  status: "True" | "False",
  [reason, message]: readonly [string, string],
): Condition {
  return { type, status, reason, message };
}

function statusOf(
  { status: before }: Stored<HorizontalPodAutoscaler>,
  { desired, existing, conditions }: Decision,
  { now, isRescaled }: { readonly now: string; readonly isRescaled: boolean },
): HorizontalPodAutoscalerStatus {
  const since = ({ type, status }: Condition) => {
    const known = before?.conditions?.find((one) => one.type === type);
    return known?.status === status ? (known.lastTransitionTime ?? now) : now;
  };
  const lastScaleTime = isRescaled ? now : before?.lastScaleTime;
  return {
    ...(lastScaleTime === undefined ? {} : { lastScaleTime }),
    currentReplicas: existing,
    desiredReplicas: desired,
    currentMetrics: null,
    conditions: conditions.map(({ type, status, ...why }) => ({
      type,
      status,
      lastTransitionTime: since({ type, status }),
      ...why,
    })),
  };
}
