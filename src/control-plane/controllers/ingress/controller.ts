import { firstOf } from "../../../api/annotation.ts";
import { type Endpoints, EndpointsKind } from "../../../api/endpoints/kind.ts";
import { ingressHash } from "../../../api/ingress/hash.ts";
import { type Ingress, IngressKind } from "../../../api/ingress/kind.ts";
import { EBB_INGRESS_CLASS, INGRESS_CLASS } from "../../../api/labels.ts";
import { SYSTEM_NAMESPACE } from "../../../api/names.ts";
import { keyOf } from "../../../api/object.ts";
import type { Clock } from "../../../base/clock.ts";
import { type Controller, watch } from "../../../kube/controller.ts";
import { desiredIngress, type IngressObserved } from "./desired.ts";
import { type ProbeQuestion, type Prober, RouteProbe } from "./route-probe.ts";

export interface IngressControllerOptions {
  readonly prober: Prober;
  readonly clock: Clock;
  /** Default: ebb's own. */
  readonly ingressClass?: string;
}

/** Where gateway replicas are listed: what answers public hosts, and what answers hosts of the cluster. */
const PUBLIC = { namespace: SYSTEM_NAMESPACE, name: "gateway" };
const PRIVATE = { namespace: SYSTEM_NAMESPACE, name: "gateway-internal" };

export function ingressController(
  options: IngressControllerOptions,
): Controller<Ingress, IngressObserved, unknown> {
  const { ingressClass = EBB_INGRESS_CLASS } = options;
  const probe = new RouteProbe(options);
  return {
    name: "ingress-controller",
    kind: IngressKind,
    watches: [
      watch({
        kind: EndpointsKind,
        parents({ metadata }, caches) {
          const isGateway =
            metadata.namespace === SYSTEM_NAMESPACE &&
            (metadata.name === PUBLIC.name || metadata.name === PRIVATE.name);
          return isGateway ? caches.keys(IngressKind) : [];
        },
      }),
    ],
    concerns: ({ metadata }) => firstOf(metadata.annotations, INGRESS_CLASS) === ingressClass,
    observe(ingress, caches) {
      const replicas = {
        public: caches.get(EndpointsKind, PUBLIC),
        private: caches.get(EndpointsKind, PRIVATE),
      };
      const questions = questionsOf(ingress, replicas);
      return { isServed: probe.isServed(keyOf(ingress), { hash: ingressHash(ingress), questions }) };
    },
    desired: desiredIngress,
    forget: (key) => probe.forget(key),
    start: (enqueue, signal) => probe.start(enqueue, signal),
  };
}

/** Each host of each rule at each replica of the listener that should answer it; a listener not there is not asked. */
function questionsOf(
  { spec }: Ingress,
  replicas: { readonly public: Endpoints | undefined; readonly private: Endpoints | undefined },
): ProbeQuestion[] {
  return (spec.rules ?? []).flatMap(({ hosts = [], visibility }) => {
    const endpoints = visibility === "ClusterLocal" ? replicas.private : replicas.public;
    return addressesOf(endpoints).flatMap((address) => hosts.map((host) => ({ ...address, host })));
  });
}

/** Of plain HTTP: the port that is so named, or the only one. */
function addressesOf(endpoints: Endpoints | undefined): { ip: string; port: number }[] {
  return (endpoints?.subsets ?? []).flatMap(({ addresses = [], ports = [] }) => {
    const port = ports.find(({ name }) => name === "http" || name === "http2") ?? ports[0];
    return port ? addresses.map(({ ip }) => ({ ip, port: port.port })) : [];
  });
}
