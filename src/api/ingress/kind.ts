/** Knative's Ingress: what a gateway must carry out (spec, §6.1). */
import { type DuckStatus, duckStatusFields } from "../duck-status.ts";
import type { Kind } from "../kind.ts";
import { READY_REASON, READY_STATUS, type Resource, resource } from "../resource.ts";
import { array, boolean, integer, intOrString, map, object, type Schema, string } from "../schema.ts";

export interface IngressSplit {
  serviceName: string;
  serviceNamespace: string;
  servicePort: number | string;
  percent?: number;
  appendHeaders?: Record<string, string>;
}

export interface IngressPath {
  path?: string;
  /** Header name → value that a request must carry. */
  headers?: Record<string, { exact: string }>;
  rewriteHost?: string;
  splits: IngressSplit[];
  appendHeaders?: Record<string, string>;
}

export interface IngressRule {
  hosts?: string[];
  visibility?: "ExternalIP" | "ClusterLocal";
  http?: { paths: IngressPath[] };
}

export interface IngressTls {
  hosts?: string[];
  secretName?: string;
  secretNamespace?: string;
}

export interface IngressSpec {
  rules?: IngressRule[];
  tls?: IngressTls[];
  httpOption?: "Enabled" | "Redirected";
}

export interface LoadBalancerStatus {
  ingress?: { ip?: string; domain?: string; domainInternal?: string; meshOnly?: boolean }[];
}

export interface IngressStatus extends DuckStatus {
  publicLoadBalancer?: LoadBalancerStatus;
  privateLoadBalancer?: LoadBalancerStatus;
}

export type Ingress = Resource<IngressSpec, IngressStatus>;

const splitSchema = object(
  { serviceName: string(), serviceNamespace: string(), servicePort: intOrString() },
  { percent: integer(), appendHeaders: map(string()) },
);

const pathSchema = object(
  { splits: array(splitSchema) },
  {
    path: string(),
    headers: map(object({ exact: string() }, {})),
    rewriteHost: string(),
    appendHeaders: map(string()),
  },
);

const specSchema = object(
  {},
  {
    rules: array(
      object(
        {},
        { hosts: array(string()), visibility: string(), http: object({ paths: array(pathSchema) }, {}) },
      ),
    ),
    tls: array(object({}, { hosts: array(string()), secretName: string(), secretNamespace: string() })),
    httpOption: string(),
  },
) as Schema as Schema<IngressSpec>;

const loadBalancerSchema: Schema<LoadBalancerStatus> = object(
  {},
  {
    ingress: array(
      object({}, { ip: string(), domain: string(), domainInternal: string(), meshOnly: boolean() }),
    ),
  },
);

export const IngressKind: Kind<Ingress> = {
  group: "networking.internal.knative.dev",
  version: "v1alpha1",
  kind: "Ingress",
  plural: "ingresses",
  singular: "ingress",
  shortNames: ["kingress", "king"],
  categories: ["knative-internal", "networking"],
  namespaced: true,
  custom: true,
  statusSubresource: true,
  schema: resource<IngressSpec, IngressStatus>(
    specSchema,
    object(
      {},
      {
        ...duckStatusFields,
        publicLoadBalancer: loadBalancerSchema,
        privateLoadBalancer: loadBalancerSchema,
      },
    ),
  ),
  columns: [
    { name: "Ready", type: "string", value: READY_STATUS },
    { name: "Reason", type: "string", value: READY_REASON },
  ],
};
