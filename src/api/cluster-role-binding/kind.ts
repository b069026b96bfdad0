import type { Kind } from "../kind.ts";
import { type Binding, bindingColumns, bindingSchema, RBAC_GROUP } from "../rbac.ts";

export type ClusterRoleBinding = Binding;

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
  schema: bindingSchema,
  columns: bindingColumns("clusterRoleBinding", ROLE),
};
