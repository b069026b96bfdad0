import { AGE_COLUMN } from "../age.ts";
import type { Kind } from "../kind.ts";
import { type Condition, plainConditionSchema } from "../object.ts";
import { type Resource, resource } from "../resource.ts";
import { array, integer, named, object, type Schema, string } from "../schema.ts";
import { behaviorSchema, metricSchema, metricStatusSchema, targetReferenceSchema } from "./metrics.ts";

export interface MetricTarget {
  type?: string;
  value?: number | string;
  averageValue?: number | string;
  averageUtilization?: number;
}

export interface MetricSpec {
  type?: string;
  resource?: { name?: string; target?: MetricTarget };
  [source: string]: unknown;
}

export interface ScalingPolicy {
  type?: string;
  value?: number;
  periodSeconds?: number;
}

export interface ScalingRules {
  stabilizationWindowSeconds?: number;
  selectPolicy?: string;
  policies?: ScalingPolicy[];
}

export interface ScaleTargetRef {
  kind?: string;
  name?: string;
  apiVersion?: string;
}

export interface HorizontalPodAutoscalerSpec {
  scaleTargetRef: ScaleTargetRef;
  minReplicas?: number;
  maxReplicas?: number;
  metrics?: MetricSpec[];
  behavior?: { scaleUp?: ScalingRules; scaleDown?: ScalingRules };
}

export interface HorizontalPodAutoscalerStatus {
  observedGeneration?: number;
  lastScaleTime?: string;
  currentReplicas?: number;
  desiredReplicas?: number;
  /** Null as Go writes a list that is not there. */
  currentMetrics?: unknown[] | null;
  conditions?: Condition[];
}

/** Made for revisions of class `hpa.autoscaling.knative.dev`, or by users for their own Deployments (spec E-191). */
export type HorizontalPodAutoscaler = Resource<HorizontalPodAutoscalerSpec, HorizontalPodAutoscalerStatus>;

const int32 = integer({ format: "int32" });

const specSchema = object(
  {},
  {
    scaleTargetRef: { ...targetReferenceSchema, alwaysWritten: true },
    minReplicas: int32,
    maxReplicas: int32,
    metrics: array(metricSchema, { listType: "atomic" }),
    behavior: behaviorSchema,
  },
  { openApi: { required: ["maxReplicas", "scaleTargetRef"] } },
) as Schema as Schema<HorizontalPodAutoscalerSpec>;

const statusSchema = object(
  {},
  {
    observedGeneration: integer({ format: "int64" }),
    lastScaleTime: string({ format: "date-time" }),
    currentReplicas: int32,
    desiredReplicas: int32,
    currentMetrics: array(metricStatusSchema, {
      listType: "atomic",
      nullable: true,
      alwaysWritten: true,
    }),
    conditions: array(named("autoscaling.v2.HorizontalPodAutoscalerCondition", plainConditionSchema), {
      listType: "map",
      listKeys: ["type"],
    }),
  },
) as Schema as Schema<HorizontalPodAutoscalerStatus>;

function targetText({ spec }: HorizontalPodAutoscaler): string {
  const texts = (spec.metrics ?? []).map((metric) => {
    const { name = "", target = {} } = metric.resource ?? {};
    const wanted =
      target.averageUtilization === undefined ? target.averageValue : `${target.averageUtilization}%`;
    return metric.type === "Resource" ? `${name}: <unknown>/${wanted ?? "<auto>"}` : "<unknown type>";
  });
  return texts.length === 0 ? "<none>" : texts.join(", ");
}

export const HorizontalPodAutoscalerKind: Kind<HorizontalPodAutoscaler> = {
  group: "autoscaling",
  version: "v2",
  kind: "HorizontalPodAutoscaler",
  plural: "horizontalpodautoscalers",
  singular: "horizontalpodautoscaler",
  shortNames: ["hpa"],
  categories: ["all"],
  namespaced: true,
  custom: false,
  statusSubresource: true,
  schema: resource(specSchema, statusSchema),
  columns: [
    {
      name: "Reference",
      type: "string",
      value: ({ spec }: HorizontalPodAutoscaler) => `${spec.scaleTargetRef.kind}/${spec.scaleTargetRef.name}`,
    },
    {
      name: "Targets",
      type: "string",
      value: targetText,
    },
    {
      name: "MinPods",
      type: "string",
      value: ({ spec }: HorizontalPodAutoscaler) => String(spec.minReplicas ?? "<unset>"),
    },
    {
      name: "MaxPods",
      type: "string",
      value: ({ spec }: HorizontalPodAutoscaler) => spec.maxReplicas ?? 0,
    },
    {
      name: "Replicas",
      type: "string",
      value: ({ status }: HorizontalPodAutoscaler) => status?.currentReplicas ?? 0,
    },
    AGE_COLUMN,
  ],
};
