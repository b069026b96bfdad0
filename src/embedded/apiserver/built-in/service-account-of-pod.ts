import { recordsIn } from "../../../api/pod/defaults.ts";
import { randomSuffix } from "../../../base/random.ts";
import { type AnyObject, isRecord } from "../any-object.ts";
import type { ServerContext } from "../context.ts";
import { forbidden } from "../failures.ts";
import type { Resource } from "../resources.ts";

interface NewObject {
  readonly resource: Resource;
  readonly namespace: string;
  readonly object: AnyObject;
  /** Made by a component of the engine. */
  readonly inside: boolean;
}

/**
 * A new pod's service account must be there (spec E-214); its image pull secrets become the pod's. The one called
 * `default` is taken for granted: every namespace gets it, but a little later than the namespace itself.
 */
export async function admitServiceAccount(
  context: ServerContext,
  { resource, namespace, object, inside }: NewObject,
): Promise<void> {
  if (resource.collection !== "pods" || !isRecord(object.spec)) return;
  const { spec } = object;
  const name = String(spec.serviceAccountName || spec.serviceAccount || "default");
  const entry = await context.storage.get({ collection: "serviceaccounts", namespace, name });
  if (!entry && name !== "default") {
    const why = `error looking up service account ${namespace}/${name}: serviceaccount "${name}" not found`;
    // A name that was made up is not told: every try would be refused in other words.
    throw forbidden(resource, object.metadata.generateName || object.metadata.name || "", why);
  }
  const account: Record<string, unknown> = entry ? JSON.parse(entry.json) : {};
  const secrets = account.imagePullSecrets;
  if (Array.isArray(secrets) && secrets.length > 0 && spec.imagePullSecrets === undefined)
    spec.imagePullSecrets = secrets;
  const wish = spec.automountServiceAccountToken ?? account.automountServiceAccountToken;
  // Pods of workloads get a token when they ask for it: few want one, and each would be signed on a cold start.
  if (wish === true || (wish === undefined && !inside)) mountToken(spec, randomSuffix(context.random));
}

const TOKEN_PATH = "/var/run/secrets/kubernetes.io/serviceaccount";
/** An hour and a little, by which Kubernetes tells its own tokens apart. */
const TOKEN_SECONDS = 3607;
const FILE_MODE = 0o644;

/** The account's token, the authority of the API and the namespace, where clients in pods look for them. */
function mountToken(spec: Record<string, unknown>, suffix: string): void {
  const name = `kube-api-access-${suffix}`;
  let isWanted = false;
  for (const container of [...recordsIn(spec, "containers"), ...recordsIn(spec, "initContainers")]) {
    const mounts = recordsIn(container, "volumeMounts");
    if (mounts.some(({ mountPath }) => mountPath === TOKEN_PATH)) continue;
    container.volumeMounts = [...mounts, { name, readOnly: true, mountPath: TOKEN_PATH }];
    isWanted = true;
  }
  if (!isWanted) return;
  const fieldRef = { apiVersion: "v1", fieldPath: "metadata.namespace" };
  const sources = [
    { serviceAccountToken: { expirationSeconds: TOKEN_SECONDS, path: "token" } },
    { configMap: { name: "kube-root-ca.crt", items: [{ key: "ca.crt", path: "ca.crt" }] } },
    { downwardAPI: { items: [{ path: "namespace", fieldRef }] } },
  ];
  const volume = { name, projected: { sources, defaultMode: FILE_MODE } };
  spec.volumes = [...recordsIn(spec, "volumes"), volume];
}
