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
  described,
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
      description: "What runs in the pod.",
    }),
  },
  {
    initContainers: described(
      array(containerSchema, { listType: "map", listKeys: ["name"] }),
      "What runs first, one after the other, each to its end.",
    ),
    ephemeralContainers: described(
      array(ephemeralContainerSchema, { listType: "map", listKeys: ["name"] }),
      "What was put into the running pod to look at it.",
    ),
    volumes: described(
      array(volumeSchema, { listType: "map", listKeys: ["name"] }),
      "Files and folders that containers can mount.",
    ),
    serviceAccountName: described(string(), "Account in whose name its processes use the API."),
    serviceAccount: described(string(), "The older name of serviceAccountName."),
    automountServiceAccountToken: described(
      boolean(),
      "Whether the account's token is mounted into each container.",
    ),
    imagePullSecrets: described(
      array(localReferenceSchema, { listType: "map", listKeys: ["name"] }),
      "Secrets with which images are fetched.",
    ),
    enableServiceLinks: described(boolean(), "Whether the namespace's Services are told in the environment."),
    restartPolicy: described(
      choice(["Always", "Never", "OnFailure"]),
      "Whether containers that ended are started anew.",
    ),
    terminationGracePeriodSeconds: described(int64, "Seconds from the signal to end to the kill."),
    activeDeadlineSeconds: described(int64, "Seconds after which the pod is failed."),
    dnsPolicy: described(
      choice(["ClusterFirst", "ClusterFirstWithHostNet", "Default", "None"]),
      "Where its names are resolved.",
    ),
    dnsConfig: described(dnsConfigSchema, "Name servers and options besides those of dnsPolicy."),
    nodeSelector: described(map(string(), { mapType: "atomic" }), "Labels that its node has to have."),
    nodeName: described(string(), "The node that it was given to."),
    hostNetwork: described(boolean(), "Whether it uses the node's own network."),
    hostPID: described(boolean(), "Whether it sees the node's processes."),
    hostIPC: described(boolean(), "Whether it shares the node's memory segments."),
    hostUsers: boolean(),
    hostname: described(string(), "Its name on the network."),
    subdomain: described(string(), "Name of the Service below which its own name is found."),
    hostnameOverride: string(),
    setHostnameAsFQDN: boolean(),
    shareProcessNamespace: described(boolean(), "Whether containers see each other's processes."),
    securityContext: described(
      podSecurityContextSchema,
      "As whom its containers run unless they say otherwise.",
    ),
    affinity: described(affinitySchema, "Which nodes, and which pods near it, are wanted."),
    schedulerName: described(string(), "Who gives it a node."),
    tolerations: described(
      array(tolerationSchema, { listType: "atomic" }),
      "Taints of nodes that it puts up with.",
    ),
    hostAliases: described(
      array(hostAliasSchema, { listType: "map", listKeys: ["ip"] }),
      "Lines of its hosts file.",
    ),
    priorityClassName: described(string(), "How important it is, by name."),
    priority: described(int32, "How important it is, as a number."),
    preemptionPolicy: described(
      choice(["Never", "PreemptLowerPriority"]),
      "Whether less important pods make room for it.",
    ),
    overhead: described(quantityMapSchema, "What it costs besides its containers."),
    readinessGates: described(
      array(readinessGateSchema, { listType: "atomic" }),
      "Conditions besides its containers that make it ready.",
    ),
    runtimeClassName: described(string(), "How its containers are run."),
    topologySpreadConstraints: described(
      array(topologySpreadSchema, {
        listType: "map",
        listKeys: ["topologyKey", "whenUnsatisfiable"],
      }),
      "How it is spread over nodes with others of its kind.",
    ),
    os: podOsSchema,
    schedulingGates: array(schedulingGateSchema, {
      listType: "map",
      listKeys: ["name"],
    }),
    resourceClaims: array(podResourceClaimSchema, { listType: "map", listKeys: ["name"] }),
    resources: described(resourcesSchema, "Processor and memory of all its containers together."),
  },
  { openApi: { type: "core.v1.PodSpec" } },
);

export const podTemplateSchema = object(
  {},
  { metadata: objectMetaSchema, spec: podSpecSchema },
  { openApi: { type: "core.v1.PodTemplateSpec" } },
) as Schema as Schema<PodTemplate>;
