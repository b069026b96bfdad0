import { type CoreService, CoreServiceKind } from "../api/core-service/kind.ts";
import { type Endpoints, EndpointsKind } from "../api/endpoints/kind.ts";
import type { Kind } from "../api/kind.ts";
import { type ApiObject, keyOf } from "../api/object.ts";
import { isApiError } from "../api/status.ts";
import type { Address } from "../http/conn.ts";
import type { KubeClient } from "../kube/client.ts";

/** Where this engine's data plane listens; new at every start. */
export interface DataPlaneAddresses {
  readonly gateway: Address;
  readonly gatewayInternal: Address;
  readonly activator: Address;
}

const NAMESPACE = "knative-serving";

/**
 * Says in the API where gateway and activator are: the route probe asks every gateway address, and revisions at zero
 * point at the activator.
 */
export async function publishDataPlane(client: KubeClient, addresses: DataPlaneAddresses): Promise<void> {
  await publish(client, "gateway", addresses.gateway);
  await publish(client, "gateway-internal", addresses.gatewayInternal);
  await publish(client, "activator-service", addresses.activator);
}

async function publish(client: KubeClient, name: string, { ip, port }: Address): Promise<void> {
  const metadata = { name, namespace: NAMESPACE, labels: { "app.kubernetes.io/name": "ebb" } };
  const ports = [{ name: "http", port: 80, targetPort: port, protocol: "TCP" as const }];
  const service: CoreService = { metadata, spec: { type: "ClusterIP", ports } };
  if (name !== "gateway") await createOrReplace(client, CoreServiceKind, service);
  const subsets = [{ addresses: [{ ip }], ports: [{ name: "http", port, protocol: "TCP" as const }] }];
  const endpoints: Endpoints = { metadata, subsets };
  await createOrReplace(client, EndpointsKind, endpoints);
}

async function createOrReplace<T extends ApiObject>(
  client: KubeClient,
  kind: Kind<T>,
  object: T,
): Promise<void> {
  try {
    await client.create(kind, object);
  } catch (thrown) {
    if (!isApiError(thrown, "AlreadyExists")) throw thrown;
    const { kind: _, metadata, ...body } = object;
    await client.patch(kind, keyOf({ metadata }), { type: "merge", body });
  }
}
