import type { CoreService, CoreServiceSpec } from "../../../api/core-service/kind.ts";
import type { Endpoints } from "../../../api/endpoints/kind.ts";
import type { Ingress } from "../../../api/ingress/kind.ts";
import { LAST_APPLIED, ROUTE, VISIBILITY, without } from "../../../api/labels.ts";
import type { Stored } from "../../../api/object.ts";
import type { Route } from "../../../api/route/kind.ts";
import { EbbError } from "../../../base/errors.ts";
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
    // Fields of another type of Service would be refused.
    spec: existing.spec.type === wanted.spec.type ? { ...existing.spec, ...wanted.spec } : wanted.spec,
  };
}

/** Behind a Service without an address of its own: the one address at which the gateways are reached. */
export function endpointsOf(
  service: CoreService,
  ingress: Stored<Ingress> | undefined,
): Endpoints | undefined {
  const ip = answeringAt(ingress)?.ip;
  if (!ip) return undefined;
  const { name = "", namespace = "", labels = {}, annotations = {} } = service.metadata;
  return {
    metadata: { name, namespace, labels, annotations },
    subsets: [{ addresses: [{ ip }], ports: [{ name: HTTP2.name, port: HTTP2.port }] }],
  };
}

/** What Kubernetes lets nobody change on a Service: it has to be made anew (spec C-047). */
export function mustBeMadeAnew(existing: CoreService, wanted: CoreService): boolean {
  const isHeadless = ({ spec }: CoreService) => spec.clusterIP === "None";
  const hasAddress = ({ spec }: CoreService) => spec.type !== "ExternalName" && spec.clusterIP !== "None";
  return isHeadless(existing) !== isHeadless(wanted) && (hasAddress(existing) || hasAddress(wanted));
}

/** Where the Ingress says that it is answered; the private address is preferred. Throws when there are several. */
function answeringAt(ingress: Stored<Ingress> | undefined) {
  const { privateLoadBalancer, publicLoadBalancer } = ingress?.status ?? {};
  const all = privateLoadBalancer?.ingress ?? publicLoadBalancer?.ingress ?? [];
  if (all.length <= 1) return all[0];
  const name = ingress?.metadata.name;
  throw new EbbError(
    "several-load-balancers",
    `Ingress "${name}" names ${all.length} load balancers, not one`,
  );
}

const HTTP2 = {
  name: "http2",
  port: 80,
  targetPort: 80,
  protocol: "TCP",
  appProtocol: "kubernetes.io/h2c",
} as const;

function throughGateway(ingress: Stored<Ingress> | undefined): CoreServiceSpec | undefined {
  const answering = answeringAt(ingress);
  if (!answering) return undefined;
  if (answering.ip) return { type: "ClusterIP", clusterIP: "None", ports: [HTTP2] };
  if (answering.meshOnly)
    return { type: "ClusterIP", ports: [{ name: "http", port: 80, targetPort: 80, protocol: "TCP" }] };
  const name = answering.domainInternal || answering.domain;
  return name ? externalName(name) : undefined;
}

function externalName(name: string): CoreServiceSpec {
  return { type: "ExternalName", externalName: name, sessionAffinity: "None", ports: [HTTP2] };
}
