import { firstOf } from "../../api/annotation.ts";
import { type CoreService, CoreServiceKind } from "../../api/core-service/kind.ts";
import { type Endpoints, EndpointsKind } from "../../api/endpoints/kind.ts";
import { ingressHash } from "../../api/ingress/hash.ts";
import { type Ingress, IngressKind } from "../../api/ingress/kind.ts";
import { INGRESS_CLASS } from "../../api/labels.ts";
import type { Clock } from "../../base/clock.ts";
import type { Log } from "../../base/log.ts";
import type { KubeClient } from "../../kube/client.ts";
import { type Change, Informer } from "../../kube/informer.ts";
import { wantsHttp2 } from "../backend.ts";
import { backendsOf } from "../endpoint-addresses.ts";
import type { EndpointPort, ServiceView } from "./backend-table.ts";
import { CertificateWatch } from "./certificate-watch.ts";
import type { Gateway } from "./gateway.ts";
import { hostRules } from "./ingress-rules.ts";

export interface RouteWatchOptions {
  readonly client: KubeClient;
  readonly clock: Clock;
  readonly log: Log;
  readonly gateway: Gateway;
  /** Ingresses of any other class are not ours (spec G-003). */
  readonly ingressClass: string;
  /** Default `cluster.local`. */
  readonly clusterDomain?: string;
}

/** Keeps a gateway's rules and addresses in step with the API (spec G-001…G-010). */
export class RouteWatch {
  readonly #gateway: Gateway;
  readonly #ingressClass: string;
  readonly #clusterDomain: string;
  readonly #ingresses: Informer<Ingress>;
  readonly #services: Informer<CoreService>;
  readonly #endpoints: Informer<Endpoints>;
  readonly #certificates: CertificateWatch | undefined;

  constructor(options: RouteWatchOptions) {
    const { client, clock, log, gateway, ingressClass } = options;
    this.#gateway = gateway;
    this.#ingressClass = ingressClass;
    this.#clusterDomain = options.clusterDomain ?? "cluster.local";
    const common = { client, clock, log };
    const { certificates } = gateway.options;
    this.#certificates = certificates && new CertificateWatch({ ...common, certificates });
    this.#ingresses = new Informer({ ...common, kind: IngressKind, selection: { fields: ["spec"] } });
    this.#services = new Informer({
      ...common,
      kind: CoreServiceKind,
      selection: { fields: ["spec.ports", "spec.externalName", "spec.type"] },
    });
    this.#endpoints = new Informer({ ...common, kind: EndpointsKind, selection: { fields: ["subsets"] } });
    this.#ingresses.onChange((change) => this.#applyIngress(change));
    this.#services.onChange((change) => this.#applyService(change));
    this.#endpoints.onChange((change) => this.#applyEndpoints(change));
  }

  /** Resolves once every rule, address and certificate is known. */
  get synced(): Promise<void> {
    const all = [this.#ingresses.synced, this.#services.synced, this.#endpoints.synced];
    return Promise.all(all).then(() => this.#certificates?.synced);
  }

  async run(signal: AbortSignal): Promise<void> {
    const informers = [this.#ingresses, this.#services, this.#endpoints];
    const running = informers.map((informer) => informer.run(signal));
    await Promise.all([...running, this.#certificates?.run(signal)]);
  }

  #applyIngress({ type, object }: Change<Ingress>): void {
    const key = `${object.metadata.namespace}/${object.metadata.name}`;
    const ours = firstOf(object.metadata.annotations, INGRESS_CLASS) === this.#ingressClass;
    const { routes } = this.#gateway;
    if (type === "DELETED" || !ours) {
      routes.delete(key);
      this.#certificates?.deleteIngress(key);
      return;
    }
    this.#certificates?.setIngress(key, object.spec);
    routes.set(key, hostRules(object.spec, ingressHash(object), this.#clusterDomain));
  }

  #applyService({ type, object }: Change<CoreService>): void {
    const { namespace = "", name } = object.metadata;
    if (type === "DELETED") this.#gateway.backends.deleteService(namespace, name);
    else this.#gateway.backends.setService(serviceView(object));
  }

  #applyEndpoints({ type, object }: Change<Endpoints>): void {
    const { namespace = "", name } = object.metadata;
    if (type === "DELETED") this.#gateway.backends.deleteEndpoints(namespace, name);
    else this.#gateway.backends.setEndpoints(namespace, name, endpointPorts(object));
  }
}

function serviceView({ metadata, spec }: CoreService): ServiceView {
  return {
    namespace: metadata.namespace ?? "",
    name: metadata.name ?? "",
    ...(spec.type === "ExternalName" && spec.externalName ? { externalName: spec.externalName } : {}),
    ports: (spec.ports ?? []).map((port) => ({
      name: port.name ?? "",
      port: port.port,
      http2: wantsHttp2(port),
    })),
  };
}

function endpointPorts({ subsets }: Endpoints): EndpointPort[] {
  const names = new Set((subsets ?? []).flatMap(({ ports }) => (ports ?? []).map(({ name = "" }) => name)));
  return [...names].map((name) => ({
    name,
    backends: backendsOf(subsets, (candidate) => candidate === name).ready,
  }));
}
