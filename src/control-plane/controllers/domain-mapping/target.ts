import { CoreServiceKind } from "../../../api/core-service/kind.ts";
import type { DomainMapping, Reference } from "../../../api/domain-mapping/kind.ts";
import { apiVersionOf, collectionOf, type Kind } from "../../../api/kind.ts";
import { CLUSTER_DOMAIN } from "../../../api/names.ts";
import type { ApiObject, Stored } from "../../../api/object.ts";

/** What a DomainMapping's reference leads to (spec C-069). */

export interface TargetSeen {
  readonly kind: Kind;
  /** undefined: there is none of that name. */
  readonly object: Stored<ApiObject> | undefined;
}

export interface Target {
  /** Under which the target answers within the cluster. */
  readonly host: string;
  /** The core Service behind it, in the mapping's own namespace. */
  readonly service: string;
}

export function resolveTarget(
  mapping: Stored<DomainMapping>,
  seen: TargetSeen | undefined,
): Target | { readonly problem: string } {
  const { ref = {} } = mapping.spec;
  const { namespace = "" } = mapping.metadata;
  const url = addressOf(ref, namespace, seen);
  if (typeof url !== "string") return url;
  const { host, pathname } = new URL(url);
  if (pathname !== "/") return { problem: `resolved URI "${url}" contains a path` };
  const suffix = `.svc.${CLUSTER_DOMAIN}`;
  const [service = "", owner = "", ...more] = host.endsWith(suffix)
    ? host.slice(0, -suffix.length).split(".")
    : [];
  if (service === "" || owner === "" || more.length > 0)
    return { problem: `resolved URI "${url}" must be of the form {name}.{namespace}.svc.{domain-suffix}` };
  if (owner !== namespace)
    return { problem: `resolved URI "${url}" must be in same namespace as DomainMapping` };
  return { host, service };
}

function addressOf(
  ref: Reference,
  namespace: string,
  seen: TargetSeen | undefined,
): string | { readonly problem: string } {
  const { kind = "", name = "", apiVersion = "" } = ref;
  const where = `${ref.namespace ?? namespace}/${name}`;
  if (!seen) return { problem: `failed to get lister for ${apiVersion} ${kind}: nothing here has that kind` };
  const resource = collectionOf(seen.kind);
  if (!seen.object) return { problem: `failed to get object ${where}: ${resource} "${name}" not found` };
  if (apiVersionOf(seen.kind) === "v1" && seen.kind.kind === CoreServiceKind.kind)
    return `http://${name}.${ref.namespace ?? namespace}.svc.${CLUSTER_DOMAIN}`;
  const { status } = seen.object as { status?: { address?: { url?: string } } };
  const url = status?.address?.url;
  if (!url || !URL.canParse(url)) return { problem: `address not set for ${kind} ${where}` };
  return url;
}
