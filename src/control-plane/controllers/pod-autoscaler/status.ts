import type { Condition } from "../../../api/object.ts";
import type { PodAutoscalerStatus } from "../../../api/pod-autoscaler/kind.ts";
import { Conditions, livingSet } from "../../../kube/conditions.ts";
import { activeVerdict } from "./active-condition.ts";
import type { Activity } from "./scale-plan.ts";

/** The status of a PodAutoscaler and its conditions (spec S-057…S-059, A-058… …A-040). */

export interface StatusFacts {
  readonly before: PodAutoscalerStatus | undefined;
  readonly serviceName: string;
  readonly metricsServiceName: string;
  /** undefined = ready. */
  readonly sksNotReady: string | undefined;
  /** -1 = unknown. */
  readonly want: number;
  readonly ready: number;
  readonly threshold: number;
}

const CONDITIONS = livingSet("Active", "SKSReady", "ScaleTargetInitialized");

export function autoscalerStatus(facts: StatusFacts): PodAutoscalerStatus {
  const { before, want, ready, threshold } = facts;
  const conditions = new Conditions(CONDITIONS, before?.conditions);
  if (facts.sksNotReady === undefined) conditions.markTrue("SKSReady");
  else conditions.markUnknown("SKSReady", { reason: "NotReady", message: facts.sksNotReady });
  if (ready >= threshold && facts.serviceName !== "") conditions.markTrue("ScaleTargetInitialized");
  const verdict = activeVerdict({ before: activityOf(before), want, ready, threshold });
  if (verdict.activity === "active") conditions.markTrue("Active");
  else if (verdict.activity === "activating") conditions.markUnknown("Active", verdict);
  else conditions.markFalse("Active", (want < 0 && inactiveBefore(before)) || verdict);
  return {
    serviceName: facts.serviceName,
    metricsServiceName: facts.metricsServiceName,
    desiredScale: want >= 0 ? want : (before?.desiredScale ?? -1),
    actualScale: ready,
    conditions: conditions.list(),
  };
}

export interface HorizontalFacts extends Omit<StatusFacts, "sksNotReady"> {
  readonly isServed: boolean;
}

/** Of a revision that never goes to zero: active from the first moment (spec S-075, A-060). */
export function horizontalStatus(facts: HorizontalFacts): PodAutoscalerStatus {
  const { before, want, ready, threshold } = facts;
  const conditions = new Conditions(CONDITIONS, before?.conditions);
  if (facts.isServed) {
    conditions.markTrue("SKSReady");
    if (ready >= threshold) conditions.markTrue("ScaleTargetInitialized");
  } else
    conditions.markUnknown("SKSReady", { reason: "NotReady", message: "SKS Services are not ready yet" });
  conditions.markTrue("Active");
  return {
    serviceName: facts.serviceName,
    metricsServiceName: facts.metricsServiceName,
    desiredScale: want,
    actualScale: ready,
    conditions: conditions.list(),
  };
}

/** While nothing new is known the old reason holds: an activation that timed out stays timed out. */
function inactiveBefore(before: PodAutoscalerStatus | undefined): Condition | undefined {
  const active = conditionOf(before, "Active");
  return active?.status === "False" ? active : undefined;
}

/** As the object's last status says; a fresh one counts as activating (its condition is Unknown). */
export function activityOf(status: PodAutoscalerStatus | undefined): Activity {
  const active = conditionOf(status, "Active")?.status;
  return active === "True" ? "active" : active === "False" ? "inactive" : "activating";
}

/** How long the Active condition has been what it is; 0 when it was never said. */
export function activityForMs(status: PodAutoscalerStatus | undefined, nowMs: number): number {
  const since = conditionOf(status, "Active")?.lastTransitionTime;
  return since === undefined ? 0 : nowMs - Date.parse(since);
}

export function isScaleTargetInitialized(status: PodAutoscalerStatus | undefined): boolean {
  return conditionOf(status, "ScaleTargetInitialized")?.status === "True";
}

export function conditionOf(
  status: { readonly conditions?: Condition[] } | undefined,
  type: string,
): Condition | undefined {
  return status?.conditions?.find((one) => one.type === type);
}

/** A resource of that name belongs to somebody else (spec A-058). */
export function notOwnedStatus(
  before: PodAutoscalerStatus | undefined,
  kind: string,
  name: string,
): PodAutoscalerStatus {
  const conditions = new Conditions(CONDITIONS, before?.conditions);
  conditions.markFalse("Active", {
    reason: "NotOwned",
    message: `There is an existing ${kind} ${JSON.stringify(name)} that we do not own.`,
  });
  return { serviceName: "", metricsServiceName: "", ...before, conditions: conditions.list() };
}
