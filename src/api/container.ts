/**
 * Containers as Kubernetes knows them: types that everyone reads, and the schema of a pod's container.
 * What Knative lets a user write is narrower: src/api/revision-spec.ts.
 */
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

export interface KeyRef {
  name?: string;
  key: string;
  optional?: boolean;
}

export interface ObjectFieldRef {
  apiVersion?: string;
  fieldPath: string;
}

export interface ResourceFieldRef {
  containerName?: string;
  resource: string;
  divisor?: string | number;
}

export interface EnvVarSource {
  configMapKeyRef?: KeyRef;
  secretKeyRef?: KeyRef;
  fieldRef?: ObjectFieldRef;
  resourceFieldRef?: ResourceFieldRef;
}

export interface EnvVar {
  name: string;
  value?: string;
  valueFrom?: EnvVarSource;
}

export interface EnvFromSource {
  prefix?: string;
  configMapRef?: { name?: string; optional?: boolean };
  secretRef?: { name?: string; optional?: boolean };
}

export interface ContainerPort {
  name?: string;
  containerPort: number;
  protocol?: string;
  hostIP?: string;
  hostPort?: number;
}

export interface HttpGetAction {
  path?: string;
  port?: number | string;
  host?: string;
  scheme?: string;
  httpHeaders?: { name: string; value: string }[];
}

export interface TcpSocketAction {
  port?: number | string;
  host?: string;
}

/** What a probe or a lifecycle hook does. */
export interface Handler {
  httpGet?: HttpGetAction;
  tcpSocket?: TcpSocketAction;
  exec?: { command?: string[] };
  grpc?: { port?: number; service?: string };
}

export interface Probe extends Handler {
  initialDelaySeconds?: number;
  periodSeconds?: number;
  timeoutSeconds?: number;
  successThreshold?: number;
  failureThreshold?: number;
  terminationGracePeriodSeconds?: number;
}

export interface LifecycleHandler extends Handler {
  sleep?: { seconds: number };
}

export interface Lifecycle {
  preStop?: LifecycleHandler;
  postStart?: LifecycleHandler;
  stopSignal?: string;
}

/** Resource name → Kubernetes quantity. */
export type ResourceList = Record<string, number | string>;

export interface ResourceRequirements {
  requests?: ResourceList;
  limits?: ResourceList;
  claims?: { name: string; request?: string }[];
}

export interface SecurityContext {
  allowPrivilegeEscalation?: boolean;
  capabilities?: { add?: string[]; drop?: string[] };
  privileged?: boolean;
  procMount?: string;
  readOnlyRootFilesystem?: boolean;
  runAsGroup?: number;
  runAsNonRoot?: boolean;
  runAsUser?: number;
  seLinuxOptions?: unknown;
  seccompProfile?: SeccompProfile;
  appArmorProfile?: unknown;
  windowsOptions?: unknown;
}

export interface SeccompProfile {
  type: string;
  localhostProfile?: string;
}

export interface VolumeMount {
  name: string;
  mountPath: string;
  readOnly?: boolean;
  subPath?: string;
  subPathExpr?: string;
  mountPropagation?: string;
  recursiveReadOnly?: string;
}

export interface Container {
  name: string;
  image?: string;
  command?: string[];
  args?: string[];
  workingDir?: string;
  env?: EnvVar[];
  envFrom?: EnvFromSource[];
  ports?: ContainerPort[];
  resources?: ResourceRequirements;
  resizePolicy?: unknown[];
  restartPolicy?: string;
  volumeMounts?: VolumeMount[];
  volumeDevices?: unknown[];
  livenessProbe?: Probe;
  readinessProbe?: Probe;
  startupProbe?: Probe;
  lifecycle?: Lifecycle;
  terminationMessagePath?: string;
  terminationMessagePolicy?: string;
  imagePullPolicy?: string;
  securityContext?: SecurityContext;
  stdin?: boolean;
  stdinOnce?: boolean;
  tty?: boolean;
}

const int32 = integer({ format: "int32" });
const int64 = integer({ format: "int64" });
const strings = array(string(), { listType: "atomic" });

/** What a port speaks, and when an image is fetched. */
export const PROTOCOLS = ["SCTP", "TCP", "UDP"];
export const PULL_POLICIES = ["Always", "IfNotPresent", "Never"];

