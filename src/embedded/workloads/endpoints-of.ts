import type { CoreService, ServicePort } from "../../api/core-service/kind.ts";
import type { EndpointSlice, SliceEndpoint, SlicePort } from "../../api/endpoint-slice/kind.ts";
import type { EndpointAddress, EndpointPort, EndpointSubset, Endpoints } from "../../api/endpoints/kind.ts";
import type { Pod } from "../../api/pod/kind.ts";
import { isOver } from "../../api/pod/phase.ts";
import { isPodReady } from "./pods.ts";

/** Endpoints and EndpointSlices of a Service from its pods, in the shapes of golden/reconcile. Pure. */

export const MANAGED_BY = "endpointslice.kubernetes.io/managed-by";
export const SERVICE_NAME = "kubernetes.io/service-name";
export const SLICE_CONTROLLER = "endpointslice-controller.k8s.io";
export const MIRRORING_CONTROLLER = "endpointslicemirroring-controller.k8s.io";
export const ENDPOINTS_MANAGED_BY = "endpoints.kubernetes.io/managed-by";
export const TRIGGER_TIME = "endpoints.kubernetes.io/last-change-trigger-time";
const HEADLESS = "service.kubernetes.io/headless";
/** Kubernetes' limit of endpoints in a slice of its own controllers. */
const SLICE_MAX = 100;

export function subsetsOf(service: CoreService, pods: readonly Pod[]): EndpointSubset[] {
  const subsets = new Map<string, Required<EndpointSubset>>();
  for (const pod of byName(pods)) {
    const ip = pod.status?.podIP;
    if (!ip || isOver(pod) || (isLeaving(pod) && !publishesAll(service))) continue;
    const ports = portsOf(service, pod);
    if (ports.length === 0 && (service.spec.ports ?? []).length > 0) continue;
    const id = JSON.stringify(ports);
    const subset = subsets.get(id) ?? { addresses: [], notReadyAddresses: [], ports };
    subsets.set(id, subset);
    const into = isPodReady(pod) || publishesAll(service) ? subset.addresses : subset.notReadyAddresses;
    into.push(addressOf(pod, ip));
  }
  return [...subsets.values()].map(withoutEmpty);
}

export function sliceContents(
  service: CoreService,
  pods: readonly Pod[],
): Pick<EndpointSlice, "endpoints" | "ports">[] {
  const groups = new Map<string, { endpoints: SliceEndpoint[]; ports: SlicePort[] }>();
  for (const pod of byName(pods)) {
    const ip = pod.status?.podIP;
    if (!ip || isOver(pod)) continue;
    const ports = portsOf(service, pod);
    const id = JSON.stringify(ports);
    const group = groups.get(id) ?? { endpoints: [], ports };
    groups.set(id, group);
    group.endpoints.push(sliceEndpointOf(service, pod, ip));
  }
  const slices = [...groups.values()].flatMap(({ endpoints, ports }) =>
    chunks(endpoints, SLICE_MAX).map((part) => ({ endpoints: part, ports })),
  );
  // A Service without pods still has one slice, which says so.
  return slices.length > 0 ? slices : [{ endpoints: [] }];
}

/** What a hand-made Endpoints becomes: one slice for each subset. */
export function mirroredContents(endpoints: Endpoints): Pick<EndpointSlice, "endpoints" | "ports">[] {
  return (endpoints.subsets ?? []).map(({ addresses = [], notReadyAddresses = [], ports = [] }) => ({
    endpoints: [
      ...addresses.map((address) => mirrored(address, true)),
      ...notReadyAddresses.map((address) => mirrored(address, false)),
    ].slice(0, 1_000),
    ports: ports.map((port) => ({ ...port })),
  }));
}

export function endpointsLabels(service: CoreService): Record<string, string> {
  const isHeadless = service.spec.clusterIP === "None";
  return {
    ...service.metadata.labels,
    [ENDPOINTS_MANAGED_BY]: "endpoint-controller",
    ...(isHeadless ? { [HEADLESS]: "" } : {}),
  };
}

