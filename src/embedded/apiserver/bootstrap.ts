import { defaultConfigMaps } from "../../api/config/default-config-maps.ts";
import { ConfigMapKind } from "../../api/config-map/kind.ts";
import { type CoreService, CoreServiceKind } from "../../api/core-service/kind.ts";
import type { Kind } from "../../api/kind.ts";
import { TRUST_BUNDLE } from "../../api/labels.ts";
import { SYSTEM_NAMESPACE } from "../../api/names.ts";
import { NamespaceKind } from "../../api/namespace/kind.ts";
import { type ApiObject, keyOf, keyText } from "../../api/object.ts";
import { isApiError } from "../../api/status.ts";
import type { KubeClient } from "../../kube/client.ts";

/** What a first start makes: namespaces, Knative's ConfigMaps, and the Service that tells where the gateway listens. */

const FIRST_NAMESPACES = ["default", "kube-system", SYSTEM_NAMESPACE];

export interface BootstrapOptions {
  readonly client: KubeClient;
  /** The gateway's ports on this machine; undefined when they are not known yet. */
  readonly gatewayPorts: GatewayPorts | undefined;
  /** Who signs the gateway's certificates, as PEM; absent = nobody does. */
  readonly issuer?: { readonly authority: string };
}

export interface GatewayPorts {
  readonly http: number;
  readonly https: number | undefined;
}

/** Objects that are there already stay as users changed them, but for what differs at each start. */
export async function bootstrap({ client, gatewayPorts, issuer }: BootstrapOptions): Promise<void> {
  const namespaces = FIRST_NAMESPACES.map((name) => ({ metadata: { name }, spec: {} }));
  await ensureAll(client, NamespaceKind, { objects: namespaces });
  await ensureAll(client, ConfigMapKind, { objects: defaultConfigMaps(), namespace: SYSTEM_NAMESPACE });
  await Promise.all([
    gatewayPorts && announceGateway(client, gatewayPorts),
    issuer && publishTrust(client, issuer.authority),
  ]);
}

/**
 * A list costs less than to try to create what is there already, as at each start but the first. Users may have many
 * objects of the kind, so no more is read than names, and of `namespace` alone.
 */
async function ensureAll<T extends ApiObject>(
  client: KubeClient,
  kind: Kind<T>,
  { objects, namespace }: { readonly objects: readonly T[]; readonly namespace?: string },
): Promise<void> {
  const { items } = await client.list(kind, { fields: [], ...(namespace && { namespace }) });
  const present = new Set(items.map((item) => keyText(keyOf(item))));
  for (const object of objects) if (!present.has(keyText(keyOf(object)))) await ensure(client, kind, object);
}

async function ensure<T extends ApiObject>(client: KubeClient, kind: Kind<T>, object: T): Promise<void> {
  try {
    await client.create(kind, object);
  } catch (thrown) {
    if (!isApiError(thrown, "AlreadyExists")) throw thrown;
  }
}

/** Service knative-serving/gateway, its nodePorts the ports on this machine. */
async function announceGateway(client: KubeClient, { http, https }: GatewayPorts): Promise<void> {
  const protocol = "TCP" as const;
  const ports = [{ name: "http2", protocol, port: 80, targetPort: 8080, nodePort: http }];
  if (https !== undefined)
    ports.push({ name: "https", protocol, port: 443, targetPort: 8443, nodePort: https });
  const metadata = {
    name: "gateway",
    namespace: SYSTEM_NAMESPACE,
    labels: { "app.kubernetes.io/name": "ebb" },
  };
  const service: CoreService = { metadata, spec: { type: "NodePort", ports } };
  await ensure(client, CoreServiceKind, service);
  const body = [{ op: "replace", path: "/spec/ports", value: ports }];
  await client.patch(
    CoreServiceKind,
    { namespace: SYSTEM_NAMESPACE, name: "gateway" },
    { type: "json", body },
  );
}

/** For all who read the cluster's trust bundles (spec C-075). */
async function publishTrust(client: KubeClient, authority: string): Promise<void> {
  const key = { namespace: SYSTEM_NAMESPACE, name: "ebb-serving-ca" };
  const data = { "ca.crt": authority };
  await ensure(client, ConfigMapKind, { metadata: { ...key, labels: { [TRUST_BUNDLE]: "true" } }, data });
  const stored = await client.get(ConfigMapKind, key);
  if (stored.data?.["ca.crt"] !== authority)
    await client.patch(ConfigMapKind, key, { type: "merge", body: { data } });
}
