import type { PolicyRule, RoleRef, Subject } from "../../../api/rbac.ts";
import { type Attributes, isSubject, ruleAllows, type UserInfo } from "../../../api/rbac-access.ts";
import type { Storage } from "../storage/storage.ts";

/** RBAC over the stored roles and bindings (spec E-215). Members of system:masters may do everything. */

export const MASTERS = "system:masters";
const GROUP = "rbac.authorization.k8s.io";
const PAGE = 500;

/** A rule that somebody holds, and which binding gave it. */
export interface Grant {
  readonly rule: PolicyRule;
  /** `ClusterRoleBinding "x" of ClusterRole "y" to Group "z"`. */
  readonly source: string;
}

export interface Decision {
  readonly allowed: boolean;
  readonly reason: string;
}

interface Binding {
  readonly metadata: { readonly name: string; readonly namespace?: string };
  readonly roleRef: RoleRef;
  readonly subjects?: readonly Subject[];
}

export class Authorizer {
  readonly #storage: Storage;

  constructor(storage: Storage) {
    this.#storage = storage;
  }

  async decide(user: UserInfo, wanted: Attributes): Promise<Decision> {
    if (user.groups.includes(MASTERS)) return { allowed: true, reason: "" };
    for await (const { rule, source } of this.grants(user, wanted.namespace))
      if (ruleAllows(rule, wanted)) return { allowed: true, reason: `RBAC: allowed by ${source}` };
    return { allowed: false, reason: "" };
  }

  /** All rules that somebody holds in a namespace ("" = cluster-wide ones alone). */
  async *grants(user: UserInfo, namespace: string): AsyncGenerator<Grant> {
    yield* this.#granted("ClusterRoleBinding", user, "");
    if (namespace !== "") yield* this.#granted("RoleBinding", user, namespace);
  }

  async *#granted(kind: string, user: UserInfo, namespace: string): AsyncGenerator<Grant> {
    const plural = kind === "RoleBinding" ? "rolebindings" : "clusterrolebindings";
    for (const binding of await this.#list(plural, namespace)) {
      const subject = (binding.subjects ?? []).find((one) => isSubject(one, user, namespace));
      if (!subject) continue;
      const { roleRef, metadata } = binding;
      const own = namespace === "" ? metadata.name : `${metadata.name}/${namespace}`;
      const source = `${kind} "${own}" of ${roleRef.kind} "${roleRef.name}" to ${subjectText(subject, namespace)}`;
      for (const rule of await this.rulesOf(roleRef, namespace)) yield { rule, source };
    }
  }

  /** The rules of the role that a binding in `namespace` refers to; none when it is missing. */
  async rulesOf(roleRef: RoleRef, namespace: string): Promise<readonly PolicyRule[]> {
    const isCluster = roleRef.kind === "ClusterRole";
    const entry = await this.#storage.get({
      collection: `${isCluster ? "clusterroles" : "roles"}.${GROUP}`,
      namespace: isCluster ? "" : namespace,
      name: roleRef.name ?? "",
    });
    return entry ? ((JSON.parse(entry.json) as { rules?: PolicyRule[] | null }).rules ?? []) : [];
  }

  async #list(plural: string, namespace: string): Promise<Binding[]> {
    const found: Binding[] = [];
    const at = this.#storage.sequenced;
    let after: { namespace: string; name: string } | undefined;
    for (;;) {
      const scope = namespace === "" ? {} : { namespace };
      const query = {
        collection: `${plural}.${GROUP}`,
        at,
        limit: PAGE,
        ...scope,
        ...(after ? { after } : {}),
      };
      const page = await this.#storage.list(query);
      found.push(...page.entries.map((entry) => JSON.parse(entry.json) as Binding));
      after = page.entries.at(-1)?.key;
      if (!page.more) return found;
    }
  }
}

function subjectText({ kind, name, namespace: own }: Subject, namespace: string): string {
  return kind === "ServiceAccount" ? `${kind} "${name}/${own ?? namespace}"` : `${kind} "${name}"`;
}
