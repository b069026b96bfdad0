import { VirtualClock } from "../../sim/virtual-clock.ts";
import { type CoreService, CoreServiceKind } from "../../src/api/core-service/kind.ts";
import { type Deployment, DeploymentKind } from "../../src/api/deployment/kind.ts";
import { type Endpoints, EndpointsKind } from "../../src/api/endpoints/kind.ts";
import { KINDS } from "../../src/api/kinds.ts";
import { MetricKind } from "../../src/api/metric/kind.ts";
import { NamespaceKind } from "../../src/api/namespace/kind.ts";
import type { ApiObject, ObjectKey } from "../../src/api/object.ts";
import { type Pod, PodKind } from "../../src/api/pod/kind.ts";
import { type PodAutoscaler, PodAutoscalerKind } from "../../src/api/pod-autoscaler/kind.ts";
import { type ServerlessService, ServerlessServiceKind } from "../../src/api/serverless-service/kind.ts";
import type { Stat } from "../../src/api/wire/stat.ts";
import { silentLog } from "../../src/base/log.ts";
import { seededRandom } from "../../src/base/random.ts";
import { Autoscaler } from "../../src/control-plane/autoscaler/autoscaler.ts";
import { RevisionPods } from "../../src/control-plane/autoscaler/revision-pods.ts";
import { metricController } from "../../src/control-plane/controllers/metric/controller.ts";
import {
  type PodAutoscalerConfig,
  podAutoscalerController,
  type ScaleMoment,
} from "../../src/control-plane/controllers/pod-autoscaler/controller.ts";
import { serverlessServiceController } from "../../src/control-plane/controllers/serverless-service/controller.ts";
import { ApiServer } from "../../src/embedded/apiserver/api-server.ts";
import { MemoryStorage } from "../../src/embedded/apiserver/storage/memory-storage.ts";
import type { KubeClient } from "../../src/kube/client.ts";
import type { Controller, ParentObject } from "../../src/kube/controller.ts";
import { Informers } from "../../src/kube/informers.ts";
import { type ReconcileLoop, startReconcileLoop } from "../../src/kube/reconcile-loop.ts";

/**
 * The autoscaler with its three controllers over the real API on virtual time. Stand-ins make Deployments
 * into pods and endpoints at once, so that what is seen is the autoscaling's own doing.
 */
export class AutoscalingWorld {
  readonly clock = new VirtualClock();
  readonly scales: ScaleMoment[] = [];
  /** Writes since the start, `VERB Kind name`. */
  readonly writes: string[] = [];
  readonly autoscaler: Autoscaler;
  /** What a scrape of one pod answers as concurrency. */
  podConcurrency: (atMs: number, pods: number) => number = () => 0;
  /** A pod is ready so long after its Deployment wants it. */
  podStartMs = 100;
  activatorInPath = true;
  /** How often the activator was asked for. */
  probes = 0;
  readonly #server: ApiServer;
  readonly #ended = new AbortController();
  readonly #informers: Informers;
  readonly #pods: RevisionPods;
  readonly #loops: ReconcileLoop[] = [];
  #podNumber = 0;
  #publishing: Promise<void> = Promise.resolve();

