import { AGE_COLUMN } from "../age.ts";
import type { Kind } from "../kind.ts";
import { type LabelSelector, labelSelectorSchema } from "../label-selector.ts";
import { type Condition, metaConditionSchema } from "../object.ts";
import { type Resource, resource } from "../resource.ts";
import { array, choice, integer, intOrString, map, object, type Schema, string } from "../schema.ts";

export interface PodDisruptionBudgetSpec {
  minAvailable?: number | string;
  selector?: LabelSelector;
  maxUnavailable?: number | string;
  unhealthyPodEvictionPolicy?: string;
}

export interface PodDisruptionBudgetStatus {
  observedGeneration?: number;
  disruptionsAllowed?: number;
  currentHealthy?: number;
  desiredHealthy?: number;
  expectedPods?: number;
  conditions?: Condition[];
}

/** Stored, so that manifests apply; nothing here evicts pods but its users. */
export type PodDisruptionBudget = Resource<PodDisruptionBudgetSpec, PodDisruptionBudgetStatus>;

const int32 = integer({ format: "int32" });

const specSchema: Schema<PodDisruptionBudgetSpec> = object(
  {},
  {
    minAvailable: intOrString(),
    selector: labelSelectorSchema,
    maxUnavailable: intOrString(),
    unhealthyPodEvictionPolicy: choice(["AlwaysAllow", "IfHealthyBudget"]),
  },
);

const statusSchema = object(
  {},
  {
    observedGeneration: integer({ format: "int64" }),
    disruptedPods: map(string({ format: "date-time" })),
    disruptionsAllowed: int32,
    currentHealthy: int32,
    desiredHealthy: int32,
    expectedPods: int32,
    conditions: array(metaConditionSchema, { listType: "map", listKeys: ["type"] }),
  },
) as Schema as Schema<PodDisruptionBudgetStatus>;

const shown = (value: number | string | undefined) => (value === undefined ? "N/A" : String(value));

export const PodDisruptionBudgetKind: Kind<PodDisruptionBudget> = {
  group: "policy",
  version: "v1",
  kind: "PodDisruptionBudget",
  plural: "poddisruptionbudgets",
  singular: "poddisruptionbudget",
  shortNames: ["pdb"],
  categories: [],
  namespaced: true,
  custom: false,
  statusSubresource: true,
  schema: resource(specSchema, statusSchema),
  columns: [
    {
      name: "Min Available",
      type: "string",
      description: "The minimum number of pods that must be available.",
      value: ({ spec }: PodDisruptionBudget) => shown(spec.minAvailable),
    },
    {
      name: "Max Unavailable",
      type: "string",
      description: "The maximum number of pods that may be unavailable.",
      value: ({ spec }: PodDisruptionBudget) => shown(spec.maxUnavailable),
    },
    {
      name: "Allowed Disruptions",
      type: "integer",
      description: "Calculated number of pods that may be disrupted at this time.",
      value: ({ status }: PodDisruptionBudget) => status?.disruptionsAllowed ?? 0,
    },
    AGE_COLUMN,
  ],
};