const keyRefSchema: Schema<KeyRef> = object(
  { key: string() },
  { name: string(), optional: boolean() },
  { mapType: "atomic" },
);
const objectReferenceSchema = object({}, { name: string(), optional: boolean() });

export const fieldRefSchema: Schema<ObjectFieldRef> = object(
  { fieldPath: string() },
  { apiVersion: string() },
  { mapType: "atomic", openApi: { type: "core.v1.ObjectFieldSelector" } },
);

export const resourceFieldRefSchema: Schema<ResourceFieldRef> = object(
  { resource: string() },
  { containerName: string(), divisor: intOrString({ format: "quantity" }) },
  { mapType: "atomic", openApi: { type: "core.v1.ResourceFieldSelector" } },
);

const envSchema: Schema<EnvVar> = object(
  { name: string() },
  {
    value: string(),
    valueFrom: object(
      {},
      {
        configMapKeyRef: named("core.v1.ConfigMapKeySelector", keyRefSchema),
        secretKeyRef: named("core.v1.SecretKeySelector", keyRefSchema),
        fieldRef: fieldRefSchema,
        resourceFieldRef: resourceFieldRefSchema,
        fileKeyRef: object(
          { key: string(), path: string(), volumeName: string() },
          { optional: boolean({ default: false }) },
          { mapType: "atomic", openApi: { type: "core.v1.FileKeySelector" } },
        ),
      },
      { openApi: { type: "core.v1.EnvVarSource" } },
    ),
  },
  { openApi: { type: "core.v1.EnvVar" } },
);

const envFromSchema: Schema<EnvFromSource> = object(
  {},
  {
    prefix: string(),
    configMapRef: named("core.v1.ConfigMapEnvSource", objectReferenceSchema),
    secretRef: named("core.v1.SecretEnvSource", objectReferenceSchema),
  },
  { openApi: { type: "core.v1.EnvFromSource" } },
);

const portSchema: Schema<ContainerPort> = object(
  { containerPort: int32 },
  {
    name: string(),
    protocol: choice(PROTOCOLS, { default: "TCP" }),
    hostIP: string(),
    hostPort: int32,
  },
  { openApi: { type: "core.v1.ContainerPort" } },
);

const handlerFields = {
  httpGet: object(
    {},
    {
      path: string(),
      port: intOrString(),
      host: string(),
      scheme: choice(["HTTP", "HTTPS"]),
      httpHeaders: array(named("core.v1.HTTPHeader", object({ name: string(), value: string() }, {})), {
        listType: "atomic",
      }),
    },
    { openApi: { type: "core.v1.HTTPGetAction", required: ["port"] } },
  ),
  tcpSocket: named("core.v1.TCPSocketAction", object({}, { port: intOrString(), host: string() }), ["port"]),
  exec: named("core.v1.ExecAction", object({}, { command: strings })),
};

const probeSchema: Schema<Probe> = object(
  {},
  {
    ...handlerFields,
    grpc: named("core.v1.GRPCAction", object({}, { port: int32, service: string() }), ["port"]),
    initialDelaySeconds: int32,
    periodSeconds: int32,
    timeoutSeconds: int32,
    successThreshold: int32,
    failureThreshold: int32,
    terminationGracePeriodSeconds: int64,
  },
  { openApi: { type: "core.v1.Probe" } },
);

const lifecycleHandlerSchema: Schema<LifecycleHandler> = object(
  {},
  { ...handlerFields, sleep: named("core.v1.SleepAction", object({ seconds: int64 }, {})) },
  { openApi: { type: "core.v1.LifecycleHandler" } },
);

export const quantityMapSchema: Schema<ResourceList> = map(intOrString({ format: "quantity" }));

export const resourcesSchema: Schema<ResourceRequirements> = object(
  {},
  {
    requests: quantityMapSchema,
    limits: quantityMapSchema,
    claims: array(named("core.v1.ResourceClaim", object({ name: string() }, { request: string() })), {
      listType: "map",
      listKeys: ["name"],
    }),
  },
  { openApi: { type: "core.v1.ResourceRequirements" } },
);

export const seLinuxOptionsSchema = named(
  "core.v1.SELinuxOptions",
  object({}, { level: string(), role: string(), type: string(), user: string() }),
);

