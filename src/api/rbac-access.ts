/** Whether rules of roles allow something, and whether some rules are covered by others: RBAC as pure functions. */
import type { PolicyRule, Subject } from "./rbac.ts";

/** What somebody wants to do: with an object of the API, or with another path. */
export interface Attributes {
  readonly verb: string;
  readonly group: string;
  readonly version: string;
  readonly resource: string;
  readonly subresource: string;
  /** "" = all objects. */
  readonly name: string;
  /** "" = the whole cluster. */
  readonly namespace: string;
  /** Set where no object is meant: the path. */
  readonly path?: string;
}

export interface UserInfo {
  readonly name: string;
  readonly groups: readonly string[];
}

export function ruleAllows(rule: PolicyRule, wanted: Attributes): boolean {
  if (!has(rule.verbs, wanted.verb)) return false;
  if (wanted.path !== undefined)
    return (rule.nonResourceURLs ?? []).some((url) => coversUrl(url, wanted.path ?? ""));
  return (
    has(rule.apiGroups, wanted.group) &&
    coversResource(rule.resources, wanted) &&
    ((rule.resourceNames ?? []).length === 0 || (rule.resourceNames ?? []).includes(wanted.name))
  );
}

function has(list: readonly string[] | undefined, wanted: string): boolean {
  return list !== undefined && (list.includes("*") || list.includes(wanted));
}

function coversResource(resources: readonly string[] | undefined, wanted: Attributes): boolean {
  const full = wanted.subresource === "" ? wanted.resource : `${wanted.resource}/${wanted.subresource}`;
  return (resources ?? []).some(
    (resource) =>
      resource === "*" ||
      resource === full ||
      (wanted.subresource !== "" && resource === `*/${wanted.subresource}`),
  );
}

function coversUrl(url: string, path: string): boolean {
  return url === "*" || url === path || (url.endsWith("*") && path.startsWith(url.slice(0, -1)));
}

/** The namespace is a binding's own, for service accounts that name none. */
export function isSubject(subject: Subject, user: UserInfo, namespace: string): boolean {
  switch (subject.kind) {
    case "User":
      return subject.name === user.name;
    case "Group":
      return user.groups.includes(subject.name ?? "");
    case "ServiceAccount":
      return user.name === `system:serviceaccount:${subject.namespace ?? namespace}:${subject.name}`;
    default:
      return false;
  }
}

/** The parts of `wanted` that no rule of `held` covers, each of one verb and one resource. */
export function uncovered(held: readonly PolicyRule[], wanted: readonly PolicyRule[]): PolicyRule[] {
  return wanted.flatMap(breakDown).filter((part) => !held.some((rule) => covers(rule, part)));
}

/** A rule as rules that each say one thing. */
function breakDown(rule: PolicyRule): PolicyRule[] {
  const { verbs, apiGroups = [], resources = [], resourceNames = [], nonResourceURLs = [] } = rule;
  return (verbs ?? []).flatMap((verb) => [
    ...apiGroups.flatMap((group) =>
      resources.flatMap((resource): PolicyRule[] => {
        const one = { verbs: [verb], apiGroups: [group], resources: [resource] };
        return resourceNames.length === 0
          ? [one]
          : resourceNames.map((name) => ({ ...one, resourceNames: [name] }));
      }),
    ),
    ...nonResourceURLs.map((url): PolicyRule => ({ verbs: [verb], nonResourceURLs: [url] })),
  ]);
}

function covers(rule: PolicyRule, part: PolicyRule): boolean {
  const [verb = ""] = part.verbs;
  if (!has(rule.verbs, verb)) return false;
  const [url] = part.nonResourceURLs ?? [];
  if (url !== undefined) return (rule.nonResourceURLs ?? []).some((one) => coversUrl(one, url));
  const [group = ""] = part.apiGroups ?? [];
  const [full = ""] = part.resources ?? [];
  const [resource = "", subresource = ""] = full.split("/");
  const names = rule.resourceNames ?? [];
  const [name] = part.resourceNames ?? [];
  const wanted = { verb, group, version: "", resource, subresource, name: name ?? "", namespace: "" };
  return (
    has(rule.apiGroups, group) &&
    coversResource(rule.resources, wanted) &&
    (names.length === 0 || (name !== undefined && names.includes(name)))
  );
}

/** `{APIGroups:[""], Resources:["pods"], Verbs:["get"]}`, as refusals show a rule. */
export function ruleText(rule: PolicyRule): string {
  const list = (name: string, values: readonly string[] | undefined) =>
    values === undefined || values.length === 0
      ? []
      : [`${name}:[${values.map((value) => JSON.stringify(value)).join(" ")}]`];
  return `{${[
    ...list("APIGroups", rule.apiGroups),
    ...list("Resources", rule.resources),
    ...list("ResourceNames", rule.resourceNames),
    ...list("NonResourceURLs", rule.nonResourceURLs),
    ...list("Verbs", rule.verbs),
  ].join(", ")}}`;
}
