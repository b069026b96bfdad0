/** Which pods a quota with scopes is about. Pure. */
import type { ApiObject } from "../object.ts";
import type { Pod } from "../pod/pod.ts";
import type { ResourceQuota } from "./kind.ts";

/** An object that a quota may count. */
export interface Countable {
  /** `pods`, `deployments.apps`. */
  readonly collection: string;
  readonly object: ApiObject;
}

interface ScopeRequirement {
  readonly scopeName?: string;
  readonly operator?: string;
  readonly values?: readonly string[];
}

/** A quota with scopes counts pods alone, and of these the ones that are in all of them. */
export function isInScope({ spec }: ResourceQuota, { collection, object }: Countable): boolean {
  const { matchExpressions = [] } = (spec.scopeSelector ?? {}) as { matchExpressions?: ScopeRequirement[] };
  const named = (spec.scopes ?? []).map((scopeName) => ({ scopeName, operator: "Exists" }));
  const requirements: readonly ScopeRequirement[] = [...named, ...matchExpressions];
  if (requirements.length === 0) return true;
  return collection === "pods" && requirements.every((one) => isMet(one, object as Pod));
}

function isMet({ scopeName, operator = "Exists", values = [] }: ScopeRequirement, { spec }: Pod): boolean {
  switch (scopeName) {
    case "Terminating":
      return spec.activeDeadlineSeconds !== undefined;
    case "NotTerminating":
      return spec.activeDeadlineSeconds === undefined;
    case "BestEffort":
      return isBestEffort(spec);
    case "NotBestEffort":
      return !isBestEffort(spec);
    case "PriorityClass": {
      const name = spec.priorityClassName;
      if (operator === "Exists") return Boolean(name);
      if (operator === "DoesNotExist") return !name;
      return values.includes(name ?? "") === (operator === "In");
    }
    default:
      return false;
  }
}

/** No container asks for anything. */
function isBestEffort({ containers, initContainers = [] }: Pod["spec"]): boolean {
  return [...containers, ...initContainers].every(
    ({ resources = {} }) => Object.keys({ ...resources.requests, ...resources.limits }).length === 0,
  );
}
