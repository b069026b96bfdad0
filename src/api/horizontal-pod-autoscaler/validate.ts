import { type FieldCause, invalidValue, required } from "../field-cause.ts";
import type {
  HorizontalPodAutoscaler,
  HorizontalPodAutoscalerSpec,
  ScalingPolicy,
  ScalingRules,
} from "./kind.ts";

/** Half a target that Kubernetes chooses when none is given. */
const DEFAULT_UTILIZATION = 80;

const DOWN: readonly ScalingPolicy[] = [{ type: "Percent", value: 100, periodSeconds: 15 }];
const UP: readonly ScalingPolicy[] = [{ type: "Pods", value: 4, periodSeconds: 15 }, ...DOWN];

function ruleDefaults(policies: readonly ScalingPolicy[]): ScalingRules {
  return { selectPolicy: "Max", policies: policies.map((policy) => ({ ...policy })) };
}

/** Kubernetes' defaults; changes the spec. */
export function defaultAutoscaler(spec: HorizontalPodAutoscalerSpec): void {
  spec.scaleTargetRef ??= {};
  spec.minReplicas ??= 1;
  if (spec.behavior) {
    spec.behavior.scaleUp = { stabilizationWindowSeconds: 0, ...ruleDefaults(UP), ...spec.behavior.scaleUp };
    spec.behavior.scaleDown = { ...ruleDefaults(DOWN), ...spec.behavior.scaleDown };
  }
  if ((spec.metrics ?? []).length > 0) return;
  const target = { type: "Utilization", averageUtilization: DEFAULT_UTILIZATION };
  spec.metrics = [{ type: "Resource", resource: { name: "cpu", target } }];
}

export function autoscalerCauses({ spec }: HorizontalPodAutoscaler): FieldCause[] {
  const { minReplicas = 1, maxReplicas = 0, scaleTargetRef } = spec;
  const causes: FieldCause[] = [];
  if (minReplicas < 1)
    causes.push(invalidValue("spec.minReplicas", minReplicas, "must be greater than or equal to 1"));
  if (maxReplicas < 1) causes.push(invalidValue("spec.maxReplicas", maxReplicas, "must be greater than 0"));
  if (maxReplicas < minReplicas)
    causes.push(
      invalidValue("spec.maxReplicas", maxReplicas, "must be greater than or equal to `minReplicas`"),
    );
  if (!scaleTargetRef.kind) causes.push(required("spec.scaleTargetRef.kind"));
  if (!scaleTargetRef.name) causes.push(required("spec.scaleTargetRef.name"));
  return causes;
}
