import { AGE_COLUMN } from "../age.ts";
import { PROTOCOLS } from "../container.ts";
import type { Kind } from "../kind.ts";
import { metaConditionSchema } from "../object.ts";
import { type Resource, resource } from "../resource.ts";
import { array, boolean, choice, integer, intOrString, map, object, type Schema, string } from "../schema.ts";

export interface ServicePort {
  name?: string;
  protocol?: string;
  appProtocol?: string;
  port: number;
  targetPort?: number | string;
  nodePort?: number;
}

export interface CoreServiceSpec {
  ports?: ServicePort[];
  selector?: Record<string, string>;
  clusterIP?: string;
  clusterIPs?: string[];
  type?: "ClusterIP" | "NodePort" | "LoadBalancer" | "ExternalName";
  externalIPs?: string[];
  externalName?: string;
  sessionAffinity?: string;
  sessionAffinityConfig?: unknown;
  loadBalancerIP?: string;
  loadBalancerClass?: string;
  loadBalancerSourceRanges?: string[];
  externalTrafficPolicy?: string;
  internalTrafficPolicy?: string;
  healthCheckNodePort?: number;
  publishNotReadyAddresses?: boolean;
  ipFamilies?: string[];
  ipFamilyPolicy?: string;
  allocateLoadBalancerNodePorts?: boolean;
  trafficDistribution?: string;
}

export interface CoreServiceStatus {
  loadBalancer?: { ingress?: { ip?: string; hostname?: string }[] };
  conditions?: unknown[];
}

/** Kubernetes' own Service; Knative's is `Service` in src/api/service. */
export type CoreService = Resource<CoreServiceSpec, CoreServiceStatus>;

const strings = array(string(), { listType: "atomic" });

const specSchema = object(
  {},
  {
    ports: array(
      object(
        { port: integer({ format: "int32" }) },
        {
          name: string(),
          protocol: choice(PROTOCOLS, { default: "TCP" }),
          appProtocol: string(),
          targetPort: intOrString(),
          nodePort: integer({ format: "int32" }),
        },
        { openApi: { type: "core.v1.ServicePort" } },
      ),
      { listType: "map", listKeys: ["port", "protocol"] },
    ),
    selector: map(string(), { mapType: "atomic" }),
    clusterIP: string(),
    clusterIPs: strings,
    type: choice(["ClusterIP", "ExternalName", "LoadBalancer", "NodePort"]),
    externalIPs: strings,
    externalName: string(),
    sessionAffinity: choice(["ClientIP", "None"]),
    sessionAffinityConfig: object(
      {},
      {
        clientIP: object(
          {},
          { timeoutSeconds: integer({ format: "int32" }) },
          { openApi: { type: "core.v1.ClientIPConfig" } },
        ),
      },
      { openApi: { type: "core.v1.SessionAffinityConfig" } },
    ),
    loadBalancerIP: string(),
    loadBalancerClass: string(),
    loadBalancerSourceRanges: strings,
    externalTrafficPolicy: choice(["Cluster", "Local"]),
    internalTrafficPolicy: choice(["Cluster", "Local"]),
    healthCheckNodePort: integer({ format: "int32" }),
    publishNotReadyAddresses: boolean(),
    ipFamilies: strings,
    ipFamilyPolicy: choice(["PreferDualStack", "RequireDualStack", "SingleStack"]),
    allocateLoadBalancerNodePorts: boolean(),
    trafficDistribution: string(),
  },
) as Schema as Schema<CoreServiceSpec>;

const statusSchema: Schema<CoreServiceStatus> = object(
  {},
  {
    loadBalancer: object(
      {},
      {
        ingress: array(
          object(
            {},
            {
              ip: string(),
              hostname: string(),
              ipMode: string(),
              ports: array(
                object(
                  { port: integer({ format: "int32" }), protocol: string() },
                  { error: string() },
                  { openApi: { type: "core.v1.PortStatus" } },
                ),
                { listType: "atomic" },
              ),
            },
            { openApi: { type: "core.v1.LoadBalancerIngress" } },
          ),
          { listType: "atomic" },
        ),
      },
      { openApi: { type: "core.v1.LoadBalancerStatus" } },
    ),
    conditions: array(metaConditionSchema, { listType: "map", listKeys: ["type"] }),
  },
);

export const CoreServiceKind: Kind<CoreService> = {
  group: "",
  version: "v1",
  kind: "Service",
  plural: "services",
  singular: "service",
  shortNames: ["svc"],
  categories: ["all"],
  namespaced: true,
  custom: false,
  statusSubresource: true,
  schema: resource(specSchema, statusSchema),
  columns: [
    { name: "Type", type: "string", value: (one: CoreService) => one.spec.type ?? "ClusterIP" },
    { name: "Cluster-IP", type: "string", value: clusterIpText },
    { name: "External-IP", type: "string", value: externalIpText },
    { name: "Port(s)", type: "string", value: portsText },
    AGE_COLUMN,
    { name: "Selector", type: "string", priority: 1, value: selectorText },
  ],
};

function clusterIpText(service: CoreService): string {
  return service.spec.clusterIPs?.[0] || service.spec.clusterIP || "<none>";
}

function externalIpText(service: CoreService): string {
  const own = service.spec.externalIPs ?? [];
  switch (service.spec.type) {
    case "ExternalName":
      return service.spec.externalName ?? "<none>";
    case "LoadBalancer": {
      const given = (service.status?.loadBalancer?.ingress ?? []).map((one) => one.ip || one.hostname || "");
      return [...given, ...own].filter((one) => one !== "").join(",") || "<pending>";
    }
    default:
      return own.join(",") || "<none>";
  }
}

function portsText(service: CoreService): string {
  const ports = service.spec.ports ?? [];
  if (ports.length === 0) return "<none>";
  return ports
    .map((one) => {
      const node = one.nodePort ? `:${one.nodePort}` : "";
      return `${one.port}${node}/${one.protocol ?? "TCP"}`;
    })
    .join(",");
}

function selectorText(service: CoreService): string {
  const pairs = Object.entries(service.spec.selector ?? {}).map(([key, value]) => `${key}=${value}`);
  return pairs.length === 0 ? "<none>" : pairs.sort().join(",");
}