export const windowsOptionsSchema = named(
  "core.v1.WindowsSecurityContextOptions",
  object(
    {},
    {
      gmsaCredentialSpec: string(),
      gmsaCredentialSpecName: string(),
      hostProcess: boolean(),
      runAsUserName: string(),
    },
  ),
);

const PROFILES = ["Localhost", "RuntimeDefault", "Unconfined"];

export const appArmorProfileSchema = named(
  "core.v1.AppArmorProfile",
  object({ type: choice(PROFILES) }, { localhostProfile: string() }),
);

export const seccompProfileSchema: Schema<SeccompProfile> = object(
  { type: choice(PROFILES) },
  { localhostProfile: string() },
  { openApi: { type: "core.v1.SeccompProfile" } },
);

const securityContextSchema: Schema<SecurityContext> = object(
  {},
  {
    allowPrivilegeEscalation: boolean(),
    capabilities: named("core.v1.Capabilities", object({}, { add: strings, drop: strings })),
    privileged: boolean(),
    procMount: choice(["Default", "Unmasked"]),
    readOnlyRootFilesystem: boolean(),
    runAsGroup: int64,
    runAsNonRoot: boolean(),
    runAsUser: int64,
    seLinuxOptions: seLinuxOptionsSchema,
    seccompProfile: seccompProfileSchema,
    appArmorProfile: appArmorProfileSchema,
    windowsOptions: windowsOptionsSchema,
  },
  { openApi: { type: "core.v1.SecurityContext" } },
);

const volumeMountSchema: Schema<VolumeMount> = object(
  { name: string(), mountPath: string() },
  {
    readOnly: boolean(),
    subPath: string(),
    subPathExpr: string(),
    mountPropagation: choice(["Bidirectional", "HostToContainer", "None"]),
    recursiveReadOnly: string(),
  },
  { openApi: { type: "core.v1.VolumeMount" } },
);

const resizePolicySchema = named(
  "core.v1.ContainerResizePolicy",
  object({ resourceName: string(), restartPolicy: string() }, {}),
);

const volumeDeviceSchema = named(
  "core.v1.VolumeDevice",
  object({ devicePath: string(), name: string() }, {}),
);

const restartRuleSchema = named(
  "core.v1.ContainerRestartRule",
  object(
    { action: string() },
    {
      exitCodes: named(
        "core.v1.ContainerRestartRuleOnExitCodes",
        object({ operator: string() }, { values: array(int32, { listType: "set" }) }),
      ),
    },
  ),
);

const containerFields = {
  image: string(),
  command: strings,
  args: strings,
  workingDir: string(),
  env: array(envSchema, { listType: "map", listKeys: ["name"] }),
  envFrom: array(envFromSchema, { listType: "atomic" }),
  ports: array(portSchema, { listType: "map", listKeys: ["containerPort", "protocol"] }),
  resources: resourcesSchema,
  resizePolicy: array(resizePolicySchema, { listType: "atomic" }),
  restartPolicy: string(),
  restartPolicyRules: array(restartRuleSchema, { listType: "atomic" }),
  volumeMounts: array(volumeMountSchema, { listType: "map", listKeys: ["mountPath"] }),
  volumeDevices: array(volumeDeviceSchema, { listType: "map", listKeys: ["devicePath"] }),
  livenessProbe: probeSchema,
  readinessProbe: probeSchema,
  startupProbe: probeSchema,
  lifecycle: object(
    {},
    { preStop: lifecycleHandlerSchema, postStart: lifecycleHandlerSchema, stopSignal: string() },
    { openApi: { type: "core.v1.Lifecycle" } },
  ),
  terminationMessagePath: string(),
  terminationMessagePolicy: choice(["FallbackToLogsOnError", "File"]),
  imagePullPolicy: choice(PULL_POLICIES),
  securityContext: securityContextSchema,
  stdin: boolean(),
  stdinOnce: boolean(),
  tty: boolean(),
};

export const containerSchema: Schema<Container> = object({ name: string() }, containerFields, {
  openApi: { type: "core.v1.Container" },
});

/** A container that is put into a running pod to look at it. */
export const ephemeralContainerSchema = object(
  { name: string() },
  {
    ...containerFields,
    targetContainerName: string(),
  },
  { openApi: { type: "core.v1.EphemeralContainer" } },
);
