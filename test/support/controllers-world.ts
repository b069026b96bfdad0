import { VirtualClock } from "../../sim/virtual-clock.ts";
import { type ConfigChoices, defaultConfig } from "../../src/api/config/config.ts";
import { ConfigMapKind } from "../../src/api/config-map/kind.ts";
import { EndpointsKind } from "../../src/api/endpoints/kind.ts";
import { IngressKind } from "../../src/api/ingress/kind.ts";
import type { Kind } from "../../src/api/kind.ts";
import { KINDS } from "../../src/api/kinds.ts";
import { NamespaceKind } from "../../src/api/namespace/kind.ts";
import { type ApiObject, keyOf, type ObjectKey, type Stored } from "../../src/api/object.ts";
import { type Pod, PodKind } from "../../src/api/pod/kind.ts";
import { statusWriters } from "../../src/api/writers.ts";
import { silentLog } from "../../src/base/log.ts";
import { seededRandom } from "../../src/base/random.ts";
import { Autoscaler } from "../../src/control-plane/autoscaler/autoscaler.ts";
import { RevisionPods } from "../../src/control-plane/autoscaler/revision-pods.ts";
import { certificateController } from "../../src/control-plane/controllers/certificate/controller.ts";
import type { CertificateIssuer } from "../../src/control-plane/controllers/certificate/issuer.ts";
import { configurationController } from "../../src/control-plane/controllers/configuration/controller.ts";
import { domainMappingController } from "../../src/control-plane/controllers/domain-mapping/controller.ts";
import { ingressController } from "../../src/control-plane/controllers/ingress/controller.ts";
import type { Prober } from "../../src/control-plane/controllers/ingress/route-probe.ts";
import { labelerController } from "../../src/control-plane/controllers/labeler/controller.ts";
import { metricController } from "../../src/control-plane/controllers/metric/controller.ts";
import { namespaceCertificateController } from "../../src/control-plane/controllers/namespace-certificate/controller.ts";
import { podAutoscalerController } from "../../src/control-plane/controllers/pod-autoscaler/controller.ts";
import type { UrlPorts } from "../../src/control-plane/controllers/public-url.ts";
import { revisionController } from "../../src/control-plane/controllers/revision/controller.ts";
import type { ImageResolver } from "../../src/control-plane/controllers/revision/digests.ts";
import { revisionGcController } from "../../src/control-plane/controllers/revision-gc/controller.ts";
import { routeController } from "../../src/control-plane/controllers/route/controller.ts";
import { serverlessServiceController } from "../../src/control-plane/controllers/serverless-service/controller.ts";
import { serviceController } from "../../src/control-plane/controllers/service/controller.ts";
import { ApiServer } from "../../src/embedded/apiserver/api-server.ts";
import { knativeWebhook } from "../../src/embedded/apiserver/knative-webhook.ts";
import { SchemaAdmission } from "../../src/embedded/apiserver/schema-admission.ts";
import { MemoryStorage } from "../../src/embedded/apiserver/storage/memory-storage.ts";
import { Workloads } from "../../src/embedded/workloads/workloads.ts";
import type { KubeClient } from "../../src/kube/client.ts";
import { ConfigWatch } from "../../src/kube/config-watch.ts";
import type { Controller, ParentObject } from "../../src/kube/controller.ts";
import { Informers } from "../../src/kube/informers.ts";
import { type ReconcileLoop, startReconcileLoop } from "../../src/kube/reconcile-loop.ts";

/** How the stand-in kubelet treats pods: as in the recorded cases. */
export type PodMode = "ready" | "pending" | "notready" | "crash";

export interface ControllersWorldOptions {
  readonly pods?: PodMode;
  readonly ingress?: "ok" | "never";
  readonly choices?: ConfigChoices;
  readonly resolver?: ImageResolver;
  readonly namespaces?: readonly string[];
  readonly urlPorts?: UrlPorts;
  readonly issuer?: CertificateIssuer;
}

/** All controllers with the workloads over the real API on virtual time; kubelet and gateway are stand-ins. */
export class ControllersWorld {
  readonly clock = new VirtualClock();
  podMode: PodMode;
  /** Writes seen since `watchWrites`, `TYPE Kind name`. */
  readonly writes: string[] = [];
  readonly server: ApiServer;
  readonly informers: Informers;
  readonly #ended = new AbortController();
  readonly #loops: ReconcileLoop[] = [];
  readonly #workloads: Workloads;
  #podNumber = 0;

