/**
 * Containers as Kubernetes knows them: types that everyone reads, and the schema of a pod's container.
 * What Knative lets a user write is narrower: src/api/revision-spec.ts.
 */
import { any, array, boolean, integer, intOrString, map, object, type Schema, string } from "./schema.ts";

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

export const keyRefSchema: Schema<KeyRef> = object(
  { key: string() },
  { name: string(), optional: boolean() },
  { mapType: "atomic" },
);
const objectReferenceSchema = object({}, { name: string(), optional: boolean() });

export const fieldRefSchema: Schema<ObjectFieldRef> = object(
  { fieldPath: string() },
  { apiVersion: string() },
  { mapType: "atomic" },
);

export const resourceFieldRefSchema: Schema<ResourceFieldRef> = object(
  { resource: string() },
  { containerName: string(), divisor: intOrString({ format: "quantity" }) },
  { mapType: "atomic" },
);

const envSchema: Schema<EnvVar> = object(
  { name: string() },
  {
    value: string(),
    valueFrom: object(
      {},
      {
        configMapKeyRef: keyRefSchema,
        secretKeyRef: keyRefSchema,
        fieldRef: fieldRefSchema,
        resourceFieldRef: resourceFieldRefSchema,
      },
    ),
  },
);

const envFromSchema: Schema<EnvFromSource> = object(
  {},
  { prefix: string(), configMapRef: objectReferenceSchema, secretRef: objectReferenceSchema },
);

const portSchema: Schema<ContainerPort> = object(
  { containerPort: int32 },
  { name: string(), protocol: string({ default: "TCP" }), hostIP: string(), hostPort: int32 },
  { order: ["name", "hostPort"] },
);

const handlerFields = {
  httpGet: object(
    {},
    {
      path: string(),
      port: intOrString(),
      host: string(),
      scheme: string(),
      httpHeaders: array(object({ name: string(), value: string() }, {}), { listType: "atomic" }),
    },
  ),
  tcpSocket: object({}, { port: intOrString(), host: string() }),
  exec: object({}, { command: strings }),
  grpc: object({}, { port: int32, service: string() }),
};

const probeSchema: Schema<Probe> = object(
  {},
  {
    ...handlerFields,
    initialDelaySeconds: int32,
    periodSeconds: int32,
    timeoutSeconds: int32,
    successThreshold: int32,
    failureThreshold: int32,
    terminationGracePeriodSeconds: int64,
  },
);

const lifecycleHandlerSchema: Schema<LifecycleHandler> = object(
  {},
  { ...handlerFields, sleep: object({ seconds: int64 }, {}) },
);

export const quantityMapSchema: Schema<ResourceList> = map(intOrString({ format: "quantity" }));

export const resourcesSchema: Schema<ResourceRequirements> = object(
  {},
  {
    requests: quantityMapSchema,
    limits: quantityMapSchema,
    claims: array(object({ name: string() }, { request: string() }), {
      listType: "map",
      listKeys: ["name"],
    }),
  },
);

const securityContextSchema: Schema<SecurityContext> = object(
  {},
  {
    allowPrivilegeEscalation: boolean(),
    capabilities: object({}, { add: strings, drop: strings }),
    privileged: boolean(),
    procMount: string(),
    readOnlyRootFilesystem: boolean(),
    runAsGroup: int64,
    runAsNonRoot: boolean(),
    runAsUser: int64,
    seLinuxOptions: any(),
    seccompProfile: object({ type: string() }, { localhostProfile: string() }),
    appArmorProfile: any(),
    windowsOptions: any(),
  },
);

const volumeMountSchema: Schema<VolumeMount> = object(
  { name: string(), mountPath: string() },
  {
    readOnly: boolean(),
    subPath: string(),
    subPathExpr: string(),
    mountPropagation: string(),
    recursiveReadOnly: string(),
  },
);

/** As Go's struct has them. */
const CONTAINER_ORDER = ["name", "image", "command", "args", "workingDir", "ports", "envFrom", "env"];

export const containerSchema: Schema<Container> = object(
  { name: string() },
  {
    image: string(),
    command: strings,
    args: strings,
    workingDir: string(),
    env: array(envSchema, { listType: "map", listKeys: ["name"] }),
    envFrom: array(envFromSchema, { listType: "atomic" }),
    ports: array(portSchema, { listType: "map", listKeys: ["containerPort", "protocol"] }),
    resources: resourcesSchema,
    resizePolicy: array(any(), { listType: "atomic" }),
    restartPolicy: string(),
    volumeMounts: array(volumeMountSchema, { listType: "map", listKeys: ["mountPath"] }),
    volumeDevices: array(any(), { listType: "map", listKeys: ["devicePath"] }),
    livenessProbe: probeSchema,
    readinessProbe: probeSchema,
    startupProbe: probeSchema,
    lifecycle: object(
      {},
      { preStop: lifecycleHandlerSchema, postStart: lifecycleHandlerSchema, stopSignal: string() },
    ),
    terminationMessagePath: string(),
    terminationMessagePolicy: string(),
    imagePullPolicy: string(),
    securityContext: securityContextSchema,
    stdin: boolean(),
    stdinOnce: boolean(),
    tty: boolean(),
  },
  { order: CONTAINER_ORDER },
);
