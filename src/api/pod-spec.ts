/** A pod's spec as Kubernetes knows it: the types, and the schema used by pods, replica sets and deployments. */
import {
  appArmorProfileSchema,
  type Container,
  containerSchema,
  ephemeralContainerSchema,
  fieldRefSchema,
  PULL_POLICIES,
  quantityMapSchema,
  type ResourceList,
  resourceFieldRefSchema,
  resourcesSchema,
  seccompProfileSchema,
  seLinuxOptionsSchema,
  windowsOptionsSchema,
} from "./container.ts";
import { type ObjectMeta, objectMetaSchema } from "./object.ts";
import { claimTemplateSchema } from "./persistent-volume-claim/spec.ts";
import {
  affinitySchema,
  dnsConfigSchema,
  hostAliasSchema,
  podOsSchema,
  podResourceClaimSchema,
  readinessGateSchema,
  schedulingGateSchema,
  tolerationSchema,
  topologySpreadSchema,
} from "./scheduling.ts";
import {
  array,
  boolean,
  choice,
  integer,
  intOrString,
  map,
  named,
  object,
  type Schema,
  string,
} from "./schema.ts";
import { csiSchema, podCertificateSchema, rareVolumeSources, trustBundleSchema } from "./volume-sources.ts";

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

const keyToPathSchema: Schema<KeyToPath> = object(
  { key: string(), path: string() },
  { mode: int32 },
  { openApi: { type: "core.v1.KeyToPath" } },
);
const items = array(keyToPathSchema, { listType: "atomic" });

const downwardItems: Schema<DownwardApiItem[]> = array(
  object(
    { path: string() },
    {
      fieldRef: fieldRefSchema,
      resourceFieldRef: resourceFieldRefSchema,
      mode: int32,
    },
    { openApi: { type: "core.v1.DownwardAPIVolumeFile" } },
  ),
  { listType: "atomic" },
);

const projectedObjectSchema = object({}, { name: string(), items, optional: boolean() });

const projectedSourceSchema: Schema<ProjectedSource> = object(
  {},
  {
    secret: named("core.v1.SecretProjection", projectedObjectSchema),
    configMap: named("core.v1.ConfigMapProjection", projectedObjectSchema),
    downwardAPI: named("core.v1.DownwardAPIProjection", object({}, { items: downwardItems })),
    serviceAccountToken: object(
      { path: string() },
      { audience: string(), expirationSeconds: int64 },
      { openApi: { type: "core.v1.ServiceAccountTokenProjection" } },
    ),
    clusterTrustBundle: trustBundleSchema,
    podCertificate: podCertificateSchema,
  },
  { openApi: { type: "core.v1.VolumeProjection" } },
);

export const HOST_PATH_TYPES = [
  "",
  "BlockDevice",
  "CharDevice",
  "Directory",
  "DirectoryOrCreate",
  "File",
  "FileOrCreate",
  "Socket",
];

const volumeSchema: Schema<Volume> = object(
  { name: string() },
  {
    secret: object(
      {},
      { secretName: string(), items, defaultMode: int32, optional: boolean() },
      { openApi: { type: "core.v1.SecretVolumeSource" } },
    ),
    configMap: object(
      {},
      { name: string(), items, defaultMode: int32, optional: boolean() },
      { openApi: { type: "core.v1.ConfigMapVolumeSource" } },
    ),
    emptyDir: object(
      {},
      { medium: string(), sizeLimit: intOrString({ format: "quantity" }) },
      { openApi: { type: "core.v1.EmptyDirVolumeSource" } },
    ),
    projected: object(
      {},
      { sources: array(projectedSourceSchema, { listType: "atomic" }), defaultMode: int32 },
      { openApi: { type: "core.v1.ProjectedVolumeSource" } },
    ),
    downwardAPI: object(
      {},
      { items: downwardItems, defaultMode: int32 },
      { openApi: { type: "core.v1.DownwardAPIVolumeSource" } },
    ),
    persistentVolumeClaim: object(
      { claimName: string() },
      { readOnly: boolean() },
      { openApi: { type: "core.v1.PersistentVolumeClaimVolumeSource" } },
    ),
    hostPath: object(
      { path: string() },
      { type: choice(HOST_PATH_TYPES) },
      { openApi: { type: "core.v1.HostPathVolumeSource" } },
    ),
    csi: csiSchema,
    ephemeral: object(
      {},
      { volumeClaimTemplate: claimTemplateSchema },
      { openApi: { type: "core.v1.EphemeralVolumeSource" } },
    ),
    image: object(
      {},
      { reference: string(), pullPolicy: choice(PULL_POLICIES) },
      { openApi: { type: "core.v1.ImageVolumeSource" } },
    ),
    ...rareVolumeSources,
  },
  { openApi: { type: "core.v1.Volume" } },
);

