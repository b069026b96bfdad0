import { type DuckStatus, duckStatusFields } from "../duck-status.ts";
import type { Kind } from "../kind.ts";
import { READY_REASON, READY_STATUS, type Resource, resource } from "../resource.ts";
import { integer, object, type Schema, string } from "../schema.ts";
import { type TargetRef, targetRefSchema } from "../target-ref.ts";

export interface PodAutoscalerSpec {
  containerConcurrency?: number;
  scaleTargetRef: TargetRef;
  /** "" is unknown. */
  reachability?: "" | "Reachable" | "Unreachable";
  protocolType: "http1" | "h2c";
}

export interface PodAutoscalerStatus extends DuckStatus {
  serviceName?: string;
  metricsServiceName?: string;
  desiredScale?: number;
  actualScale?: number;
}

export type PodAutoscaler = Resource<PodAutoscalerSpec, PodAutoscalerStatus>;

const statusSchema = object(
  { metricsServiceName: string(), serviceName: string() },
  {
    ...duckStatusFields,
    desiredScale: integer({ format: "int32" }),
    actualScale: integer({ format: "int32" }),
  },
);

/** spec. */
export const PodAutoscalerKind: Kind<PodAutoscaler> = {
  group: "autoscaling.internal.knative.dev",
  version: "v1alpha1",
  kind: "PodAutoscaler",
  plural: "podautoscalers",
  singular: "podautoscaler",
  shortNames: ["kpa", "pa"],
  categories: ["knative-internal", "autoscaling"],
  namespaced: true,
  custom: true,
  statusSubresource: true,
  schema: resource<PodAutoscalerSpec, PodAutoscalerStatus>(
    object(
      { scaleTargetRef: targetRefSchema, protocolType: string() },
      { containerConcurrency: integer({ format: "int64" }), reachability: string() },
    ) as Schema as Schema<PodAutoscalerSpec>,
    statusSchema,
  ),
  columns: [
    { name: "DesiredScale", type: "integer", value: ".status.desiredScale" },
    { name: "ActualScale", type: "integer", value: ".status.actualScale" },
    { name: "Ready", type: "string", value: READY_STATUS },
    { name: "Reason", type: "string", value: READY_REASON },
  ],
};
