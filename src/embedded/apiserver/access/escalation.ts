import type { PolicyRule, RoleRef } from "../../../api/rbac.ts";
import { ruleText, uncovered } from "../../../api/rbac-access.ts";
import type { AnyObject } from "../any-object.ts";
import type { Caller, Target } from "../context.ts";
import { forbidden } from "../failures.ts";
import { type Authorizer, MASTERS } from "./authorizer.ts";

/** Nobody hands out rights that they do not have, but for those who may `escalate` or `bind` (as in Kubernetes). */
export async function refuseEscalation(
  authorizer: Authorizer,
  {
    target,
    object,
    caller,
  }: { readonly target: Target; readonly object: AnyObject; readonly caller: Caller },
): Promise<void> {
  const { group, plural } = target.resource;
  if (group !== "rbac.authorization.k8s.io" || caller.inside || caller.groups.includes(MASTERS)) return;
  const isBinding = plural.endsWith("bindings");
  const roleRef = (object.roleRef ?? {}) as RoleRef;
  const granted = isBinding
    ? await authorizer.rulesOf(roleRef, target.namespace)
    : ((object.rules ?? []) as PolicyRule[]);
  const role = roleRef.kind === "ClusterRole" ? "clusterroles" : "roles";
  const exemption = {
    verb: isBinding ? "bind" : "escalate",
    group,
    version: "v1",
    resource: isBinding ? role : plural,
    subresource: "",
    name: isBinding ? (roleRef.name ?? "") : target.name,
    namespace: target.namespace,
  };
  if ((await authorizer.decide(caller, exemption)).allowed) return;
  const held: PolicyRule[] = [];
  for await (const { rule } of authorizer.grants(caller, target.namespace)) held.push(rule);
  const missing = uncovered(held, granted);
  if (missing.length === 0) return;
  const groups = caller.groups.map((one) => JSON.stringify(one)).join(" ");
  const why =
    `user ${JSON.stringify(caller.name)} (groups=[${groups}]) is attempting to grant RBAC permissions not currently ` +
    `held:\n${missing.map(ruleText).join("\n")}`;
  throw forbidden(target.resource, target.name, why);
}
