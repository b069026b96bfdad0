/** A pod's spec as Kubernetes knows it: the types, and the schema used by pods, replica sets and deployments. */
import { type Container, containerSchema, quantityMapSchema, type ResourceList } from "./container.ts";
import type { ObjectMeta } from "./object.ts";
import { objectMetaSchema } from "./object.ts";
import { any, array, boolean, integer, intOrString, map, object, type Schema, string } from "./schema.ts";

export interface KeyToPath {
  key: string;
  path: string;
  mode?: number;
}

export interface SecretVolumeSource {
  secretName?: string;
  items?: KeyToPath[];
  defaultMode?: number;
  optional?: boolean;
}

export interface ConfigMapVolumeSource {
  name?: string;
  items?: KeyToPath[];
  defaultMode?: number;
  optional?: boolean;
}

export interface DownwardApiItem {
  path: string;
  fieldRef?: { apiVersion?: string; fieldPath: string };
  resourceFieldRef?: { containerName?: string; resource: string; divisor?: string | number };
  mode?: number;
}

export interface ProjectedSource {
  secret?: { name?: string; items?: KeyToPath[]; optional?: boolean };
  configMap?: { name?: string; items?: KeyToPath[]; optional?: boolean };
  downwardAPI?: { items?: DownwardApiItem[] };
  serviceAccountToken?: { audience?: string; expirationSeconds?: number; path: string };
  clusterTrustBundle?: unknown;
  podCertificate?: unknown;
}

export interface Volume {
  name: string;
  secret?: SecretVolumeSource;
  configMap?: ConfigMapVolumeSource;
  emptyDir?: { medium?: string; sizeLimit?: number | string };
  projected?: { sources?: ProjectedSource[]; defaultMode?: number };
  downwardAPI?: { items?: DownwardApiItem[]; defaultMode?: number };
  persistentVolumeClaim?: { claimName: string; readOnly?: boolean };
  hostPath?: { path: string; type?: string };
  csi?: { driver: string; readOnly?: boolean; volumeAttributes?: Record<string, string> };
  ephemeral?: { volumeClaimTemplate?: unknown };
  image?: { reference?: string; pullPolicy?: string };
}

export interface PodSecurityContext {
  runAsUser?: number;
  runAsGroup?: number;
  runAsNonRoot?: boolean;
  fsGroup?: number;
  fsGroupChangePolicy?: string;
  supplementalGroups?: number[];
  seccompProfile?: { type: string; localhostProfile?: string };
  sysctls?: unknown[];
  seLinuxOptions?: unknown;
  windowsOptions?: unknown;
}

export interface PodSpec {
  containers: Container[];
  initContainers?: Container[];
  ephemeralContainers?: unknown[];
  volumes?: Volume[];
  serviceAccountName?: string;
  /** Kubernetes' old name, kept equal to serviceAccountName. */
  serviceAccount?: string;
  automountServiceAccountToken?: boolean;
  imagePullSecrets?: { name?: string }[];
  enableServiceLinks?: boolean;
  restartPolicy?: string;
  terminationGracePeriodSeconds?: number;
  activeDeadlineSeconds?: number;
  dnsPolicy?: string;
  dnsConfig?: unknown;
  nodeSelector?: Record<string, string>;
  nodeName?: string;
  hostNetwork?: boolean;
  hostPID?: boolean;
  hostIPC?: boolean;
  hostUsers?: boolean;
  hostname?: string;
  subdomain?: string;
  hostnameOverride?: string;
  setHostnameAsFQDN?: boolean;
  shareProcessNamespace?: boolean;
  securityContext?: PodSecurityContext;
  affinity?: unknown;
  schedulerName?: string;
  tolerations?: unknown[];
  hostAliases?: unknown[];
  priorityClassName?: string;
  priority?: number;
  preemptionPolicy?: string;
  overhead?: ResourceList;
  readinessGates?: unknown[];
  runtimeClassName?: string;
  topologySpreadConstraints?: unknown[];
  os?: unknown;
  schedulingGates?: unknown[];
  resourceClaims?: unknown[];
  resources?: unknown;
}

export interface PodTemplate {
  metadata?: ObjectMeta;
  spec: PodSpec;
}

const int32 = integer({ format: "int32" });
const int64 = integer({ format: "int64" });

const keyToPathSchema: Schema<KeyToPath> = object({ key: string(), path: string() }, { mode: int32 });
const items = array(keyToPathSchema, { listType: "atomic" });

const downwardItems: Schema<DownwardApiItem[]> = array(
  object(
    { path: string() },
    {
      fieldRef: object({ fieldPath: string() }, { apiVersion: string() }),
      resourceFieldRef: object(
        { resource: string() },
        { containerName: string(), divisor: intOrString({ format: "quantity" }) },
      ),
      mode: int32,
    },
  ),
  { listType: "atomic" },
);

const projectedSourceSchema: Schema<ProjectedSource> = object(
  {},
  {
    secret: object({}, { name: string(), items, optional: boolean() }),
    configMap: object({}, { name: string(), items, optional: boolean() }),
    downwardAPI: object({}, { items: downwardItems }),
    serviceAccountToken: object({ path: string() }, { audience: string(), expirationSeconds: int64 }),
    clusterTrustBundle: any(),
    podCertificate: any(),
  },
);

