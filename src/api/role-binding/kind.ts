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

export interface RoleBinding extends ApiObject {
  subjects?: Subject[];
  roleRef: RoleRef;
}

const schema: Schema<RoleBinding> = object(
  { metadata: objectMetaSchema },
  { apiVersion: string(), kind: string(), subjects: subjectsSchema, roleRef: roleRefSchema },
) as Schema as Schema<RoleBinding>;

/** Part of what a Table shows (spec E-206). */
const ROLE =
  "RoleRef can reference a Role in the current namespace or a ClusterRole in the global namespace. If the RoleRef cannot " +
  "be resolved, the Authorizer must return an error.";

export const RoleBindingKind: Kind<RoleBinding> = {
  group: RBAC_GROUP,
  version: "v1",
  kind: "RoleBinding",
  plural: "rolebindings",
  singular: "rolebinding",
  shortNames: [],
  categories: [],
  namespaced: true,
  custom: false,
  statusSubresource: false,
  schema,
  columns: [
    { name: "Role", type: "string", description: ROLE, value: roleRefText },
    AGE_COLUMN,
    ...bindingColumns("roleBinding"),
  ],
};
