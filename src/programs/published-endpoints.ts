import { type CoreService, CoreServiceKind } from "../api/core-service/kind.ts";
import { type Endpoints, EndpointsKind } from "../api/endpoints/kind.ts";
import type { Kind } from "../api/kind.ts";
import { type ApiObject, keyOf } from "../api/object.ts";
import { isApiError } from "../api/status.ts";
import type { Address } from "../http/conn.ts";
import type { KubeClient } from "../kube/client.ts";

/** spec T-001. */
export const ACTIVATOR_HTTP2_PORT = 8013;

/** Where this engine's data plane listens; new at every start. */
export interface DataPlaneAddresses {
  readonly gateway: Address;
  readonly gatewayInternal: Address;
  /** Where the two answer over https; absent where nothing does. */
  readonly gatewayTls?: Address | undefined;
  readonly gatewayInternalTls?: Address | undefined;
  readonly activator: Address;
}

const NAMESPACE = "knative-serving";

/**
 * Says in the API where gateway and activator are: the route probe asks every gateway address, and revisions at zero
 * point at the activator.
 */
export async function publishDataPlane(client: KubeClient, addresses: DataPlaneAddresses): Promise<void> {
  const { gateway, gatewayInternal, activator } = addresses;
  const outside = [http(gateway.port), ...https(addresses.gatewayTls)];
  const inside = [http(gatewayInternal.port), ...https(addresses.gatewayInternalTls)];
  const http2 = { name: "http2", port: 81, targetPort: ACTIVATOR_HTTP2_PORT };
  await Promise.all([
    publish(client, "gateway", { ip: gateway.ip, ports: outside }),
    publish(client, "gateway-internal", { ip: gatewayInternal.ip, ports: inside }),
    publish(client, "activator-service", { ip: activator.ip, ports: [http(activator.port), http2] }),
  ]);
}

interface PublishedPort {
  readonly name: string;
  readonly port: number;
  readonly targetPort: number;
}

interface Published {
  readonly ip: string;
  readonly ports: readonly PublishedPort[];
}

const http = (targetPort: number): PublishedPort => ({ name: "http", port: 80, targetPort });

function https(address: Address | undefined): PublishedPort[] {
  return address ? [{ name: "https", port: 443, targetPort: address.port }] : [];
}

async function publish(client: KubeClient, name: string, { ip, ports }: Published): Promise<void> {
  const metadata = { name, namespace: NAMESPACE, labels: { "app.kubernetes.io/name": "ebb" } };
  const tcp = ports.map((port) => ({ ...port, protocol: "TCP" as const }));
  const service: CoreService = { metadata, spec: { type: "ClusterIP", ports: tcp } };
  if (name !== "gateway") await replaceOrCreate(client, CoreServiceKind, service);
  const listening = tcp.map(({ targetPort: port, ...rest }) => ({ ...rest, port }));
  const subsets = [{ addresses: [{ ip }], ports: listening }];
  const endpoints: Endpoints = { metadata, subsets };
  await replaceOrCreate(client, EndpointsKind, endpoints);
}

async function replaceOrCreate<T extends ApiObject>(
  client: KubeClient,
  kind: Kind<T>,
  object: T,
): Promise<void> {
  const { kind: _, metadata, ...body } = object;
  try {
    await client.patch(kind, keyOf({ metadata }), { type: "merge", body });
  } catch (thrown) {
    if (!isApiError(thrown, "NotFound")) throw thrown;
    await client.create(kind, object);
  }
}
