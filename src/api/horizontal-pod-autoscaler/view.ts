import type { Column, Kind } from "../kind.ts";
import type { ApiObject } from "../object.ts";
import { type Resource, resource } from "../resource.ts";
import { integer, object, type Schema, string } from "../schema.ts";
import type { KindView } from "../view.ts";
import {
  type HorizontalPodAutoscaler,
  HorizontalPodAutoscalerKind,
  type MetricSpec,
  type ScaleTargetRef,
} from "./kind.ts";

interface SpecV1 {
  scaleTargetRef: ScaleTargetRef;
  minReplicas?: number;
  maxReplicas?: number;
  targetCPUUtilizationPercentage?: number;
}

interface StatusV1 {
  observedGeneration?: number;
  lastScaleTime?: string;
  currentReplicas?: number;
  desiredReplicas?: number;
  currentCPUUtilizationPercentage?: number;
}

/** autoscaling/v1: the same autoscalers as far as they look at the CPU alone. */
type AutoscalerV1 = Resource<SpecV1, StatusV1>;

const int32 = integer({ format: "int32" });

const schema = resource(
  object(
    {},
    {
      scaleTargetRef: object(
        {},
        { kind: string(), name: string(), apiVersion: string() },
        { openApi: { type: "autoscaling.v1.CrossVersionObjectReference", required: ["kind", "name"] } },
      ),
      minReplicas: int32,
      maxReplicas: int32,
      targetCPUUtilizationPercentage: int32,
    },
    { openApi: { required: ["maxReplicas", "scaleTargetRef"] } },
  ) as Schema as Schema<SpecV1>,
  object(
    {},
    {
      observedGeneration: integer({ format: "int64" }),
      lastScaleTime: string({ format: "date-time" }),
      currentReplicas: int32,
      desiredReplicas: int32,
      currentCPUUtilizationPercentage: int32,
    },
  ) as Schema as Schema<StatusV1>,
);

function isCpu(metric: MetricSpec): boolean {
  return metric.resource?.name === "cpu" && metric.resource.target?.averageUtilization !== undefined;
}

function shown({ spec, status, ...rest }: HorizontalPodAutoscaler): AutoscalerV1 {
  const { metrics = [], behavior: _, ...common } = spec;
  const target = metrics.find(isCpu)?.resource?.target?.averageUtilization;
  const { conditions: __, currentMetrics: ___, ...numbers } = (status ?? {}) as Record<string, unknown>;
  return {
    ...rest,
    spec: { ...common, ...(target === undefined ? {} : { targetCPUUtilizationPercentage: target }) },
    status: { currentReplicas: 0, desiredReplicas: 0, ...numbers },
  };
}

/** What the old version cannot say stays as it is. */
function stored(given: AutoscalerV1, before?: HorizontalPodAutoscaler): HorizontalPodAutoscaler {
  const { targetCPUUtilizationPercentage: averageUtilization, ...common } = given.spec;
  const others = (before?.spec.metrics ?? []).filter((metric) => !isCpu(metric));
  const target = { type: "Utilization", averageUtilization };
  const cpu: MetricSpec[] =
    averageUtilization === undefined
      ? []
      : [{ type: "Resource", resource: { name: "cpu", target } } as MetricSpec];
  const metrics = [...cpu, ...others];
  const { behavior } = before?.spec ?? {};
  const { currentCPUUtilizationPercentage: _, ...numbers } = given.status ?? {};
  return {
    ...given,
    spec: {
      ...common,
      ...(metrics.length > 0 ? { metrics } : {}),
      ...(behavior === undefined ? {} : { behavior }),
    },
    status: { ...before?.status, ...numbers },
  };
}

function columnOf(column: Column): Column {
  const { value } = column;
  if (typeof value === "string") return column;
  const read = value as (one: HorizontalPodAutoscaler, nowMs: number) => string | number;
  return { ...column, value: (one: AutoscalerV1, nowMs: number) => read(stored(one), nowMs) };
}

const kind: Kind<AutoscalerV1> = {
  ...HorizontalPodAutoscalerKind,
  version: "v1",
  schema,
  columns: HorizontalPodAutoscalerKind.columns.map(columnOf),
};

export const AUTOSCALER_VIEW: KindView = {
  kind: kind,
  of: HorizontalPodAutoscalerKind,
  show: (one: ApiObject) => shown(one as HorizontalPodAutoscaler),
  store: (one: ApiObject, before?: ApiObject) =>
    stored(one as AutoscalerV1, before as HorizontalPodAutoscaler | undefined),
};
