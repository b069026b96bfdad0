import { AGE_COLUMN } from "../age.ts";
import type { Kind } from "../kind.ts";
import { type ApiObject, objectMetaSchema } from "../object.ts";
import {
  bindingColumns,
  RBAC_GROUP,
  type RoleRef,
  roleRefSchema,
  roleRefText,
  type Subject,
  subjectsSchema,
} from "../rbac.ts";
import { object, type Schema, string } from "../schema.ts";

export interface ClusterRoleBinding extends ApiObject {
  subjects?: Subject[];
  roleRef: RoleRef;
}

const schema: Schema<ClusterRoleBinding> = object(
  { metadata: objectMetaSchema },
  { apiVersion: string(), kind: string(), subjects: subjectsSchema, roleRef: roleRefSchema },
) as Schema as Schema<ClusterRoleBinding>;

/** Part of what a Table shows (spec E-206). */
const ROLE =
  "RoleRef can only reference a ClusterRole in the global namespace. If the RoleRef cannot be resolved, the Authorizer " +
  "must return an error.";

export const ClusterRoleBindingKind: Kind<ClusterRoleBinding> = {
  group: RBAC_GROUP,
  version: "v1",
  kind: "ClusterRoleBinding",
  plural: "clusterrolebindings",
  singular: "clusterrolebinding",
  shortNames: [],
  categories: [],
  namespaced: false,
  custom: false,
  statusSubresource: false,
  schema,
  columns: [
    { name: "Role", type: "string", description: ROLE, value: roleRefText },
    AGE_COLUMN,
    ...bindingColumns("clusterRoleBinding"),
  ],
};
