/**
 * A dry run of a Service or Configuration also tries the pod that its template leads to (spec A-170): the user's
 * containers as the Revision controller would write them, filled in and checked as Kubernetes does.
 */
import { copyJson } from "../../base/json.ts";
import type { Container, Probe } from "../container.ts";
import { causesText } from "../field-cause.ts";
import { defaultPod } from "../pod/defaults.ts";
import { podSpecCauses } from "../pod/validate.ts";
import type { PodSpec } from "../pod-spec.ts";
import type { RevisionSpec } from "../revision-spec.ts";

const GENERATED = "dry-run-validation";
const DEFAULT_PORT = 8080;

export interface DryRun {
  readonly spec: RevisionSpec;
  readonly namespace: string;
  /** Whether the namespace has a service account of that name. */
  readonly hasServiceAccount: (name: string) => boolean;
  /** The five letters after the pod's generated name. */
  readonly suffix: string;
}

/** What a cluster would say of the pod; undefined = nothing. */
export function dryRunProblem({ spec, namespace, hasServiceAccount, suffix }: DryRun): string | undefined {
  const { serviceAccountName } = spec;
  if (serviceAccountName && !hasServiceAccount(serviceAccountName))
    return (
      `pods "${GENERATED}" is forbidden: error looking up service account ${namespace}/${serviceAccountName}: ` +
      `serviceaccount "${serviceAccountName}" not found`
    );
  const pod: Record<string, unknown> = { ...podOf(spec) };
  defaultPod(pod);
  const causes = podSpecCauses(pod as Partial<PodSpec>, "spec");
  return causes.length === 0 ? undefined : `Pod "${GENERATED}${suffix}" is invalid: ${causesText(causes)}`;
}

function podOf(spec: RevisionSpec): PodSpec {
  const { containerConcurrency: _, timeoutSeconds: __, ...rest } = copyJson(spec);
  const { responseStartTimeoutSeconds: ___, idleTimeoutSeconds: ____, containers, ...pod } = rest;
  return { ...pod, containers: containers.map((one) => tried(one, containers.length > 1)) };
}

/** Probes over the network are queue-proxy's, not the pod's; liveness asks the port that serves. */
function tried(container: Container, hasCompany: boolean): Container {
  const { readinessProbe, livenessProbe, ...rest } = container;
  const own = readinessProbe?.exec ? { readinessProbe } : {};
  const [port] = container.ports ?? [];
  if (!port && hasCompany) return { ...rest, ...own, ...(livenessProbe ? { livenessProbe } : {}) };
  const containerPort = port?.containerPort || DEFAULT_PORT;
  return {
    ...rest,
    ...own,
    ports: [{ name: "user-port", containerPort, protocol: "TCP" }],
    ...(livenessProbe ? { livenessProbe: aimed(livenessProbe, containerPort) } : {}),
  };
}

function aimed(probe: Probe, port: number): Probe {
  if (probe.httpGet) return { ...probe, httpGet: { ...probe.httpGet, port } };
  if (probe.tcpSocket) return { ...probe, tcpSocket: { ...probe.tcpSocket, port } };
  return probe;
}
