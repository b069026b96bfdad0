import type { CoreService, CoreServiceSpec } from "../../../api/core-service/kind.ts";
import type { Ingress } from "../../../api/ingress/kind.ts";
import { LAST_APPLIED, ROUTE, VISIBILITY, without } from "../../../api/labels.ts";
import type { Stored } from "../../../api/object.ts";
import type { Route } from "../../../api/route/kind.ts";
import type { Origin } from "./origins.ts";

/** Kubernetes Services that make a Route's names known inside the cluster (spec C-047…C-049, N-010). */

/** The visibility label is not handed down: on a placeholder it is the user's own word (spec C-048). */
export function placeholderOf(
  route: Stored<Route>,
  origin: Origin,
  ingress: Stored<Ingress> | undefined,
): CoreService {
  const { name, namespace = "", labels, annotations } = route.metadata;
  return {
    metadata: {
      name: origin.hostName,
      namespace,
      labels: { ...without(labels, [VISIBILITY]), [ROUTE]: name },
      annotations: without(annotations, [LAST_APPLIED]),
    },
    spec: throughGateway(ingress) ?? externalName(origin.domain),
  };
}

/** Labels and annotations follow the Route (spec E-047, E-048), but for the one by which a user makes a tag local. */
export function revisePlaceholder(existing: Stored<CoreService>, wanted: CoreService): CoreService {
  const visibility = existing.metadata.labels?.[VISIBILITY];
  const { labels = {}, annotations = {} } = wanted.metadata;
  return {
    ...existing,
    metadata: {
      ...existing.metadata,
      labels: { ...labels, ...(visibility === undefined ? {} : { [VISIBILITY]: visibility }) },
      annotations,
    },
    spec: { ...existing.spec, ...wanted.spec },
  };
}

/** Where the Ingress says that it is answered; the private address is preferred. */
function throughGateway(ingress: Stored<Ingress> | undefined): CoreServiceSpec | undefined {
  const { privateLoadBalancer, publicLoadBalancer } = ingress?.status ?? {};
  const [answering] = privateLoadBalancer?.ingress ?? publicLoadBalancer?.ingress ?? [];
  if (!answering) return undefined;
  if (answering.meshOnly)
    return { type: "ClusterIP", ports: [{ name: "http", port: 80, targetPort: 80, protocol: "TCP" }] };
  const name = answering.domainInternal || answering.domain;
  return name ? externalName(name) : undefined;
}

function externalName(name: string): CoreServiceSpec {
  return {
    type: "ExternalName",
    externalName: name,
    sessionAffinity: "None",
    ports: [{ name: "http2", port: 80, targetPort: 80, protocol: "TCP", appProtocol: "kubernetes.io/h2c" }],
  };
}
