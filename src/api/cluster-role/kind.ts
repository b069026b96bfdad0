import { CREATED_AT_COLUMN } from "../age.ts";
import type { Kind } from "../kind.ts";
import { type LabelSelector, labelSelectorSchema } from "../label-selector.ts";
import { type ApiObject, objectMetaSchema } from "../object.ts";
import { type PolicyRule, RBAC_GROUP, rulesSchema } from "../rbac.ts";
import { array, object, type Schema, string } from "../schema.ts";

export interface ClusterRole extends ApiObject {
  rules?: PolicyRule[];
  aggregationRule?: { clusterRoleSelectors?: LabelSelector[] };
}

const schema: Schema<ClusterRole> = object(
  { metadata: objectMetaSchema },
  {
    apiVersion: string(),
    kind: string(),
    rules: rulesSchema,
    aggregationRule: object(
      {},
      { clusterRoleSelectors: array(labelSelectorSchema, { listType: "atomic" }) },
      { openApi: { type: "rbac.v1.AggregationRule" } },
    ),
  },
) as Schema as Schema<ClusterRole>;

export const ClusterRoleKind: Kind<ClusterRole> = {
  group: RBAC_GROUP,
  version: "v1",
  kind: "ClusterRole",
  plural: "clusterroles",
  singular: "clusterrole",
  shortNames: [],
  categories: [],
  namespaced: false,
  custom: false,
  statusSubresource: false,
  schema,
  columns: [CREATED_AT_COLUMN],
};
