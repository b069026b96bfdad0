/** What Role, ClusterRole and their bindings share (rbac.authorization.k8s.io/v1). */
import { AGE_COLUMN } from "./age.ts";
import type { Column } from "./kind.ts";
import { type ApiObject, objectMetaSchema } from "./object.ts";
import { array, object, type Schema, string } from "./schema.ts";

export const RBAC_GROUP = "rbac.authorization.k8s.io";

export interface PolicyRule {
  verbs: string[];
  apiGroups?: string[];
  resources?: string[];
  resourceNames?: string[];
  nonResourceURLs?: string[];
}

export interface RoleRef {
  apiGroup?: string;
  kind?: string;
  name?: string;
}

export interface Subject {
  kind?: string;
  apiGroup?: string;
  name?: string;
  namespace?: string;
}

const strings = array(string(), { listType: "atomic" });

export const rulesSchema = array(
  object(
    {},
    {
      verbs: strings,
      apiGroups: strings,
      resources: strings,
      resourceNames: strings,
      nonResourceURLs: strings,
    },
    { openApi: { type: "rbac.v1.PolicyRule", required: ["verbs"] } },
  ),
  { listType: "atomic", nullable: true, alwaysWritten: true },
) as Schema as Schema<PolicyRule[]>;

const subjectsSchema = array(
  object(
    {},
    { kind: string(), apiGroup: string(), name: string(), namespace: string() },
    { mapType: "atomic", openApi: { type: "rbac.v1.Subject", required: ["kind", "name"] } },
  ),
  { listType: "atomic" },
) as Schema as Schema<Subject[]>;

const roleRefSchema = object(
  {},
  { apiGroup: string(), kind: string(), name: string() },
  {
    mapType: "atomic",
    alwaysWritten: true,
    openApi: { type: "rbac.v1.RoleRef", required: ["apiGroup", "kind", "name"] },
  },
) as Schema as Schema<RoleRef>;

/** A RoleBinding or a ClusterRoleBinding. */
export interface Binding extends ApiObject {
  subjects?: Subject[];
  roleRef: RoleRef;
}

export const bindingSchema = object(
  { metadata: objectMetaSchema },
  { apiVersion: string(), kind: string(), subjects: subjectsSchema, roleRef: roleRefSchema },
  { openApi: { required: ["roleRef"] } },
) as Schema as Schema<Binding>;

/** Columns of a binding; `where` is its own word in the descriptions, `role` describes its roleRef (spec E-206). */
export function bindingColumns(where: string, role: string): Column[] {
  const named = (name: string, value: (binding: Binding) => string): Column => ({
    name,
    type: "string",
    priority: 1,
    description: `${name} in the ${where}`,
    value,
  });
  return [
    { name: "Role", type: "string", description: role, value: roleRefText },
    AGE_COLUMN,
    named("Users", (binding) => namesOf(binding, "User")),
    named("Groups", (binding) => namesOf(binding, "Group")),
    named("ServiceAccounts", (binding) => namesOf(binding, "ServiceAccount")),
  ];
}

function namesOf({ subjects = [] }: Binding, kind: string): string {
  const mine = subjects.filter((subject) => subject.kind === kind);
  return mine
    .map(({ name = "", namespace }) => (kind === "ServiceAccount" ? `${namespace ?? ""}/${name}` : name))
    .join(", ");
}

function roleRefText({ roleRef }: Binding): string {
  return `${roleRef.kind ?? ""}/${roleRef.name ?? ""}`;
}
