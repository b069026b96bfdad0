import { AGE_COLUMN } from "../age.ts";
import type { Kind } from "../kind.ts";
import { plainConditionSchema } from "../object.ts";
import { type Resource, resource } from "../resource.ts";
import { array, choice, named, object, type Schema, string } from "../schema.ts";

export interface NamespaceSpec {
  finalizers?: string[];
}

export interface NamespaceStatus {
  phase?: "Active" | "Terminating";
  conditions?: unknown[];
}

export type Namespace = Resource<NamespaceSpec, NamespaceStatus>;

export const NamespaceKind: Kind<Namespace> = {
  group: "",
  version: "v1",
  kind: "Namespace",
  plural: "namespaces",
  singular: "namespace",
  shortNames: ["ns"],
  categories: [],
  namespaced: false,
  custom: false,
  statusSubresource: true,
  schema: resource<NamespaceSpec, NamespaceStatus>(
    object({}, { finalizers: array(string(), { listType: "atomic" }) }),
    object(
      {},
      {
        phase: choice(["Active", "Terminating"]),
        conditions: array(named("core.v1.NamespaceCondition", plainConditionSchema), {
          listType: "map",
          listKeys: ["type"],
        }),
      },
    ) as Schema as Schema<NamespaceStatus>,
  ),
  columns: [
    { name: "Status", type: "string", value: (one: Namespace) => one.status?.phase ?? "" },
    AGE_COLUMN,
  ],
};
