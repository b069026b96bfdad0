import type { ConfigChoices } from "../api/config/config.ts";
import { meshSettings } from "../api/config/data-plane-settings.ts";
import { PodAutoscalerKind } from "../api/pod-autoscaler/kind.ts";
import { revisionAttributesOf } from "../api/revision-attributes.ts";
import type { StatMessage } from "../api/wire/stat.ts";
import type { Clock } from "../base/clock.ts";
import type { Log } from "../base/log.ts";
import type { Metric } from "../base/metrics.ts";
import type { Random } from "../base/random.ts";
import { Autoscaler } from "../control-plane/autoscaler/autoscaler.ts";
import { networkScraper } from "../control-plane/autoscaler/network-scraper.ts";
import { RevisionPods } from "../control-plane/autoscaler/revision-pods.ts";
import { certificateController } from "../control-plane/controllers/certificate/controller.ts";
import type { CertificateIssuer } from "../control-plane/controllers/certificate/issuer.ts";
import { configurationController } from "../control-plane/controllers/configuration/controller.ts";
import { domainMappingController } from "../control-plane/controllers/domain-mapping/controller.ts";
import { ingressController } from "../control-plane/controllers/ingress/controller.ts";
import { httpProber } from "../control-plane/controllers/ingress/http-prober.ts";
import { labelerController } from "../control-plane/controllers/labeler/controller.ts";
import { metricController } from "../control-plane/controllers/metric/controller.ts";
import { namespaceCertificateController } from "../control-plane/controllers/namespace-certificate/controller.ts";
import {
  podAutoscalerController,
  type ScaleMoment,
} from "../control-plane/controllers/pod-autoscaler/controller.ts";
import { podAutoscalerMetrics } from "../control-plane/controllers/pod-autoscaler/metrics.ts";
import type { UrlPorts } from "../control-plane/controllers/public-url.ts";
import { revisionController } from "../control-plane/controllers/revision/controller.ts";
import { revisionGcController } from "../control-plane/controllers/revision-gc/controller.ts";
import { routeController } from "../control-plane/controllers/route/controller.ts";
import { serverlessServiceController } from "../control-plane/controllers/serverless-service/controller.ts";
import { serviceController } from "../control-plane/controllers/service/controller.ts";
import type { Images } from "../embedded/node/images/images.ts";
import type { Network } from "../http/conn.ts";
import type { KubeClient } from "../kube/client.ts";
import { ConfigWatch } from "../kube/config-watch.ts";
import type { Controller, ParentObject } from "../kube/controller.ts";
import { Informers } from "../kube/informers.ts";
import { type ReconcileLoop, startReconcileLoop } from "../kube/reconcile-loop.ts";
import { WorkQueueMetrics } from "../kube/work-queue-metrics.ts";
import { activatorAnswers } from "./activator-probe.ts";
import { storeResolver } from "./image-resolver.ts";

export interface ControllersOptions {
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Log;
  readonly network: Network;
  readonly images: Images;
  readonly clientFor: (actor: string) => KubeClient;
  readonly choices: ConfigChoices;
  readonly urlPorts: UrlPorts;
  /** Signs Certificates of the engine's own class; absent = nobody does. */
  readonly issuer?: CertificateIssuer | undefined;
  readonly onScale: (scale: ScaleMoment) => void;
  readonly signal: AbortSignal;
  /** Told of what it may measure. */
  readonly telemetry?: { follow(running: RunningControllers, signal: AbortSignal): void } | undefined;
  readonly courtesyMs: () => number;
}

export interface RunningControllers {
  readonly config: ConfigWatch;
  /** Of the component `autoscaler`, and of the component `controller`. */
  readonly autoscalerMetrics: readonly Metric[];
  readonly controllerMetrics: readonly Metric[];
}

/** Starts Knative's controllers and the autoscaler; they end when `signal` aborts. */
export function startControllers(options: ControllersOptions): {
  receive(messages: readonly StatMessage[]): void;
} {
  const { clock, log, network, signal } = options;
  const informers = new Informers({ client: options.clientFor("informers"), clock, log });
  const config = new ConfigWatch({ informers, choices: options.choices, log });
  config.start();
  const queueMetrics = new WorkQueueMetrics();
  const start = <P extends ParentObject, O>(
    controller: Controller<P, O, never>,
    isUrgent = false,
  ): ReconcileLoop =>
    startReconcileLoop({
      ...options,
      isUrgent,
      queueMetrics,
      log: log.with({ component: controller.name }),
      controller: controller as Controller<P, O, unknown>,
      informers,
      config,
    });
  start(serviceController());
  start(configurationController());
  start(revisionController({ resolver: storeResolver(options.images), clock, config }));
  start(routeController(options));
  start(domainMappingController(options));
  if (options.issuer) start(certificateController({ issuer: options.issuer, clock }));
  start(namespaceCertificateController());
  start(labelerController());
  start(revisionGcController());
  start(ingressController({ prober: httpProber({ network, clock }), clock }));
  start(serverlessServiceController());
  const autoscaler = startScaling(options, { informers, config, start });
  informers.start(signal);
  const autoscalerMetrics = [...autoscaler.metrics, ...podAutoscalerMetrics(informers)];
  options.telemetry?.follow({ config, autoscalerMetrics, controllerMetrics: queueMetrics.metrics }, signal);
  return { receive: (messages) => autoscaler.receive(messages) };
}

interface Wiring {
  readonly informers: Informers;
  readonly config: ConfigWatch;
  start<P extends ParentObject, O>(controller: Controller<P, O, never>, isUrgent?: boolean): ReconcileLoop;
}

function startScaling(options: ControllersOptions, { informers, config, start }: Wiring): Autoscaler {
  const { clock, random, log, network, signal } = options;
  const pods = new RevisionPods(informers);
  const autoscaler: Autoscaler = new Autoscaler({
    clock,
    random,
    log: log.with({ component: "autoscaler" }),
    pods: (key) => pods.of(key),
    scrapePod: networkScraper({ network, clock }),
    mesh: () => meshSettings(config.current()),
    attributesOf: (key) => revisionAttributesOf(informers.get(PodAutoscalerKind, key) ?? { metadata: key }),
    onDecision: (key) => podAutoscalers.enqueue(key),
    onCollectorFault: (key) => metrics.enqueue(key),
  });
  const metrics = start(metricController({ collectors: autoscaler.collectors }));
  const podAutoscalers = start(
    podAutoscalerController({
      clock,
      log,
      deciders: autoscaler.deciders,
      config: () => config.current(),
      probeActivator: (key) => activatorAnswers(options, informers, key),
      onScale: options.onScale,
    }),
    true,
  );
  pods.onChange((key) => autoscaler.podsChanged(key));
  void autoscaler.run(signal);
  return autoscaler;
}
