import { AGE_COLUMN } from "../age.ts";
import { quantityMapSchema, resourcesSchema } from "../container.ts";
import type { Kind } from "../kind.ts";
import { podSpecSchema } from "../pod-spec.ts";
import { resource } from "../resource.ts";
import {
  allocatedStatusSchema,
  claimStatusSchema,
  containerUserSchema,
  extendedClaimStatusSchema,
  mountStatusSchema,
} from "../scheduling.ts";
import { array, boolean, choice, integer, named, object, type Schema, string } from "../schema.ts";
import { podPhaseText, readyCount, restartsText } from "./columns.ts";
import type { Pod, PodStatus } from "./pod.ts";

export type {
  ContainerState,
  ContainerStateTerminated,
  ContainerStatus,
  Pod,
  PodCondition,
  PodStatus,
} from "./pod.ts";

const time = string({ format: "date-time" });

const stateSchema = object(
  {},
  {
    waiting: named("core.v1.ContainerStateWaiting", object({}, { reason: string(), message: string() })),
    running: named("core.v1.ContainerStateRunning", object({}, { startedAt: time })),
    terminated: object(
      { exitCode: integer({ format: "int32" }) },
      {
        signal: integer({ format: "int32" }),
        reason: string(),
        message: string(),
        startedAt: time,
        finishedAt: time,
        containerID: string(),
      },
      { openApi: { type: "core.v1.ContainerStateTerminated" } },
    ),
  },
  { openApi: { type: "core.v1.ContainerState" } },
);

const containerStatuses = array(
  object(
    {
      name: string(),
      ready: boolean(),
      restartCount: integer({ format: "int32" }),
      image: string(),
      imageID: string(),
    },
    {
      state: stateSchema,
      lastState: stateSchema,
      containerID: string(),
      started: boolean(),
      allocatedResources: quantityMapSchema,
      allocatedResourcesStatus: array(allocatedStatusSchema, { listType: "map", listKeys: ["name"] }),
      resources: resourcesSchema,
      stopSignal: string(),
      volumeMounts: array(mountStatusSchema, { listType: "map", listKeys: ["mountPath"] }),
      user: containerUserSchema,
    },
    { openApi: { type: "core.v1.ContainerStatus" } },
  ),
  { listType: "atomic" },
);

const ipsOf = (type: string) =>
  array(named(type, object({ ip: string() }, {})), { listType: "map", listKeys: ["ip"] });

const statusSchema = object(
  {},
  {
    observedGeneration: integer({ format: "int64" }),
    phase: choice(["Failed", "Pending", "Running", "Succeeded", "Unknown"]),
    conditions: array(
      object(
        { type: string(), status: string() },
        {
          observedGeneration: integer({ format: "int64" }),
          lastProbeTime: string({ format: "date-time", nullable: true }),
          lastTransitionTime: time,
          reason: string(),
          message: string(),
        },
        { openApi: { type: "core.v1.PodCondition" } },
      ),
      { listType: "map", listKeys: ["type"] },
    ),
    message: string(),
    reason: string(),
    nominatedNodeName: string(),
    hostIP: string(),
    hostIPs: ipsOf("core.v1.HostIP"),
    podIP: string(),
    podIPs: ipsOf("core.v1.PodIP"),
    startTime: time,
    initContainerStatuses: containerStatuses,
    containerStatuses,
    ephemeralContainerStatuses: containerStatuses,
    qosClass: choice(["BestEffort", "Burstable", "Guaranteed"]),
    resize: string(),
    resourceClaimStatuses: array(claimStatusSchema, { listType: "map", listKeys: ["name"] }),
    extendedResourceClaimStatus: extendedClaimStatusSchema,
  },
) as Schema as Schema<PodStatus>;

export const PodKind: Kind<Pod> = {
  group: "",
  version: "v1",
  kind: "Pod",
  plural: "pods",
  singular: "pod",
  shortNames: ["po"],
  categories: ["all"],
  namespaced: true,
  custom: false,
  statusSubresource: true,
  schema: resource(podSpecSchema, statusSchema),
  columns: [
    { name: "Ready", type: "string", value: readyCount },
    { name: "Status", type: "string", value: podPhaseText },
    { name: "Restarts", type: "string", value: restartsText },
    AGE_COLUMN,
    { name: "IP", type: "string", priority: 1, value: (pod: Pod) => pod.status?.podIP ?? "<none>" },
    { name: "Node", type: "string", priority: 1, value: (pod: Pod) => pod.spec.nodeName ?? "<none>" },
    {
      name: "Nominated Node",
      type: "string",
      priority: 1,
      value: (pod: Pod) => pod.status?.nominatedNodeName ?? "<none>",
    },
    { name: "Readiness Gates", type: "string", priority: 1, value: readinessGatesText },
  ],
};

function readinessGatesText(pod: Pod): string {
  const gates = pod.spec.readinessGates ?? [];
  if (gates.length === 0) return "<none>";
  const types = gates.map((gate) => (gate as { conditionType?: string }).conditionType ?? "");
  const met = types.filter((type) =>
    pod.status?.conditions?.some((one) => one.type === type && one.status === "True"),
  );
  return `${met.length}/${types.length}`;
}
