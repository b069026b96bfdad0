import { type Condition, conditionSchema } from "./object.ts";
import { array, integer, map, object, type Schema, string } from "./schema.ts";

/** What every Knative status begins with (spec ). */
export interface DuckStatus {
  observedGeneration?: number;
  conditions?: Condition[];
  annotations?: Record<string, string>;
}

export const duckStatusFields = {
  observedGeneration: integer({ format: "int64" }),
  conditions: array(conditionSchema),
  annotations: map(string()),
};

/** Where something can be reached from inside the cluster (spec A-034). */
export interface Address {
  url?: string;
  name?: string;
  CACerts?: string;
  audience?: string;
}

export const addressSchema: Schema<Address> = object(
  {},
  { url: string(), name: string(), CACerts: string(), audience: string() },
);
