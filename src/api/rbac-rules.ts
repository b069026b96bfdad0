/** Kubernetes' defaults and checks of RBAC objects, with its texts. */

import { isSame } from "./admission/same.ts";
import { type FieldCause, invalidValue, required, unsupported } from "./field-cause.ts";
import { type PolicyRule, RBAC_GROUP, type RoleRef, type Subject } from "./rbac.ts";

export interface AnyRole {
  rules?: PolicyRule[] | null;
}

/** Go writes a role without rules with the list as null. */
export function defaultRole(role: AnyRole): void {
  role.rules ??= null;
}

export function roleCauses({ rules }: AnyRole, namespaced: boolean): FieldCause[] {
  return (rules ?? []).flatMap((rule, index) => ruleCauses(rule, `rules[${index}]`, namespaced));
}

function ruleCauses(rule: PolicyRule, at: string, namespaced: boolean): FieldCause[] {
  const { verbs, apiGroups = [], resources = [], resourceNames = [], nonResourceURLs = [] } = rule;
  const causes =
    (verbs ?? []).length === 0 ? [required(`${at}.verbs`, "verbs must contain at least one value")] : [];
  if (nonResourceURLs.length > 0) {
    if (namespaced)
      return [
        ...causes,
        invalidValue(
          `${at}.nonResourceURLs`,
          nonResourceURLs,
          "namespaced rules cannot apply to non-resource URLs",
        ),
      ];
    const mixed = apiGroups.length + resources.length + resourceNames.length > 0;
    const text = "rules cannot apply to both regular resources and non-resource URLs";
    return mixed ? [...causes, invalidValue(`${at}.nonResourceURLs`, nonResourceURLs, text)] : causes;
  }
  if (apiGroups.length === 0)
    causes.push(required(`${at}.apiGroups`, "resource rules must supply at least one api group"));
  if (resources.length === 0)
    causes.push(required(`${at}.resources`, "resource rules must supply at least one resource"));
  return causes;
}

export interface AnyBinding {
  roleRef?: RoleRef;
  subjects?: Subject[];
}

export function defaultBinding(binding: AnyBinding): void {
  binding.roleRef ??= {};
  binding.roleRef.apiGroup ||= RBAC_GROUP;
  binding.roleRef.kind ??= "";
  binding.roleRef.name ??= "";
  for (const subject of binding.subjects ?? []) {
    if (subject.kind === "User" || subject.kind === "Group") subject.apiGroup ||= RBAC_GROUP;
    else if (subject.apiGroup === "") delete subject.apiGroup;
    subject.name ??= "";
  }
}

const SUBJECT_KINDS = ["ServiceAccount", "User", "Group"];

export function bindingCauses(
  { roleRef = {}, subjects = [] }: AnyBinding,
  before: AnyBinding | undefined,
  namespaced: boolean,
): FieldCause[] {
  const { apiGroup = "", kind = "", name = "" } = roleRef;
  const kinds = namespaced ? ["Role", "ClusterRole"] : ["ClusterRole"];
  const causes: FieldCause[] = [];
  if (apiGroup !== RBAC_GROUP) causes.push(unsupported("roleRef.apiGroup", apiGroup, [RBAC_GROUP]));
  if (!kinds.includes(kind)) causes.push(unsupported("roleRef.kind", kind, kinds));
  if (name === "") causes.push(required("roleRef.name"));
  causes.push(
    ...subjects.flatMap((subject, index) => subjectCauses(subject, `subjects[${index}]`, namespaced)),
  );
  if (before && !isSame(before.roleRef, roleRef)) {
    const shown = { APIGroup: apiGroup, Kind: kind, Name: name };
    causes.push(invalidValue("roleRef", shown, "cannot change roleRef"));
  }
  return causes;
}

function subjectCauses(subject: Subject, at: string, namespaced: boolean): FieldCause[] {
  const { kind = "", apiGroup = "", name = "", namespace = "" } = subject;
  const causes = name === "" ? [required(`${at}.name`)] : [];
  if (kind === "ServiceAccount") {
    if (apiGroup !== "") causes.push(unsupported(`${at}.apiGroup`, apiGroup, [""]));
    if (namespace === "" && !namespaced) causes.push(required(`${at}.namespace`));
  } else if (kind === "User" || kind === "Group") {
    if (apiGroup !== RBAC_GROUP) causes.push(unsupported(`${at}.apiGroup`, apiGroup, [RBAC_GROUP]));
  } else causes.push(unsupported(`${at}.kind`, kind, SUBJECT_KINDS));
  return causes;
}