  private constructor(options: ControllersWorldOptions) {
    const { clock } = this;
    const log = silentLog;
    const random = seededRandom(11);
    this.podMode = options.pods ?? "ready";
    const choices = options.choices ?? { queueSidecarImage: "dev.local/queue:latest" };
    let configOf = () => defaultConfig(choices);
    this.server = new ApiServer({
      freezesObjects: true,
      clock,
      random,
      log,
      storage: new MemoryStorage(),
      kinds: KINDS,
      admission: new SchemaAdmission(knativeWebhook(() => configOf())),
      writers: statusWriters,
    });
    const informers = new Informers({ client: this.server.clientFor("informers"), clock, log });
    this.informers = informers;
    this.#workloads = new Workloads({
      client: this.server.clientFor("workloads"),
      clock,
      random,
      log,
      kinds: KINDS,
      nodeName: "n1",
    });
    const config = new ConfigWatch({ informers, choices, log });
    config.start();
    configOf = () => config.current();
    this.#startServing(config, { ...options, choices });
    this.#startScaling(config);
  }

  #startServing(config: ConfigWatch, options: ControllersWorldOptions): void {
    const { clock } = this;
    const refuse: ImageResolver = { resolve: (image) => Promise.reject(new Error(`no ${image} here`)) };
    this.#start(config, serviceController());
    this.#start(config, configurationController());
    this.#start(config, revisionController({ resolver: options.resolver ?? refuse, clock, config }));
    this.#start(config, routeController(options));
    this.#start(config, domainMappingController(options));
    const { issuer } = options;
    if (issuer) this.#start(config, certificateController({ issuer, clock }));
    this.#start(config, namespaceCertificateController());
    this.#start(config, labelerController());
    this.#start(config, revisionGcController());
    const prober: Prober = { ask: async () => ({ status: 200, hash: undefined }) };
    const ingressClass =
      options.ingress === "never"
        ? "nobody.ingress.networking.knative.dev"
        : defaultConfig(options.choices).network.ingressClass;
    this.#start(config, ingressController({ prober, clock, ingressClass }));
    this.#start(config, serverlessServiceController());
  }

  #startScaling(config: ConfigWatch): void {
    const { clock, informers } = this;
    const log = silentLog;
    const pods = new RevisionPods(informers);
    let wakeAutoscaler = (_: ObjectKey) => {};
    let wakeMetric = (_: ObjectKey) => {};
    const autoscaler = new Autoscaler({
      clock,
      random: seededRandom(12),
      log,
      pods: (key) => pods.of(key),
      scrapePod: () => Promise.reject(new Error("nobody answers here")),
      onDecision: (key) => wakeAutoscaler(key),
      onCollectorFault: (key) => wakeMetric(key),
    });
    pods.onChange((key) => autoscaler.podsChanged(key));
    const metric = this.#start(config, metricController({ collectors: autoscaler.collectors }));
    const podAutoscaler = this.#start(
      config,
      podAutoscalerController({
        clock,
        log,
        deciders: autoscaler.deciders,
        config: () => config.current(),
        probeActivator: async () => true,
      }),
    );
    wakeMetric = (key) => metric.enqueue(key);
    wakeAutoscaler = (key) => podAutoscaler.enqueue(key);
    void autoscaler.run(this.#ended.signal);
  }

  #start<P extends ParentObject, O>(config: ConfigWatch, controller: Controller<P, O, never>): ReconcileLoop {
    const loop = startReconcileLoop({
      controller: controller as Controller<P, O, unknown>,
      clientFor: (actor) => this.server.clientFor(actor),
      informers: this.informers,
      config,
      clock: this.clock,
      random: seededRandom(this.#loops.length),
      log: silentLog,
      signal: this.#ended.signal,
    });
    this.#loops.push(loop);
    return loop;
  }

  static async start(options: ControllersWorldOptions = {}): Promise<ControllersWorld> {
    const world = new ControllersWorld(options);
    await world.clock.until(world.server.start());
    for (const name of ["default", "knative-serving", ...(options.namespaces ?? [])])
      await world.client.create(NamespaceKind, { metadata: { name }, spec: {} });
    await world.#publish("activator-service", "10.9.0.1", 8012);
    await world.#publish("gateway", "10.9.0.2", 8080);
    await world.#publish("gateway-internal", "10.9.0.2", 8081);
    world.informers.of(PodKind).onChange(({ type, object }) => {
      if (type === "ADDED") world.#live(object);
      else if (type === "MODIFIED" && object.metadata.deletionTimestamp) void world.#end(object);
    });
    world.informers.start(world.#ended.signal);
    await world.clock.until(world.#workloads.start());
    await world.clock.advance(10);
    return world;
  }

  async stop(): Promise<void> {
    this.#ended.abort();
    await this.#workloads.stop();
    await this.clock.advance(1);
    await this.server.stop();
  }

  get client(): KubeClient {
    return this.server.clientFor("admin");
  }

  get isIdle(): boolean {
    return this.#loops.every((loop) => loop.idle);
  }

  async watchWrites(kinds: readonly Kind[] = KINDS): Promise<void> {
    for (const kind of kinds) {
      const { resourceVersion } = await this.client.list(kind as Kind);
      const tell = (event: { type: string; object?: ApiObject }) => {
        if (event.object) this.writes.push(`${event.type} ${kind.kind} ${event.object.metadata.name}`);
      };
      void this.client.watch(kind as Kind, { resourceVersion }, tell as never, this.#ended.signal);
    }
  }

  async #publish(name: string, ip: string, port: number): Promise<void> {
    const targetRef = { kind: "Pod", name: "activator-0", namespace: "knative-serving" };
    await this.client.create(EndpointsKind, {
      metadata: { name, namespace: "knative-serving" },
      subsets: [
        {
          addresses: [{ ip, nodeName: "n1", targetRef }],
          ports: [
            { name: "http", port, protocol: "TCP" },
            { name: "https", port: 8112, protocol: "TCP" },
          ],
        },
      ],
    });
  }

  /** The stand-in kubelet: one status for each pod, some milliseconds after it was made. */
  #live(pod: Stored<Pod>): void {
    if (this.podMode === "pending") return;
    const ip = `10.1.0.${++this.#podNumber}`;
    this.clock.schedule(20, async () => {
      const current = await this.client.get(PodKind, keyOf(pod)).catch(() => undefined);
      if (current)
        await this.client.updateStatus(PodKind, { ...current, status: this.#statusOf(current, ip) });
    });
  }

  /** What is asked to go is gone at once. */
  async #end(pod: Stored<Pod>): Promise<void> {
    await this.client.delete(PodKind, keyOf(pod), { gracePeriodSeconds: 0 }).catch(() => undefined);
  }

  #statusOf(pod: Pod, ip: string): NonNullable<Pod["status"]> {
    const at = `${new Date(this.clock.wall()).toISOString().slice(0, 19)}Z`;
    const isReady = this.podMode === "ready" ? ("True" as const) : ("False" as const);
    const condition = (type: string, status: "True" | "False") => ({
      type,
      status,
      lastProbeTime: null,
      lastTransitionTime: at,
    });
    const running = { running: { startedAt: at } };
    return {
      phase: "Running",
      podIP: ip,
      podIPs: [{ ip }],
      hostIP: ip,
      startTime: at,
      qosClass: "Burstable",
      conditions: [
        condition("PodScheduled", "True"),
        condition("Initialized", "True"),
        condition("ContainersReady", isReady),
        condition("Ready", isReady),
      ],
      containerStatuses: pod.spec.containers.map(({ name, image = "" }) => {
        const common = {
          name,
          image,
          imageID: "",
          restartCount: 0,
          started: true,
          ready: isReady === "True",
        };
        if (this.podMode !== "crash" || name === "queue-proxy")
          return { ...common, state: running, lastState: {} };
        const terminated = {
          exitCode: 5,
          reason: "Error",
          message: "boom: no config\n",
          startedAt: at,
          finishedAt: at,
        };
        const waiting = { reason: "CrashLoopBackOff", message: "back-off 40s restarting failed container" };
        return { ...common, started: false, restartCount: 3, state: { waiting }, lastState: { terminated } };
      }),
    };
  }

  /** From now on pods are ready, those that are there too. */
  async makePodsReady(): Promise<void> {
    this.podMode = "ready";
    for (const pod of this.informers.list(PodKind)) this.#live(pod);
  }

  async setConfig(name: string, data: Record<string, string>): Promise<void> {
    const key = { name, namespace: "knative-serving" };
    const known = await this.client.get(ConfigMapKind, key).catch(() => undefined);
    if (known) await this.client.update(ConfigMapKind, { ...known, data });
    else await this.client.create(ConfigMapKind, { metadata: key, data });
  }

  async ingresses() {
    return (await this.client.list(IngressKind)).items;
  }
}
