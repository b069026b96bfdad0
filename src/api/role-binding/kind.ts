import type { Kind } from "../kind.ts";
import { type Binding, bindingColumns, bindingSchema, RBAC_GROUP } from "../rbac.ts";

export type RoleBinding = Binding;

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
  schema: bindingSchema,
  columns: bindingColumns("roleBinding", ROLE),
};
