import { firstOf, INITIAL_SCALE, MIN_SCALE } from "../../../api/annotation.ts";
import type { Container, EnvVar } from "../../../api/container.ts";
import type { Deployment, DeploymentSpec } from "../../../api/deployment/kind.ts";
import {
  CONFIGURATION,
  DEFAULT_CONTAINER,
  DEPLOYMENT_HASH,
  PROGRESS_DEADLINE,
  REVISION,
  SERVICE,
} from "../../../api/labels.ts";
import { deploymentName } from "../../../api/names.ts";
import type { Stored } from "../../../api/object.ts";
import type { PodSpec } from "../../../api/pod-spec.ts";
import type { Revision } from "../../../api/revision/kind.ts";
import { durationMs } from "../../../base/duration.ts";
import { extraVolumes, runtimeClass, withVarLog } from "./extras.ts";
import { fnv32aBase36 } from "./hash.ts";
import { childLabels, podAnnotations, podSelector } from "./metadata.ts";
import { livenessProbe, userReadinessProbe } from "./probes.ts";
import { queueContainer } from "./queue-container.ts";
import { servingOf } from "./serving.ts";
import type { RevisionSettings } from "./settings.ts";

/** The Deployment of a Revision (spec C-019…C-026). */

/** Image by container name, where a digest is known. */
export type Digests = Readonly<Record<string, string>>;

const DRAIN_PORT = 8022;

export function deploymentOf(
  revision: Stored<Revision>,
  digests: Digests,
  settings: RevisionSettings,
): Deployment {
  const labels = childLabels(revision);
  const annotations = podAnnotations(revision);
  const serving = servingOf(revision.spec);
  const deadline = revision.metadata.annotations?.[PROGRESS_DEADLINE];
  const spec: DeploymentSpec = {
    selector: { matchLabels: podSelector(revision) },
    progressDeadlineSeconds: deadline ? durationMs(deadline) / 1000 : settings.progressDeadlineSeconds,
    revisionHistoryLimit: 0,
    strategy: { type: "RollingUpdate", rollingUpdate: { maxUnavailable: 0 } },
    template: {
      metadata: { labels, annotations: { ...annotations, [DEFAULT_CONTAINER]: serving.container.name } },
      spec: podSpecOf(revision, digests, settings),
    },
  };
  return {
    metadata: {
      name: deploymentName(revision.metadata.name),
      namespace: revision.metadata.namespace ?? "",
      labels: { ...labels, [DEPLOYMENT_HASH]: fnv32aBase36(JSON.stringify(spec)) },
      annotations,
    },
    spec: { ...spec, replicas: initialScale(revision, settings) },
  };
}

/** A Deployment whose hash differs gets the new spec; the number of replicas is the autoscaler's (spec C-033). */
export function reviseDeployment(existing: Stored<Deployment>, wanted: Deployment): Deployment {
  const { labels } = wanted.metadata;
  if (existing.metadata.labels?.[DEPLOYMENT_HASH] === labels?.[DEPLOYMENT_HASH]) return existing;
  const { replicas } = existing.spec;
  return {
    ...existing,
    metadata: { ...existing.metadata, labels: { ...existing.metadata.labels, ...labels } },
    spec: { ...wanted.spec, ...(replicas === undefined ? {} : { replicas }) },
  };
}

/** Of the Revision, else of config-autoscaler; at least min-scale, and zero only where that is allowed (spec C-022). */
function initialScale(revision: Stored<Revision>, settings: RevisionSettings): number {
  const { annotations } = revision.metadata;
  const given = Number(firstOf(annotations, INITIAL_SCALE) ?? settings.initialScale);
  const scale = given === 0 && !settings.zeroInitialScaleAllowed ? 1 : given;
  const min = Number(firstOf(annotations, MIN_SCALE));
  return Number.isFinite(min) ? Math.max(scale, min) : scale;
}

function podSpecOf(revision: Stored<Revision>, digests: Digests, settings: RevisionSettings): PodSpec {
  const {
    containerConcurrency: _concurrency,
    timeoutSeconds,
    responseStartTimeoutSeconds: _start,
    idleTimeoutSeconds: _idle,
    ...podSpec
  } = revision.spec;
  const containers = podSpec.containers.map((container) => ({
    ...withVarLog(userContainer(revision, container, settings), settings),
    image: digests[container.name] || (container.image ?? ""),
  }));
  const volumes = [...(podSpec.volumes ?? []), ...extraVolumes(revision, settings)];
  return {
    ...podSpec,
    ...runtimeClass(revision, settings),
    ...(volumes.length > 0 ? { volumes } : {}),
    containers: [...containers, queueContainer(revision, settings)],
    ...(timeoutSeconds === undefined ? {} : { terminationGracePeriodSeconds: timeoutSeconds }),
    ...(podSpec.affinity === undefined && settings.spreadOverNodes ? { affinity: spread(revision) } : {}),
  };
}

function userContainer(revision: Stored<Revision>, given: Container, settings: RevisionSettings): Container {
  const serving = servingOf(revision.spec);
  const { readinessProbe: _readiness, livenessProbe: _liveness, ports: _ports, ...rest } = given;
  const container: Container = {
    ...rest,
    env: [
      ...(given.env ?? []),
      ...knativeEnvironment(revision, given === serving.container && serving.userPort),
    ],
    // Keeps the program running until queue-proxy has answered everything that it still holds.
    lifecycle: { preStop: { httpGet: { path: "/wait-for-drain", port: DRAIN_PORT, scheme: "HTTP" } } },
    terminationMessagePolicy: given.terminationMessagePolicy ?? "FallbackToLogsOnError",
  };
  if (given !== serving.container) return { ...container, ...probesOfSidecar(given) };
  const readiness = userReadinessProbe(given);
  const liveness = livenessProbe(given, {
    userPort: serving.userPort,
    keepPort: settings.multiContainerProbing,
  });
  return {
    ...container,
    ports: [{ name: "user-port", containerPort: serving.userPort, protocol: "TCP" }],
    ...(readiness ? { readinessProbe: readiness } : {}),
    ...(liveness ? { livenessProbe: liveness } : {}),
  };
}

function probesOfSidecar({ readinessProbe, livenessProbe }: Container): Partial<Container> {
  return {
    ...(readinessProbe?.exec ? { readinessProbe } : {}),
    ...(livenessProbe ? { livenessProbe } : {}),
  };
}

function knativeEnvironment({ metadata }: Stored<Revision>, userPort: number | false): EnvVar[] {
  const value = (name: string, text = "") => (text === "" ? { name } : { name, value: text });
  return [
    ...(userPort === false ? [] : [value("PORT", String(userPort))]),
    value("K_REVISION", metadata.name),
    value("K_CONFIGURATION", metadata.labels?.[CONFIGURATION]),
    value("K_SERVICE", metadata.labels?.[SERVICE]),
  ];
}

/** Pods of a Revision rather on different nodes (spec C-024). */
function spread(revision: Stored<Revision>) {
  const podAffinityTerm = {
    labelSelector: { matchLabels: { [REVISION]: revision.metadata.name } },
    topologyKey: "kubernetes.io/hostname",
  };
  return {
    podAntiAffinity: { preferredDuringSchedulingIgnoredDuringExecution: [{ weight: 100, podAffinityTerm }] },
  };
}
