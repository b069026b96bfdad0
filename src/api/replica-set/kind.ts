import { AGE_COLUMN } from "../age.ts";
import { CONTAINER_COLUMNS } from "../container-columns.ts";
import type { Kind } from "../kind.ts";
import { type LabelSelector, labelSelectorSchema } from "../label-selector.ts";
import { plainConditionSchema } from "../object.ts";
import { type PodTemplate, podTemplateSchema } from "../pod-spec.ts";
import { type Resource, resource } from "../resource.ts";
import { array, integer, named, object, type Schema } from "../schema.ts";

export interface ReplicaSetSpec {
  replicas?: number;
  minReadySeconds?: number;
  selector: LabelSelector;
  template: PodTemplate;
}

export interface ReplicaSetCondition {
  type: string;
  status: "True" | "False" | "Unknown";
  lastTransitionTime?: string;
  reason?: string;
  message?: string;
}

export interface ReplicaSetStatus {
  replicas: number;
  fullyLabeledReplicas?: number;
  readyReplicas?: number;
  availableReplicas?: number;
  terminatingReplicas?: number;
  observedGeneration?: number;
  conditions?: ReplicaSetCondition[];
}

export type ReplicaSet = Resource<ReplicaSetSpec, ReplicaSetStatus>;

const int32 = integer({ format: "int32" });

const specSchema = object(
  { selector: labelSelectorSchema },
  { replicas: int32, minReadySeconds: int32, template: { ...podTemplateSchema, alwaysWritten: true } },
) as Schema as Schema<ReplicaSetSpec>;

const statusSchema = object(
  { replicas: int32 },
  {
    fullyLabeledReplicas: int32,
    readyReplicas: int32,
    availableReplicas: int32,
    terminatingReplicas: int32,
    observedGeneration: integer({ format: "int64" }),
    conditions: array(named("apps.v1.ReplicaSetCondition", plainConditionSchema), {
      listType: "map",
      listKeys: ["type"],
    }),
  },
) as Schema as Schema<ReplicaSetStatus>;

export const ReplicaSetKind: Kind<ReplicaSet> = {
  group: "apps",
  version: "v1",
  kind: "ReplicaSet",
  plural: "replicasets",
  singular: "replicaset",
  shortNames: ["rs"],
  categories: ["all"],
  namespaced: true,
  custom: false,
  statusSubresource: true,
  scaleSubresource: true,
  schema: resource(specSchema, statusSchema),
  columns: [
    { name: "Desired", type: "integer", value: (one: ReplicaSet) => one.spec.replicas ?? 1 },
    { name: "Current", type: "integer", value: (one: ReplicaSet) => one.status?.replicas ?? 0 },
    { name: "Ready", type: "integer", value: (one: ReplicaSet) => one.status?.readyReplicas ?? 0 },
    AGE_COLUMN,
    ...CONTAINER_COLUMNS,
  ],
};