export const volumeSchema: Schema<Volume> = object(
  { name: string() },
  {
    secret: object({}, { secretName: string(), items, defaultMode: int32, optional: boolean() }),
    configMap: object({}, { name: string(), items, defaultMode: int32, optional: boolean() }),
    emptyDir: object({}, { medium: string(), sizeLimit: intOrString({ format: "quantity" }) }),
    projected: object(
      {},
      { sources: array(projectedSourceSchema, { listType: "atomic" }), defaultMode: int32 },
    ),
    downwardAPI: object({}, { items: downwardItems, defaultMode: int32 }),
    persistentVolumeClaim: object({ claimName: string() }, { readOnly: boolean() }),
    hostPath: object({ path: string() }, { type: string() }),
    csi: object(
      { driver: string() },
      { readOnly: boolean(), volumeAttributes: map(string()) },
      { preserveUnknown: true },
    ),
    ephemeral: object({}, { volumeClaimTemplate: any() }),
    image: object({}, { reference: string(), pullPolicy: string() }),
  },
);

const podSecurityContextSchema: Schema<PodSecurityContext> = object(
  {},
  {
    runAsUser: int64,
    runAsGroup: int64,
    runAsNonRoot: boolean(),
    fsGroup: int64,
    fsGroupChangePolicy: string(),
    supplementalGroups: array(int64, { listType: "atomic" }),
    seccompProfile: object({ type: string() }, { localhostProfile: string() }),
    sysctls: array(any(), { listType: "atomic" }),
    seLinuxOptions: any(),
    windowsOptions: any(),
  },
);

/** As Go's struct has them. */
const POD_SPEC_ORDER = [
  "volumes",
  "initContainers",
  "containers",
  "ephemeralContainers",
  "restartPolicy",
  "terminationGracePeriodSeconds",
  "activeDeadlineSeconds",
  "dnsPolicy",
  "nodeSelector",
  "serviceAccountName",
  "serviceAccount",
  "automountServiceAccountToken",
  "nodeName",
  "hostNetwork",
  "hostPID",
  "hostIPC",
  "shareProcessNamespace",
  "securityContext",
  "imagePullSecrets",
  "hostname",
  "subdomain",
  "affinity",
  "schedulerName",
  "tolerations",
  "hostAliases",
  "priorityClassName",
  "priority",
  "dnsConfig",
  "readinessGates",
  "runtimeClassName",
  "enableServiceLinks",
  "preemptionPolicy",
  "overhead",
  "topologySpreadConstraints",
  "setHostnameAsFQDN",
  "os",
  "hostUsers",
  "schedulingGates",
  "resourceClaims",
  "resources",
];

export const podSpecSchema: Schema<PodSpec> = object(
  { containers: array(containerSchema, { listType: "map", listKeys: ["name"], alwaysWritten: true }) },
  {
    initContainers: array(containerSchema, { listType: "map", listKeys: ["name"] }),
    ephemeralContainers: array(any(), { listType: "map", listKeys: ["name"] }),
    volumes: array(volumeSchema, { listType: "map", listKeys: ["name"] }),
    serviceAccountName: string(),
    serviceAccount: string(),
    automountServiceAccountToken: boolean(),
    imagePullSecrets: array(object({}, { name: string() }), { listType: "map", listKeys: ["name"] }),
    enableServiceLinks: boolean(),
    restartPolicy: string(),
    terminationGracePeriodSeconds: int64,
    activeDeadlineSeconds: int64,
    dnsPolicy: string(),
    dnsConfig: any(),
    nodeSelector: map(string(), { mapType: "atomic" }),
    nodeName: string(),
    hostNetwork: boolean(),
    hostPID: boolean(),
    hostIPC: boolean(),
    hostUsers: boolean(),
    hostname: string(),
    subdomain: string(),
    hostnameOverride: string(),
    setHostnameAsFQDN: boolean(),
    shareProcessNamespace: boolean(),
    securityContext: podSecurityContextSchema,
    affinity: any(),
    schedulerName: string(),
    tolerations: array(any(), { listType: "atomic" }),
    hostAliases: array(any(), { listType: "map", listKeys: ["ip"] }),
    priorityClassName: string(),
    priority: int32,
    preemptionPolicy: string(),
    overhead: quantityMapSchema,
    readinessGates: array(any(), { listType: "atomic" }),
    runtimeClassName: string(),
    topologySpreadConstraints: array(any(), {
      listType: "map",
      listKeys: ["topologyKey", "whenUnsatisfiable"],
    }),
    os: any(),
    schedulingGates: array(any(), { listType: "map", listKeys: ["name"] }),
    resourceClaims: array(any(), { listType: "map", listKeys: ["name"] }),
    resources: any(),
  },
  { order: POD_SPEC_ORDER },
);

export const podTemplateSchema = object(
  {},
  { metadata: objectMetaSchema, spec: podSpecSchema },
) as Schema as Schema<PodTemplate>;
