/**
 * What Knative lets a user write of a pod (spec ): narrower than a pod's own spec, so that fields outside
 * are pruned with a warning. Fields behind a feature flag are kept whatever is inside; validation judges them.
 */
import type { FeatureKey } from "./config/features.ts";
import type { ResourceRequirements } from "./container.ts";
import type { ObjectMeta } from "./object.ts";
import type { PodSpec } from "./pod-spec.ts";
import { array, boolean, integer, intOrString, map, object, type Schema, string } from "./schema.ts";

export interface RevisionSpec extends PodSpec {
  containerConcurrency?: number;
  timeoutSeconds?: number;
  responseStartTimeoutSeconds?: number;
  idleTimeoutSeconds?: number;
}

export interface RevisionTemplate {
  metadata?: ObjectMeta;
  spec: RevisionSpec;
}

const QUANTITY =
  "^(\\+|-)?(([0-9]+(\\.[0-9]*)?)|(\\.[0-9]+))(([KMGTPE]i)|[numkMGTPE]|([eE](\\+|-)?(([0-9]+(\\.[0-9]*)?)|(\\.[0-9]+))))?$";

const int32 = integer({ format: "int32" });
const int64 = integer({ format: "int64" });
const strings = array(string(), { listType: "atomic" });

const gated = object({}, {}, { preserveUnknown: true });
const gatedAtomic = object({}, {}, { preserveUnknown: true, mapType: "atomic" });
const quantity = intOrString({ pattern: QUANTITY });

/** In words of ours, as no package has Knative's; those that Kubernetes has of the field say nothing of the flag. */
function behind<S extends Schema>(flag: FeatureKey, schema: S): S {
  return { ...schema, description: `Only where the feature flag ${flag} allows it.` };
}

const name = string({ default: "" });

const localReference = object({}, { name, optional: boolean() }, { mapType: "atomic" });
const knativeKeyRef = object({ key: string() }, { name, optional: boolean() }, { mapType: "atomic" });

const envSchema = object(
  { name: string() },
  {
    value: string(),
    valueFrom: object(
      {},
      {
        configMapKeyRef: knativeKeyRef,
        secretKeyRef: knativeKeyRef,
        fieldRef: behind("kubernetes.podspec-fieldref", gatedAtomic),
        resourceFieldRef: behind("kubernetes.podspec-fieldref", gatedAtomic),
      },
    ),
  },
);

const probeSchema = object(
  {},
  {
    exec: object({}, { command: strings }),
    grpc: object({}, { port: int32, service: string({ default: "" }) }),
    httpGet: object(
      {},
      {
        host: string(),
        httpHeaders: array(object({ name: string(), value: string() }, {}), { listType: "atomic" }),
        path: string(),
        port: intOrString(),
        scheme: string(),
      },
    ),
    tcpSocket: object({}, { host: string(), port: intOrString() }),
    failureThreshold: int32,
    initialDelaySeconds: int32,
    periodSeconds: int32,
    successThreshold: int32,
    timeoutSeconds: int32,
  },
);

const resourcesSchema = object(
  {},
  { limits: map(quantity), requests: map(quantity) },
) as Schema as Schema<ResourceRequirements>;

const securityContextSchema = object(
  {},
  {
    allowPrivilegeEscalation: boolean(),
    capabilities: object({}, { add: strings, drop: strings }),
    privileged: boolean({ description: "May say false, and nothing else." }),
    readOnlyRootFilesystem: boolean(),
    runAsGroup: int64,
    runAsNonRoot: boolean(),
    runAsUser: int64,
    seccompProfile: object({ type: string() }, { localhostProfile: string() }),
  },
);

const containerSchema = object(
  {},
  {
    args: strings,
    command: strings,
    env: array(envSchema, { listType: "map", listKeys: ["name"] }),
    envFrom: array(
      object({}, { configMapRef: localReference, prefix: string(), secretRef: localReference }),
      {
        listType: "atomic",
      },
    ),
    image: string(),
    imagePullPolicy: string(),
    livenessProbe: probeSchema,
    name: string(),
    ports: array(object({}, { containerPort: int32, name: string(), protocol: string({ default: "TCP" }) })),
    readinessProbe: probeSchema,
    resources: resourcesSchema,
    securityContext: securityContextSchema,
    startupProbe: probeSchema,
    terminationMessagePath: string(),
    terminationMessagePolicy: string(),
    volumeMounts: array(
      object(
        { mountPath: string(), name: string() },
        { mountPropagation: string(), readOnly: boolean(), subPath: string() },
      ),
      { listType: "map", listKeys: ["mountPath"] },
    ),
    workingDir: string(),
  },
);

