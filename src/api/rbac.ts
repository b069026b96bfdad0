/** What Role, ClusterRole and their bindings share (rbac.authorization.k8s.io/v1). */
import type { Column } from "./kind.ts";
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
  ),
  { listType: "atomic", nullable: true, alwaysWritten: true },
) as Schema as Schema<PolicyRule[]>;

export const subjectsSchema = array(
  object({}, { kind: string(), apiGroup: string(), name: string(), namespace: string() }),
  { listType: "atomic" },
) as Schema as Schema<Subject[]>;

export const roleRefSchema = object(
  {},
  { apiGroup: string(), kind: string(), name: string() },
  { mapType: "atomic", alwaysWritten: true },
) as Schema as Schema<RoleRef>;

interface Bound {
  readonly roleRef: RoleRef;
  readonly subjects?: readonly Subject[];
}

/** Columns of a binding; `where` is the binding's own word in their descriptions. */
export function bindingColumns(where: string): Column[] {
  const named = (name: string, value: (binding: Bound) => string): Column => ({
    name,
    type: "string",
    priority: 1,
    description: `${name} in the ${where}`,
    value,
  });
  return [
    named("Users", (binding) => namesOf(binding, "User")),
    named("Groups", (binding) => namesOf(binding, "Group")),
    named("ServiceAccounts", (binding) => namesOf(binding, "ServiceAccount")),
  ];
}

function namesOf({ subjects = [] }: Bound, kind: string): string {
  const mine = subjects.filter((subject) => subject.kind === kind);
  return mine
    .map(({ name = "", namespace }) => (kind === "ServiceAccount" ? `${namespace ?? ""}/${name}` : name))
    .join(", ");
}

export function roleRefText({ roleRef }: Bound): string {
  return `${roleRef.kind ?? ""}/${roleRef.name ?? ""}`;
}