export function sliceLabels(service: CoreService): Record<string, string> {
  const isHeadless = service.spec.clusterIP === "None";
  return {
    ...service.metadata.labels,
    [MANAGED_BY]: SLICE_CONTROLLER,
    [SERVICE_NAME]: service.metadata.name ?? "",
    ...(isHeadless ? { [HEADLESS]: "" } : {}),
  };
}

/** When the change came about that these endpoints show: the newest of readiness and the Service's birth. */
export function triggerTime(service: CoreService, pods: readonly Pod[]): string {
  const times = pods.flatMap((pod) =>
    (pod.status?.conditions ?? [])
      .filter(({ type, status }) => type === "Ready" && status === "True")
      .map(({ lastTransitionTime = "" }) => lastTransitionTime),
  );
  return [service.metadata.creationTimestamp ?? "", ...times].sort().at(-1) ?? "";
}

function portsOf(service: CoreService, pod: Pod): EndpointPort[] {
  return (service.spec.ports ?? []).flatMap((servicePort) => {
    const port = targetPort(servicePort, pod);
    if (port === undefined) return [];
    const { name, appProtocol, protocol = "TCP" } = servicePort;
    return [{ ...(name ? { name } : {}), port, protocol, ...(appProtocol ? { appProtocol } : {}) }];
  });
}

function targetPort({ targetPort, port, protocol = "TCP" }: ServicePort, pod: Pod): number | undefined {
  if (targetPort === undefined || targetPort === 0 || targetPort === "") return port;
  if (typeof targetPort === "number") return targetPort;
  return pod.spec.containers
    .flatMap(({ ports = [] }) => ports)
    .find((one) => one.name === targetPort && (one.protocol ?? "TCP") === protocol)?.containerPort;
}

function addressOf(pod: Pod, ip: string): EndpointAddress {
  const { nodeName } = pod.spec;
  return { ip, ...(nodeName ? { nodeName } : {}), targetRef: refTo(pod) };
}

function sliceEndpointOf(service: CoreService, pod: Pod, ip: string): SliceEndpoint {
  const serving = isPodReady(pod);
  const terminating = isLeaving(pod);
  const ready = publishesAll(service) || (serving && !terminating);
  const { nodeName } = pod.spec;
  return {
    addresses: [ip],
    conditions: { ready, serving, terminating },
    ...(nodeName ? { nodeName } : {}),
    targetRef: refTo(pod),
  };
}

function mirrored({ ip, hostname, nodeName, targetRef }: EndpointAddress, ready: boolean): SliceEndpoint {
  return {
    addresses: [ip],
    conditions: { ready },
    ...(hostname ? { hostname } : {}),
    ...(nodeName ? { nodeName } : {}),
    ...(targetRef ? { targetRef } : {}),
  };
}

function refTo({ metadata }: Pod) {
  const { name = "", namespace = "", uid = "" } = metadata;
  return { kind: "Pod", name, namespace, uid };
}

function isLeaving({ metadata }: Pod): boolean {
  return metadata.deletionTimestamp !== undefined;
}

function publishesAll({ spec }: CoreService): boolean {
  return spec.publishNotReadyAddresses === true;
}

function byName(pods: readonly Pod[]): Pod[] {
  return [...pods].sort((a, b) => ((a.metadata.name ?? "") < (b.metadata.name ?? "") ? -1 : 1));
}

function withoutEmpty({ addresses, notReadyAddresses, ports }: Required<EndpointSubset>): EndpointSubset {
  return {
    ...(addresses.length > 0 ? { addresses } : {}),
    ...(notReadyAddresses.length > 0 ? { notReadyAddresses } : {}),
    ...(ports.length > 0 ? { ports } : {}),
  };
}

function chunks<T>(items: readonly T[], size: number): T[][] {
  const count = Math.ceil(items.length / size);
  return Array.from({ length: count }, (_, index) => items.slice(index * size, (index + 1) * size));
}
