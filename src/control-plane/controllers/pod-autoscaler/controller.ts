import type { Config } from "../../../api/config/config.ts";
import { DeploymentKind } from "../../../api/deployment/kind.ts";
import { HorizontalPodAutoscalerKind } from "../../../api/horizontal-pod-autoscaler/kind.ts";
import { PROGRESS_DEADLINE, REVISION } from "../../../api/labels.ts";
import { MetricKind } from "../../../api/metric/kind.ts";
import { type ApiObject, keyOf, type ObjectKey, type Stored } from "../../../api/object.ts";
import { PodKind } from "../../../api/pod/kind.ts";
import { type PodAutoscaler, PodAutoscalerKind } from "../../../api/pod-autoscaler/kind.ts";
import { type ServerlessService, ServerlessServiceKind } from "../../../api/serverless-service/kind.ts";
import type { Deciders, Decision } from "../../../api/wire/decider.ts";
import {
  type Child,
  type Controller,
  child,
  type Desired,
  type MetadataPatch,
  watch,
} from "../../../kube/controller.ts";
import type { Caches } from "../../../kube/informers.ts";
import { isControlledBy } from "../../../kube/owned-children.ts";
import { byLabel, byOwner } from "../../../kube/parents.ts";
import { type ActivatorProbePorts, ActivatorProbes } from "./activator-probes.ts";
import { durationMs } from "./annotation-values.ts";
import { metric, serverlessService } from "./children.ts";
import { desiredHorizontal, type HorizontalObserved, observeHorizontal } from "./horizontal.ts";
import { type PodCounts, podsOf } from "./pod-counts.ts";
import { planScale, type ScalePlan } from "./scale-plan.ts";
import { activeThreshold, deciderSpec, hasHpaClass, hasKpaClass, scaleSourceOf } from "./scale-spec.ts";
import { type SksPlan, sksPlan } from "./sks-plan.ts";
import {
  activityForMs,
  activityOf,
  autoscalerStatus,
  conditionOf,
  isScaleTargetInitialized,
  notOwnedStatus,
} from "./status.ts";

/**
 * Carries the autoscaler's decisions out: the Deployment's scale, and who stands in the request path (spec
 * §4.5).
 */

export type PodAutoscalerConfig = Pick<Config, "autoscaler" | "deployment">;

export interface PodAutoscalerPorts extends ActivatorProbePorts {
  readonly deciders: Deciders;
  config(): PodAutoscalerConfig;
  /** A new scale is about to be written: a moment of the timeline. */
  onScale?(scale: ScaleMoment): void;
}

export interface ScaleMoment {
  readonly namespace: string;
  readonly revision: string;
  readonly from: number;
  readonly to: number;
  /** Clock.monotonic(). */
  readonly atMs: number;
}

interface Observed {
  readonly sks: Stored<ServerlessService> | undefined;
  /** Kind and name of a child that belongs to somebody else. */
  readonly foreign: readonly [kind: string, name: string] | undefined;
  readonly pods: PodCounts;
  /** undefined = there is no Deployment. */
  readonly replicas: number | undefined;
  readonly decision: Decision;
  readonly activatorConfirmed: boolean | undefined;
}

const NO_DECISION: Decision = { desiredPodCount: -1, excessBurstCapacity: -1 };
const FIRST_PATH: SksPlan = { mode: "Proxy", numActivators: 2 };

export function podAutoscalerController(
  ports: PodAutoscalerPorts,
): Controller<PodAutoscaler, Observed | HorizontalObserved, PodAutoscalerConfig> {
  const probes = new ActivatorProbes(ports);
  return {
    name: "podautoscaler-controller",
    kind: PodAutoscalerKind,
    watches: [
      watch({ kind: ServerlessServiceKind, parents: byOwner(PodAutoscalerKind) }),
      watch({ kind: MetricKind, parents: byOwner(PodAutoscalerKind) }),
      watch({ kind: PodKind, parents: byLabel(REVISION), fields: ["status.phase", "status.conditions"] }),
      watch({ kind: DeploymentKind, parents: byLabel(REVISION), fields: ["spec.replicas"] }),
      watch({ kind: HorizontalPodAutoscalerKind, parents: byOwner(PodAutoscalerKind) }),
    ],
    concerns: (autoscaler) => hasKpaClass(autoscaler) || hasHpaClass(autoscaler),
    observe: (parent, caches) =>
      hasHpaClass(parent) ? observeHorizontal(parent, caches) : observe(parent, caches, { ports, probes }),
    desired: (parent, observed, { config, nowMs }) =>
      "horizontal" in observed
        ? desiredHorizontal(parent, observed, config.autoscaler)
        : desired(parent, observed, { config, nowMs }),
    forget(key) {
      ports.deciders.delete(key);
      probes.forget(key);
    },
    start: (enqueue, signal) => probes.start(enqueue, signal),
  };
}

function observe(
  parent: Stored<PodAutoscaler>,
  caches: Caches,
  { ports, probes }: { ports: PodAutoscalerPorts; probes: ActivatorProbes },
): Observed {
  const key = keyOf(parent);
  const config = ports.config();
  const sks = caches.get(ServerlessServiceKind, key);
  const deployment = caches.get(DeploymentKind, {
    namespace: key.namespace,
    name: parent.spec.scaleTargetRef.name ?? "",
  });
  const isReachable = privateServiceOf(sks) !== "";
  const observed: Observed = {
    sks,
    foreign: foreignChild(parent, caches),
    pods: podsOf(parent, caches),
    replicas: deployment && (deployment.spec.replicas ?? 1),
    decision: isReachable
      ? ports.deciders.put(key, deciderSpec(scaleSourceOf(parent), config.autoscaler))
      : NO_DECISION,
    activatorConfirmed: probes.answer(key),
  };
  if (isReachable)
    act(planOf(parent, observed, { config, nowMs: ports.clock.wall() }), observed, {
      key,
      ports,
      probes,
    });
  return observed;
}

