import { type CoreService, CoreServiceKind } from "../../../api/core-service/kind.ts";
import { type EndpointSubset, type Endpoints, EndpointsKind } from "../../../api/endpoints/kind.ts";
import { apiVersionOf } from "../../../api/kind.ts";
import { SERVERLESS_SERVICE, SERVICE_TYPE } from "../../../api/labels.ts";
import { privateServiceName } from "../../../api/names.ts";
import type { ObjectMeta } from "../../../api/object.ts";
import type { ServerlessService } from "../../../api/serverless-service/kind.ts";
import { privatePorts, publicPorts } from "./ports.ts";

/** What a ServerlessService makes (spec N-008, N-009). The loop adds the owner. */

export function privateService(
  sks: ServerlessService,
  selector: Readonly<Record<string, string>>,
): CoreService {
  const name = privateServiceName(sks.metadata.name ?? "");
  return {
    apiVersion: apiVersionOf(CoreServiceKind),
    kind: CoreServiceKind.kind,
    metadata: childMetadata(sks, { name, serviceType: "Private" }),
    spec: { ports: privatePorts(sks.spec.protocolType), selector: { ...selector } },
  };
}

export function publicService(sks: ServerlessService): CoreService {
  return {
    apiVersion: apiVersionOf(CoreServiceKind),
    kind: CoreServiceKind.kind,
    metadata: childMetadata(sks, { name: sks.metadata.name ?? "", serviceType: "Public" }),
    spec: { ports: publicPorts(sks.spec.protocolType) },
  };
}

export function publicEndpoints(sks: ServerlessService, subsets: readonly EndpointSubset[]): Endpoints {
  return {
    apiVersion: apiVersionOf(EndpointsKind),
    kind: EndpointsKind.kind,
    metadata: childMetadata(sks, { name: sks.metadata.name ?? "", serviceType: "Public" }),
    subsets: [...subsets],
  };
}

function childMetadata(
  { metadata }: ServerlessService,
  { name, serviceType }: { name: string; serviceType: "Public" | "Private" },
): ObjectMeta {
  return {
    name,
    namespace: metadata.namespace ?? "",
    labels: {
      ...metadata.labels,
      [SERVERLESS_SERVICE]: metadata.name ?? "",
      [SERVICE_TYPE]: serviceType,
    },
    annotations: { ...metadata.annotations },
  };
}
