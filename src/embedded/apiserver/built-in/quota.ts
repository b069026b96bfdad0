import type { ApiObject } from "../../../api/object.ts";
import type { Countable } from "../../../api/resource-quota/scopes.ts";
import { concerns, quotaRefusal } from "../../../api/resource-quota/usage.ts";
import type { AnyObject } from "../any-object.ts";
import type { ServerContext, Target } from "../context.ts";
import { forbidden } from "../failures.ts";

const PAGE = 500;

/**
 * A new object must have room in each quota of its namespace (spec E-214). Most namespaces have none. Returns whether
 * that still holds: not when somebody else wrote since, who may have taken the last place.
 */
export async function admitQuota(
  context: ServerContext,
  target: Target,
  object: AnyObject,
): Promise<() => boolean> {
  const { collection } = target.resource;
  const made: Countable = { collection, object };
  const quotas = context.quotas.in(target.namespace).filter((quota) => concerns(quota, made));
  if (quotas.length === 0) return () => true;
  const at = context.storage.sequenced;
  const others = await objectsAt(context, { collection, namespace: target.namespace, at });
  for (const quota of quotas) {
    const refusal = quotaRefusal(quota, made, others);
    if (refusal !== undefined) throw forbidden(target.resource, target.name, refusal);
  }
  return () => at === context.storage.sequenced;
}

async function objectsAt(
  { storage }: ServerContext,
  listing: { readonly collection: string; readonly namespace: string; readonly at: number },
): Promise<Countable[]> {
  const { collection } = listing;
  const found: Countable[] = [];
  let after: { namespace: string; name: string } | undefined;
  for (;;) {
    const page = await storage.list({ ...listing, limit: PAGE, ...(after ? { after } : {}) });
    found.push(...page.entries.map(({ json }) => ({ collection, object: JSON.parse(json) as ApiObject })));
    after = page.entries.at(-1)?.key;
    if (!page.more) return found;
  }
}
