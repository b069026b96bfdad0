import { CoreServiceKind } from "../../api/core-service/kind.ts";
import { DeploymentKind } from "../../api/deployment/kind.ts";
import { EndpointSliceKind } from "../../api/endpoint-slice/kind.ts";
import { EndpointsKind } from "../../api/endpoints/kind.ts";
import { HorizontalPodAutoscalerKind } from "../../api/horizontal-pod-autoscaler/kind.ts";
import type { Kind } from "../../api/kind.ts";
import { NamespaceKind } from "../../api/namespace/kind.ts";
import { PodKind } from "../../api/pod/kind.ts";
import { ReplicaSetKind } from "../../api/replica-set/kind.ts";
import { ResourceQuotaKind } from "../../api/resource-quota/kind.ts";
import { ServiceAccountKind } from "../../api/service-account/kind.ts";
import type { Clock } from "../../base/clock.ts";
import type { Log } from "../../base/log.ts";
import type { Random } from "../../base/random.ts";
import type { KubeClient } from "../../kube/client.ts";
import { Informers } from "../../kube/informers.ts";
import { Deployments } from "./deployments.ts";
import { GarbageCollector } from "./garbage-collector.ts";
import { HorizontalPodAutoscalers } from "./horizontal-pod-autoscalers.ts";
import { NamespaceEnder } from "./namespaces.ts";
import { ReplicaSets } from "./replica-sets.ts";
import { ResourceQuotas } from "./resource-quotas.ts";
import { ServiceAccounts } from "./service-accounts.ts";
import { ServiceEndpoints } from "./service-endpoints.ts";

export interface WorkloadsOptions {
  readonly client: KubeClient;
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Log;
  /** All kinds that the API serves: for garbage collection and the end of namespaces. */
  readonly kinds: readonly Kind[];
  /** The one node that pods are given to. */
  readonly nodeName: string;
  /** PEM that pods trust the API by; absent = none is published. */
  readonly rootCa?: string;
  /** See the reconcile loop's. */
  readonly courtesyMs?: () => number;
}

/** The controllers that a cluster's controller manager would run (DESIGN §3, spec E-214). */
export class Workloads {
  readonly #options: WorkloadsOptions;
  readonly #aborter = new AbortController();
  #parts: readonly { readonly idle: boolean }[] = [];

  constructor(options: WorkloadsOptions) {
    this.#options = options;
  }

  /** Resolves when all caches are filled and the controllers work. */
  async start(): Promise<void> {
    const { kinds, nodeName, rootCa, ...ports } = this.#options;
    const { signal } = this.#aborter;
    const informers = new Informers(ports);
    const all = [
      PodKind,
      ReplicaSetKind,
      DeploymentKind,
      CoreServiceKind,
      EndpointsKind,
      EndpointSliceKind,
      NamespaceKind,
      ServiceAccountKind,
      ResourceQuotaKind,
      HorizontalPodAutoscalerKind,
    ];
    for (const kind of all) {
      informers.need(kind);
      informers.of(kind as Kind);
    }
    informers.start(signal);
    await informers.synced();
    const shared = { ...ports, informers };
    const parts = [
      new Deployments(shared),
      new ReplicaSets({ ...shared, nodeName }),
      new ServiceEndpoints(shared),
      new ServiceAccounts(shared, rootCa),
      new ResourceQuotas(shared, kinds),
      new HorizontalPodAutoscalers(shared),
      new NamespaceEnder(shared, kinds),
      new GarbageCollector(ports, kinds),
    ];
    for (const part of parts) part.start(signal);
    this.#parts = parts;
  }

  async stop(): Promise<void> {
    this.#aborter.abort();
  }

  /** Nothing waits and nothing is being worked on; for tests and the simulator. */
  get idle(): boolean {
    return this.#parts.every((part) => part.idle);
  }
}
