/** What Knative fills into a revision's spec (spec A-083…A-094). Works in place. */
import type { Config } from "../config/config.ts";
import { metaForTemplate } from "../config/defaults.ts";
import type { Container, Probe, SecurityContext } from "../container.ts";
import { childName } from "../names.ts";
import type { ObjectMeta } from "../object.ts";
import type { PodSpec } from "../pod-spec.ts";
import type { RevisionSpec } from "../revision-spec.ts";

export interface RevisionDefaults {
  readonly config: Config;
  /** Metadata of the object that the container name templates speak about. */
  readonly parent: ObjectMeta;
  readonly isCreate: boolean;
}

export function defaultRevisionSpec(spec: RevisionSpec, defaults: RevisionDefaults): void {
  const { config } = defaults;
  defaultTimeouts(spec, config);
  spec.containerConcurrency ??= config.defaults.containerConcurrency;
  const containers = spec.containers ?? [];
  const initContainers = spec.initContainers ?? [];
  const meta = metaForTemplate(defaults.parent);
  const taken = new Set([...containers, ...initContainers].map((one) => one.name ?? ""));
  nameContainers(containers, taken, config.defaults.containerNameTemplate.execute(meta));
  nameContainers(initContainers, taken, config.defaults.initContainerNameTemplate.execute(meta));
  for (const container of containers) {
    defaultResources(container, config);
    defaultProbes(container, containers.length === 1);
    defaultReadOnly(container, spec);
    defaultSecurity(container, spec, config);
  }
  for (const container of initContainers) defaultSecurity(container, spec, config);
  const links = config.defaults.enableServiceLinks;
  if (containers.length > 0 && defaults.isCreate && links !== undefined) spec.enableServiceLinks ??= links;
}

function defaultTimeouts(spec: RevisionSpec, { defaults }: Config): void {
  if (!spec.timeoutSeconds) spec.timeoutSeconds = defaults.revisionTimeoutSeconds;
  const whole = spec.timeoutSeconds;
  const idle = defaults.revisionIdleTimeoutSeconds;
  if (idle !== 0 && idle < whole) spec.idleTimeoutSeconds ??= idle;
  const start = defaults.revisionResponseStartTimeoutSeconds;
  if (start !== 0 && start < whole) spec.responseStartTimeoutSeconds ??= start;
}

function nameContainers(containers: readonly Container[], taken: ReadonlySet<string>, base: string): void {
  let suffix = 0;
  for (const container of containers) {
    if (container.name) continue;
    let name = base;
    if (containers.length > 1 || taken.has(base)) {
      do {
        name = childName(base, `-${suffix}`);
        suffix += 1;
      } while (taken.has(name));
    }
    container.name = name;
  }
}

function defaultResources(container: Container, { defaults }: Config): void {
  const resources = container.resources ?? {};
  const requests = { ...defaults.revisionRequests, ...resources.requests };
  const limits = { ...defaults.revisionLimits, ...resources.limits };
  if (Object.keys(requests).length > 0) resources.requests = requests;
  if (Object.keys(limits).length > 0) resources.limits = limits;
  container.resources = resources;
}

function defaultProbes(container: Container, isOnly: boolean): void {
  if (isOnly || (container.ports?.length ?? 0) > 0) {
    const probe: Probe = container.readinessProbe ?? {};
    const hasHandler = probe.tcpSocket ?? probe.httpGet ?? probe.exec ?? probe.grpc;
    if (hasHandler === undefined) probe.tcpSocket = { port: 0 };
    container.readinessProbe = probe;
  }
  const probe = container.readinessProbe;
  if (probe !== undefined) {
    if (!probe.successThreshold) probe.successThreshold = 1;
    // Without a period the zeros stay: they mean aggressive probing.
    if (probe.periodSeconds) {
      if (!probe.failureThreshold) probe.failureThreshold = 3;
      if (!probe.timeoutSeconds) probe.timeoutSeconds = 1;
    }
  }
  for (const one of [probe, container.livenessProbe, container.startupProbe]) {
    if (one?.grpc !== undefined) one.grpc.service ??= "";
  }
}

function defaultReadOnly(container: Container, { volumes = [] }: PodSpec): void {
  const writable = volumes.filter((one) => one.emptyDir ?? one.persistentVolumeClaim ?? one.ephemeral);
  const names = new Set(writable.map((one) => one.name));
  for (const mount of container.volumeMounts ?? []) if (!names.has(mount.name)) mount.readOnly = true;
}

function defaultSecurity(
  container: Container,
  { securityContext: pod = {} }: PodSpec,
  { features }: Config,
): void {
  if (features.securePodDefaults === "Disabled") return;
  const security: SecurityContext = container.securityContext ?? {};
  security.allowPrivilegeEscalation ??= false;
  if (!pod.seccompProfile?.type && !security.seccompProfile?.type) {
    security.seccompProfile = { ...security.seccompProfile, type: "RuntimeDefault" };
  }
  if (security.capabilities === undefined) {
    const isLowPort = (container.ports ?? []).some((one) => (one.containerPort ?? 0) < 1024);
    security.capabilities = isLowPort ? { add: ["NET_BIND_SERVICE"], drop: ["ALL"] } : { drop: ["ALL"] };
  }
  const mayRunAsRoot = features.securePodDefaults !== "Enabled" || pod.runAsNonRoot !== undefined;
  if (!mayRunAsRoot) security.runAsNonRoot ??= true;
  container.securityContext = security;
}