/** What a plan needs besides writes: questions to the activator, and word to the timeline. */
function act(
  plan: ScalePlan,
  { replicas }: Observed,
  { key, ports, probes }: { key: ObjectKey; ports: PodAutoscalerPorts; probes: ActivatorProbes },
): void {
  // With no pod left to take there is nothing to ask about.
  if (plan.activatorProbe === "probe" && replicas !== 0) probes.ask(key);
  if (plan.activatorProbe === "watch" && replicas !== 0) probes.watch(key);
  if (plan.apply && replicas !== undefined && replicas !== plan.want)
    ports.onScale?.({
      namespace: key.namespace,
      revision: key.name,
      from: replicas,
      to: plan.want,
      atMs: ports.clock.monotonic(),
    });
}

interface Now {
  readonly config: PodAutoscalerConfig;
  readonly nowMs: number;
}

export function desired(parent: Stored<PodAutoscaler>, observed: Observed, now: Now): Desired<PodAutoscaler> {
  const { sks, pods, foreign } = observed;
  if (foreign) return { children: [], status: notOwnedStatus(parent.status, ...foreign) };
  const source = scaleSourceOf(parent);
  const initialized = isScaleTargetInitialized(parent.status);
  const threshold = activeThreshold(source, now.config.autoscaler, initialized);
  const privateService = privateServiceOf(sks);
  if (privateService === "") {
    const facts = { serviceName: "", metricsServiceName: "", sksNotReady: "No Private Service Name" };
    const status = autoscalerStatus({ before: parent.status, ...facts, want: -1, ready: 0, threshold });
    return { children: [sksChild(serverlessService(parent, FIRST_PATH))], status };
  }
  const plan = planOf(parent, observed, now);
  const path = sksPlan({
    spec: deciderSpec(source, now.config.autoscaler),
    want: plan.want,
    excessBurstCapacity: observed.decision.excessBurstCapacity,
    readyPods: pods.ready,
  });
  const status = autoscalerStatus({
    before: parent.status,
    serviceName: sks?.status?.serviceName ?? "",
    metricsServiceName: privateService,
    sksNotReady: sksNotReady(sks),
    want: plan.want,
    ready: pods.ready,
    threshold,
  });
  return {
    children: [
      sksChild(serverlessService(parent, path)),
      child({ kind: MetricKind, object: metric(parent, now.config.autoscaler, privateService) }),
    ],
    patches: scalePatches(parent, plan, observed.replicas),
    status,
    ...(plan.reconcileAfterMs === undefined ? {} : { requeueAfterMs: plan.reconcileAfterMs }),
  };
}

function planOf(parent: Stored<PodAutoscaler>, observed: Observed, { config, nowMs }: Now): ScalePlan {
  const { status } = parent;
  const ownDeadlineMs = durationMs(parent.metadata.annotations?.[PROGRESS_DEADLINE]);
  const proxied = conditionOf(observed.sks?.status, "ActivatorEndpointsPopulated");
  return planScale({
    source: scaleSourceOf(parent),
    config: config.autoscaler,
    progressDeadlineMs: ownDeadlineMs ?? config.deployment.progressDeadlineMs,
    activity: activityOf(status),
    activityForMs: activityForMs(status, nowMs),
    scaleTargetInitialized: isScaleTargetInitialized(status),
    desiredScale: observed.decision.desiredPodCount,
    proxyMode: observed.sks?.spec.mode === "Proxy",
    inProxyForMs:
      proxied?.status === "True" && proxied.lastTransitionTime !== undefined
        ? nowMs - Date.parse(proxied.lastTransitionTime)
        : 0,
    activatorConfirmed: observed.activatorConfirmed,
  });
}

/** spec S-063; nothing is written when the Deployment has that scale, or is not there yet. */
function scalePatches(
  parent: Stored<PodAutoscaler>,
  plan: ScalePlan,
  replicas: number | undefined,
): readonly MetadataPatch[] {
  if (!plan.apply || replicas === undefined || replicas === plan.want) return [];
  const { namespace } = keyOf(parent);
  const key = { namespace, name: parent.spec.scaleTargetRef.name ?? "" };
  return [{ kind: DeploymentKind, key, body: { spec: { replicas: plan.want } } }];
}

function sksChild(object: ServerlessService): Child {
  return child({ kind: ServerlessServiceKind, object });
}

function privateServiceOf(sks: ServerlessService | undefined): string {
  return sks?.status?.privateServiceName ?? "";
}

/**
 * Why the SKS does not count as ready. A spec that it has not observed yet is no reason (the original says so
 * for a moment at each change of mode): its endpoints stay in force until they are replaced.
 */
function sksNotReady(sks: ServerlessService | undefined): string | undefined {
  const ready = conditionOf(sks?.status, "Ready");
  return ready?.status === "True" ? undefined : (ready?.message ?? "");
}

function foreignChild(parent: Stored<PodAutoscaler>, caches: Caches): Observed["foreign"] {
  const key = keyOf(parent);
  const isForeign = (existing: ApiObject | undefined) => existing && !isControlledBy(existing, parent);
  if (isForeign(caches.get(ServerlessServiceKind, key))) return [ServerlessServiceKind.kind, key.name];
  return isForeign(caches.get(MetricKind, key)) ? [MetricKind.kind, key.name] : undefined;
}
