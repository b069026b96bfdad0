import type { ApiObject } from "../../../api/object.ts";
import type { Pod } from "../../../api/pod/pod.ts";
import { quotaRefusal } from "../../../api/resource-quota/usage.ts";
import type { AnyObject } from "../any-object.ts";
import type { ServerContext, Target } from "../context.ts";
import { forbidden } from "../failures.ts";

const PAGE = 500;

/** A new pod must have room in each quota of its namespace (spec E-214). Most namespaces have none. */
export async function admitQuota(context: ServerContext, target: Target, object: AnyObject): Promise<void> {
  if (target.resource.collection !== "pods") return;
  const quotas = context.quotas.in(target.namespace);
  if (quotas.length === 0) return;
  const pods = await podsIn(context, target.namespace);
  for (const quota of quotas) {
    const refusal = quotaRefusal(quota, object as ApiObject as Pod, pods);
    if (refusal !== undefined) throw forbidden(target.resource, target.name, refusal);
  }
}

async function podsIn({ storage }: ServerContext, namespace: string): Promise<Pod[]> {
  const found: Pod[] = [];
  const at = storage.sequenced;
  let after: { namespace: string; name: string } | undefined;
  for (;;) {
    const query = { collection: "pods", namespace, at, limit: PAGE, ...(after ? { after } : {}) };
    const page = await storage.list(query);
    found.push(...page.entries.map(({ json }) => JSON.parse(json) as Pod));
    after = page.entries.at(-1)?.key;
    if (!page.more) return found;
  }
}
