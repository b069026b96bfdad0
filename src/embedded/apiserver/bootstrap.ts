import type { Kind } from "../../api/kind.ts";
import type { ApiObject } from "../../api/object.ts";
import { isApiError } from "../../api/status.ts";
import type { KubeClient } from "../../kube/client.ts";

/** What a first start makes. Objects that are there already are left as they are, so that users' changes stay. */
export interface BootstrapOptions {
  readonly client: KubeClient;
  readonly objects: readonly BootstrapObject[];
}

export interface BootstrapObject {
  readonly kind: Kind;
  readonly object: ApiObject;
}

/** Names of the namespaces that every start needs. */
export const FIRST_NAMESPACES = ["default", "kube-system", "knative-serving"];

export async function bootstrap({ client, objects }: BootstrapOptions): Promise<void> {
  for (const { kind, object } of objects) {
    try {
      await client.create(kind, object);
    } catch (thrown) {
      if (!isApiError(thrown, "AlreadyExists")) throw thrown;
    }
  }
}

export function namespaceObject(name: string): ApiObject {
  return { apiVersion: "v1", kind: "Namespace", metadata: { name } };
}

/**
 * Service knative-serving/gateway: how clients of the cluster API learn where the gateway listens
 * (`nodePort` is the port on this machine).
 */
export function gatewayService(ports: { readonly http: number }): ApiObject {
  const spec = {
    type: "NodePort",
    ports: [{ name: "http2", protocol: "TCP", port: 80, targetPort: 8080, nodePort: ports.http }],
  };
  return {
    apiVersion: "v1",
    kind: "Service",
    metadata: { name: "gateway", namespace: "knative-serving", labels: { "app.kubernetes.io/name": "ebb" } },
    spec,
  } as ApiObject;
}
