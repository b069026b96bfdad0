import { type AnyObject, isRecord, recordAt } from "../any-object.ts";
import type { ServerContext } from "../context.ts";
import { forbidden } from "../failures.ts";
import type { Resource } from "../resources.ts";

interface NewObject {
  readonly resource: Resource;
  readonly namespace: string;
  readonly object: AnyObject;
}

/**
 * A new pod's service account must be there (spec E-214); its image pull secrets become the pod's. The one called
 * `default` is taken for granted: every namespace gets it, but a little later than the namespace itself.
 */
export async function admitServiceAccount(
  context: ServerContext,
  { resource, namespace, object }: NewObject,
): Promise<void> {
  if (resource.collection !== "pods" || !isRecord(object.spec)) return;
  const { spec } = object;
  const name = String(spec.serviceAccountName || spec.serviceAccount || "default");
  const entry = await context.storage.get({ collection: "serviceaccounts", namespace, name });
  if (!entry) {
    if (name === "default") return;
    const why = `error looking up service account ${namespace}/${name}: serviceaccount "${name}" not found`;
    // A name that was made up is not told: every try would be refused in other words.
    throw forbidden(resource, object.metadata.generateName || object.metadata.name || "", why);
  }
  const account: unknown = JSON.parse(entry.json);
  const secrets = recordAt({ account }, ["account"]).imagePullSecrets;
  if (Array.isArray(secrets) && secrets.length > 0 && spec.imagePullSecrets === undefined)
    spec.imagePullSecrets = secrets;
}