const items = array(object({ key: string(), path: string() }, { mode: int32 }), { listType: "atomic" });
const volumeReference = object({}, { items, name, optional: boolean() }, { mapType: "atomic" });

const downwardItem = object(
  { path: string() },
  {
    fieldRef: object({ fieldPath: string() }, { apiVersion: string() }, { mapType: "atomic" }),
    mode: int32,
    resourceFieldRef: object(
      { resource: string() },
      { containerName: string(), divisor: quantity },
      { mapType: "atomic" },
    ),
  },
);

const volumeSchema = object(
  { name: string() },
  {
    configMap: object({}, { defaultMode: int32, items, name, optional: boolean() }, { mapType: "atomic" }),
    csi: behind("kubernetes.podspec-volumes-csi", gated),
    emptyDir: behind("kubernetes.podspec-volumes-emptydir", gated),
    ephemeral: behind("kubernetes.podspec-volumes-ephemeral", gated),
    hostPath: behind("kubernetes.podspec-volumes-hostpath", gated),
    image: behind("kubernetes.podspec-volumes-image", gated),
    persistentVolumeClaim: behind("kubernetes.podspec-persistent-volume-claim", gated),
    projected: object(
      {},
      {
        defaultMode: int32,
        sources: array(
          object(
            {},
            {
              configMap: volumeReference,
              downwardAPI: object({}, { items: array(downwardItem, { listType: "atomic" }) }),
              secret: volumeReference,
              serviceAccountToken: object(
                { path: string() },
                { audience: string(), expirationSeconds: int64 },
              ),
            },
          ),
          { listType: "atomic" },
        ),
      },
    ),
    secret: object({}, { defaultMode: int32, items, optional: boolean(), secretName: string() }),
  },
);

export const revisionSpecSchema = object(
  { containers: array(containerSchema) },
  {
    affinity: behind("kubernetes.podspec-affinity", gated),
    automountServiceAccountToken: boolean(),
    containerConcurrency: int64,
    dnsConfig: behind("kubernetes.podspec-dnsconfig", gated),
    dnsPolicy: behind("kubernetes.podspec-dnspolicy", string()),
    enableServiceLinks: boolean({
      description:
        "Whether Services of the namespace are told in the environment; false where nothing is said.",
    }),
    hostAliases: behind("kubernetes.podspec-hostaliases", array(gated)),
    hostIPC: behind("kubernetes.podspec-hostipc", boolean()),
    hostNetwork: behind("kubernetes.podspec-hostnetwork", boolean()),
    hostPID: behind("kubernetes.podspec-hostpid", boolean()),
    idleTimeoutSeconds: int64,
    imagePullSecrets: array(object({}, { name }, { mapType: "atomic" }), {
      listType: "map",
      listKeys: ["name"],
    }),
    initContainers: behind("kubernetes.podspec-init-containers", array(gated)),
    nodeSelector: behind("kubernetes.podspec-nodeselector", map(string(), { mapType: "atomic" })),
    priorityClassName: behind("kubernetes.podspec-priorityclassname", string()),
    responseStartTimeoutSeconds: int64,
    runtimeClassName: behind("kubernetes.podspec-runtimeclassname", string()),
    schedulerName: behind("kubernetes.podspec-schedulername", string()),
    securityContext: behind("kubernetes.podspec-securitycontext", gated),
    serviceAccountName: string(),
    shareProcessNamespace: behind("kubernetes.podspec-shareprocessnamespace", boolean()),
    timeoutSeconds: int64,
    tolerations: behind("kubernetes.podspec-tolerations", array(gated)),
    topologySpreadConstraints: behind("kubernetes.podspec-topologyspreadconstraints", array(gated)),
    volumes: array(volumeSchema, { listType: "map", listKeys: ["name"] }),
  },
) as Schema as Schema<RevisionSpec>;

export const revisionTemplateSchema = object(
  {},
  {
    metadata: object(
      {},
      {
        annotations: map(string()),
        finalizers: array(string()),
        labels: map(string()),
        name: string(),
        namespace: string(),
      },
      { preserveUnknown: true },
    ),
    spec: revisionSpecSchema,
  },
) as Schema as Schema<RevisionTemplate>;