const sysctlSchema = named("core.v1.Sysctl", object({ name: string(), value: string() }, {}));

const podSecurityContextSchema: Schema<PodSecurityContext> = object(
  {},
  {
    runAsUser: int64,
    runAsGroup: int64,
    runAsNonRoot: boolean(),
    fsGroup: int64,
    fsGroupChangePolicy: choice(["Always", "OnRootMismatch"]),
    supplementalGroups: array(int64, { listType: "atomic" }),
    seccompProfile: seccompProfileSchema,
    sysctls: array(sysctlSchema, { listType: "atomic" }),
    seLinuxOptions: seLinuxOptionsSchema,
    windowsOptions: windowsOptionsSchema,
    appArmorProfile: appArmorProfileSchema,
    seLinuxChangePolicy: string(),
    supplementalGroupsPolicy: choice(["Merge", "Strict"]),
  },
  { openApi: { type: "core.v1.PodSecurityContext" } },
);

export const localReferenceSchema = named("core.v1.LocalObjectReference", object({}, { name: string() }));

export const podSpecSchema: Schema<PodSpec> = object(
  {
    containers: array(containerSchema, {
      listType: "map",
      listKeys: ["name"],
      alwaysWritten: true,
    }),
  },
  {
    initContainers: array(containerSchema, { listType: "map", listKeys: ["name"] }),
    ephemeralContainers: array(ephemeralContainerSchema, { listType: "map", listKeys: ["name"] }),
    volumes: array(volumeSchema, { listType: "map", listKeys: ["name"] }),
    serviceAccountName: string(),
    serviceAccount: string(),
    automountServiceAccountToken: boolean(),
    imagePullSecrets: array(localReferenceSchema, { listType: "map", listKeys: ["name"] }),
    enableServiceLinks: boolean(),
    restartPolicy: choice(["Always", "Never", "OnFailure"]),
    terminationGracePeriodSeconds: int64,
    activeDeadlineSeconds: int64,
    dnsPolicy: choice(["ClusterFirst", "ClusterFirstWithHostNet", "Default", "None"]),
    dnsConfig: dnsConfigSchema,
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
    affinity: affinitySchema,
    schedulerName: string(),
    tolerations: array(tolerationSchema, { listType: "atomic" }),
    hostAliases: array(hostAliasSchema, { listType: "map", listKeys: ["ip"] }),
    priorityClassName: string(),
    priority: int32,
    preemptionPolicy: choice(["Never", "PreemptLowerPriority"]),
    overhead: quantityMapSchema,
    readinessGates: array(readinessGateSchema, { listType: "atomic" }),
    runtimeClassName: string(),
    topologySpreadConstraints: array(topologySpreadSchema, {
      listType: "map",
      listKeys: ["topologyKey", "whenUnsatisfiable"],
    }),
    os: podOsSchema,
    schedulingGates: array(schedulingGateSchema, {
      listType: "map",
      listKeys: ["name"],
    }),
    resourceClaims: array(podResourceClaimSchema, { listType: "map", listKeys: ["name"] }),
    resources: resourcesSchema,
  },
  { openApi: { type: "core.v1.PodSpec" } },
);

export const podTemplateSchema = object(
  {},
  { metadata: objectMetaSchema, spec: podSpecSchema },
  { openApi: { type: "core.v1.PodTemplateSpec" } },
) as Schema as Schema<PodTemplate>;
