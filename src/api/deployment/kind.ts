import { AGE_COLUMN } from "../age.ts";
import { CONTAINER_COLUMNS } from "../container-columns.ts";
import type { Kind } from "../kind.ts";
import { type LabelSelector, labelSelectorSchema } from "../label-selector.ts";
import { type PodTemplate, podTemplateSchema } from "../pod-spec.ts";
import { type Resource, resource } from "../resource.ts";
import { array, boolean, choice, integer, intOrString, object, type Schema, string } from "../schema.ts";

export interface DeploymentStrategy {
  type?: "Recreate" | "RollingUpdate";
  rollingUpdate?: { maxSurge?: number | string; maxUnavailable?: number | string };
}

export interface DeploymentSpec {
  replicas?: number;
  selector: LabelSelector;
  template: PodTemplate;
  strategy?: DeploymentStrategy;
  minReadySeconds?: number;
  revisionHistoryLimit?: number;
  paused?: boolean;
  progressDeadlineSeconds?: number;
}

export interface DeploymentCondition {
  type: string;
  status: "True" | "False" | "Unknown";
  lastUpdateTime?: string;
  lastTransitionTime?: string;
  reason?: string;
  message?: string;
}

export interface DeploymentStatus {
  observedGeneration?: number;
  replicas?: number;
  updatedReplicas?: number;
  readyReplicas?: number;
  availableReplicas?: number;
  unavailableReplicas?: number;
  terminatingReplicas?: number;
  collisionCount?: number;
  conditions?: DeploymentCondition[];
}

export type Deployment = Resource<DeploymentSpec, DeploymentStatus>;

const int32 = integer({ format: "int32" });

const specSchema = object(
  { selector: labelSelectorSchema, template: { ...podTemplateSchema, alwaysWritten: true } },
  {
    replicas: int32,
    strategy: object(
      {},
      {
        type: choice(["Recreate", "RollingUpdate"]),
        rollingUpdate: object(
          {},
          { maxSurge: intOrString(), maxUnavailable: intOrString() },
          { openApi: { type: "apps.v1.RollingUpdateDeployment" } },
        ),
      },
      { alwaysWritten: true, openApi: { type: "apps.v1.DeploymentStrategy" } },
    ),
    minReadySeconds: int32,
    revisionHistoryLimit: int32,
    paused: boolean(),
    progressDeadlineSeconds: int32,
  },
) as Schema as Schema<DeploymentSpec>;

const statusSchema = object(
  {},
  {
    observedGeneration: integer({ format: "int64" }),
    replicas: int32,
    updatedReplicas: int32,
    readyReplicas: int32,
    availableReplicas: int32,
    unavailableReplicas: int32,
    terminatingReplicas: int32,
    collisionCount: int32,
    conditions: array(
      object(
        { type: string(), status: string() },
        {
          lastUpdateTime: string({ format: "date-time" }),
          lastTransitionTime: string({ format: "date-time" }),
          reason: string(),
          message: string(),
        },
        { openApi: { type: "apps.v1.DeploymentCondition" } },
      ),
      { listType: "map", listKeys: ["type"] },
    ),
  },
) as Schema as Schema<DeploymentStatus>;

export const DeploymentKind: Kind<Deployment> = {
  group: "apps",
  version: "v1",
  kind: "Deployment",
  plural: "deployments",
  singular: "deployment",
  shortNames: ["deploy"],
  categories: ["all"],
  namespaced: true,
  custom: false,
  statusSubresource: true,
  scaleSubresource: true,
  schema: resource(specSchema, statusSchema),
  columns: [
    {
      name: "Ready",
      type: "string",
      value: (one: Deployment) => `${one.status?.readyReplicas ?? 0}/${one.spec.replicas ?? 1}`,
    },
    {
      name: "Up-to-date",
      type: "string",
      value: (one: Deployment) => one.status?.updatedReplicas ?? 0,
    },
    {
      name: "Available",
      type: "string",
      value: (one: Deployment) => one.status?.availableReplicas ?? 0,
    },
    AGE_COLUMN,
    ...CONTAINER_COLUMNS,
  ],
};
