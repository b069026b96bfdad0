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

/**
 * Labels and annotations of the Route are added, and what was taken off the Route stays: a user or another program may
 * have put it here, above all the label that makes a tag local. Knative's own suite asks for both (spec E-047, E-048).
 */
export function revisePlaceholder(existing: Stored<CoreService>, wanted: CoreService): CoreService {
  const { labels, annotations } = existing.metadata;
  return {
    ...existing,
    metadata: {
      ...existing.metadata,
      labels: { ...labels, ...wanted.metadata.labels },
      annotations: { ...annotations, ...wanted.metadata.annotations },
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