  private constructor(config: PodAutoscalerConfig) {
    const { clock } = this;
    const log = silentLog;
    const random = seededRandom(7);
    this.#server = new ApiServer({
      freezesObjects: true,
      clock,
      random,
      log,
      storage: new MemoryStorage(),
      kinds: KINDS,
    });
    this.#informers = new Informers({ client: this.#server.clientFor("informers"), clock, log });
    this.#pods = new RevisionPods(this.#informers);
    let wakeAutoscaler = (_: ObjectKey) => {};
    let wakeMetric = (_: ObjectKey) => {};
    this.autoscaler = new Autoscaler({
      clock,
      random,
      log,
      pods: (key) => this.#pods.of(key),
      scrapePod: async () => this.#stat(),
      onDecision: (key) => wakeAutoscaler(key),
      onCollectorFault: (key) => wakeMetric(key),
    });
    this.#pods.onChange((key) => this.autoscaler.podsChanged(key));
    const podAutoscaler = podAutoscalerController({
      clock,
      log,
      deciders: this.autoscaler.deciders,
      config: () => config,
      probeActivator: async () => {
        this.probes++;
        return this.activatorInPath;
      },
      onScale: (scale) => this.scales.push(scale),
    });
    const metric = metricController({ collectors: this.autoscaler.collectors });
    const serverlessService = serverlessServiceController();
    for (const { kind, watches } of [podAutoscaler, metric, serverlessService]) {
      this.#informers.need(kind as never);
      for (const watch of watches) this.#informers.need(watch.kind as never, watch.fields);
    }
    const paLoop = this.#start(podAutoscaler, config);
    const metricLoop = this.#start(metric, config);
    this.#start(serverlessService, config);
    wakeAutoscaler = (key) => paLoop.enqueue(key);
    wakeMetric = (key) => metricLoop.enqueue(key);
  }

  static async start(config: PodAutoscalerConfig): Promise<AutoscalingWorld> {
    const world = new AutoscalingWorld(config);
    await world.#server.start();
    for (const name of ["default", "knative-serving"])
      await world.client.create(NamespaceKind, { metadata: { name }, spec: {} });
    world.#informers.of(DeploymentKind).onChange(({ object }) => world.#obey(object));
    world.#informers.of(PodKind).onChange(() => world.#publishSoon());
    world.#informers.of(CoreServiceKind).onChange(() => world.#publishSoon());
    world.#informers.start(world.#ended.signal);
    void world.autoscaler.run(world.#ended.signal);
    await world.clock.advance(10);
    return world;
  }

  async stop(): Promise<void> {
    this.#ended.abort();
    await this.clock.advance(1);
    await this.#server.stop();
  }

  get client(): KubeClient {
    return this.#server.clientFor("test");
  }

  get isIdle(): boolean {
    return this.#loops.every((loop) => loop.idle);
  }

  /** A Deployment and its PodAutoscaler, as the revision controller makes them. */
  async addRevision(name: string, annotations: Record<string, string> = {}, replicas = 1): Promise<void> {
    const labels = { "serving.knative.dev/revision": name, "serving.knative.dev/revisionUID": `uid-${name}` };
    const selector = { matchLabels: { "serving.knative.dev/revisionUID": `uid-${name}` } };
    const deployment: Deployment = {
      metadata: { name: `${name}-deployment`, namespace: "default", labels },
      spec: {
        replicas,
        selector,
        template: { metadata: { labels }, spec: { containers: [{ name: "user-container", image: "app" }] } },
      },
    };
    const autoscaler: PodAutoscaler = {
      metadata: {
        name,
        namespace: "default",
        labels,
        annotations: {
          "autoscaling.knative.dev/class": "kpa.autoscaling.knative.dev",
          "autoscaling.knative.dev/metric": "concurrency",
          ...annotations,
        },
      },
      spec: {
        protocolType: "http1",
        reachability: "Reachable",
        scaleTargetRef: { apiVersion: "apps/v1", kind: "Deployment", name: `${name}-deployment` },
      },
    };
    await this.client.create(DeploymentKind, deployment);
    await this.client.create(PodAutoscalerKind, autoscaler);
  }

  /** Makes the activator's Endpoints, as its owner does at its start. */
  async addActivator(): Promise<void> {
    await this.client.create(EndpointsKind, {
      metadata: { name: "activator-service", namespace: "knative-serving" },
      subsets: [
        {
          addresses: [{ ip: "10.9.0.1" }],
          ports: [
            { name: "http", port: 8012, protocol: "TCP" },
            { name: "http2", port: 8013, protocol: "TCP" },
            { name: "https", port: 8112, protocol: "TCP" },
          ],
        },
      ],
    });
  }

  /** Any change that has the PodAutoscaler looked at again. */
  async touch(name: string): Promise<void> {
    const labels = { touched: "yes" };
    const key = { namespace: "default", name };
    await this.client.patch(PodAutoscalerKind, key, { type: "merge", body: { metadata: { labels } } });
  }

  autoscalerOf(name: string): Promise<PodAutoscaler> {
    return this.client.get(PodAutoscalerKind, { namespace: "default", name });
  }

  serviceOf(name: string): Promise<ServerlessService> {
    return this.client.get(ServerlessServiceKind, { namespace: "default", name });
  }

  endpointsOf(name: string): Promise<Endpoints> {
    return this.client.get(EndpointsKind, { namespace: "default", name });
  }

  coreServiceOf(name: string): Promise<CoreService> {
    return this.client.get(CoreServiceKind, { namespace: "default", name });
  }

  async replicasOf(name: string): Promise<number> {
    const key = { namespace: "default", name: `${name}-deployment` };
    return (await this.client.get(DeploymentKind, key)).spec.replicas ?? 1;
  }

  /** So many requests are held for the revision; the activator's first word is `concurrency` 1. */
  request(name: string, concurrency = 1): void {
    this.autoscaler.receive([{ namespace: "default", name, stat: statOf("activator", concurrency) }]);
  }

  /** Counts every write of the three controllers' kinds. */
  async watchWrites(): Promise<void> {
    for (const kind of [
      PodAutoscalerKind,
      ServerlessServiceKind,
      MetricKind,
      CoreServiceKind,
      EndpointsKind,
    ]) {
      const { resourceVersion } = await this.client.list<ApiObject>(kind as never);
      const tell = (event: { type: string; object?: ApiObject }) => {
        if (event.object) this.writes.push(`${event.type} ${kind.kind} ${event.object.metadata.name}`);
      };
      void this.client.watch(kind as never, { resourceVersion }, tell as never, this.#ended.signal);
    }
  }

  #start<P extends ParentObject, O>(
    controller: Controller<P, O, never> | Controller<P, O, PodAutoscalerConfig> | Controller<P, O, unknown>,
    config: PodAutoscalerConfig,
  ): ReconcileLoop {
    const loop = startReconcileLoop({
      controller: controller as Controller<P, O, PodAutoscalerConfig>,
      clientFor: (actor) => this.#server.clientFor(actor),
      informers: this.#informers,
      config: { current: () => config, readable: Promise.resolve(), onChange() {} },
      clock: this.clock,
      random: seededRandom(8),
      log: silentLog,
      signal: this.#ended.signal,
    });
    this.#loops.push(loop);
    return loop;
  }

  #stat(): Stat {
    const pods = this.#informers.list(PodKind).length;
    return statOf("pod", this.podConcurrency(this.clock.monotonic(), pods));
  }

  /** The stand-in for workloads and node: pods follow replicas. */
  #obey(deployment: Deployment): void {
    this.clock.schedule(this.podStartMs, () => void this.#scale(deployment));
  }

  async #scale({ metadata }: Deployment): Promise<void> {
    const current = await this.client.get(DeploymentKind, {
      namespace: metadata.namespace ?? "",
      name: metadata.name ?? "",
    });
    const wanted = current.spec.replicas ?? 1;
    const revision = metadata.labels?.["serving.knative.dev/revision"] ?? "";
    const pods = (await this.client.list(PodKind)).items.filter(
      (pod) => pod.metadata.labels?.["serving.knative.dev/revision"] === revision,
    );
    for (const pod of pods.slice(wanted))
      await this.client.delete(
        PodKind,
        { namespace: "default", name: pod.metadata.name },
        { gracePeriodSeconds: 0 },
      );
    for (let count = pods.length; count < wanted; count++)
      await this.#addPod(current.spec.template.metadata?.labels ?? {});
  }

  async #addPod(labels: Record<string, string>): Promise<void> {
    const number = ++this.#podNumber;
    const pod: Pod = {
      metadata: { name: `pod-${number}`, namespace: "default", labels },
      spec: { containers: [{ name: "user-container", image: "app" }] },
    };
    const created = await this.client.create(PodKind, pod);
    const status = {
      phase: "Running" as const,
      podIP: `10.1.0.${number}`,
      startTime: new Date(this.clock.wall()).toISOString(),
      conditions: [{ type: "Ready", status: "True" as const }],
    };
    await this.client.updateStatus(PodKind, { ...created, status });
  }

  /** One publication at a time: each reads what the one before it wrote. */
  #publishSoon(): void {
    this.#publishing = this.#publishing.then(() => this.#publishPods());
  }

  async #publishPods(): Promise<void> {
    for (const service of this.#informers.list(CoreServiceKind, "default")) {
      const uid = service.spec.selector?.["serving.knative.dev/revisionUID"];
      if (uid === undefined) continue;
      const pods = this.#informers
        .list(PodKind)
        .filter(({ metadata }) => metadata.labels?.["serving.knative.dev/revisionUID"] === uid);
      const addresses = pods.flatMap(({ status }) => (status?.podIP ? [{ ip: status.podIP }] : []));
      const ports = [
        { name: "http", port: 8012, protocol: "TCP" },
        { name: "https", port: 8112, protocol: "TCP" },
      ];
      const { name, namespace = "", labels = {} } = service.metadata;
      const endpoints: Endpoints = {
        metadata: { name, namespace, labels },
        subsets: addresses.length > 0 ? [{ addresses, ports }] : [],
      };
      const known = this.#informers.get(EndpointsKind, { namespace, name });
      if (known) await this.client.update(EndpointsKind, { ...known, subsets: endpoints.subsets ?? [] });
      else await this.client.create(EndpointsKind, endpoints);
    }
  }
}

function statOf(podName: string, concurrency: number): Stat {
  return {
    podName,
    averageConcurrentRequests: concurrency,
    averageProxiedConcurrentRequests: 0,
    requestCount: concurrency,
    proxiedRequestCount: 0,
    processUptime: 1_000,
    timestamp: 0,
  };
}
