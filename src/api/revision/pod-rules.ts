/** Rules about the pod of a revision as a whole (spec A-133… …A-149). */
import { disallowedFields, FieldErrors, invalidValue } from "../admission/field-error.ts";
import type { FeatureKey, FeaturesConfig } from "../config/features.ts";
import type { Container } from "../container.ts";
import type { PodSecurityContext, PodSpec } from "../pod-spec.ts";
import { dns1123SubdomainErrors } from "../syntax.ts";
import { containersErrors, idErrors, initContainersErrors } from "./containers.ts";
import { volumesErrors } from "./volumes.ts";

type Field = keyof PodSpec;

const ALWAYS: readonly Field[] = [
  "serviceAccountName",
  "containers",
  "volumes",
  "imagePullSecrets",
  "enableServiceLinks",
];

const GATED: Readonly<Partial<Record<Field, FeatureKey>>> = {
  affinity: "kubernetes.podspec-affinity",
  topologySpreadConstraints: "kubernetes.podspec-topologyspreadconstraints",
  hostAliases: "kubernetes.podspec-hostaliases",
  nodeSelector: "kubernetes.podspec-nodeselector",
  runtimeClassName: "kubernetes.podspec-runtimeclassname",
  tolerations: "kubernetes.podspec-tolerations",
  securityContext: "kubernetes.podspec-securitycontext",
  shareProcessNamespace: "kubernetes.podspec-shareprocessnamespace",
  priorityClassName: "kubernetes.podspec-priorityclassname",
  schedulerName: "kubernetes.podspec-schedulername",
  initContainers: "kubernetes.podspec-init-containers",
  dnsPolicy: "kubernetes.podspec-dnspolicy",
  dnsConfig: "kubernetes.podspec-dnsconfig",
  hostIPC: "kubernetes.podspec-hostipc",
  hostPID: "kubernetes.podspec-hostpid",
  hostNetwork: "kubernetes.podspec-hostnetwork",
};

/** Fields of a revision's spec that are not a pod's. */
const REVISION_FIELDS = [
  "containerConcurrency",
  "timeoutSeconds",
  "responseStartTimeoutSeconds",
  "idleTimeoutSeconds",
];

export function podSpecErrors(features: FeaturesConfig, spec: PodSpec): FieldErrors {
  const containers = spec.containers ?? [];
  const volumes = spec.volumes ?? [];
  const around = { features, volumes: new Map(volumes.map((one) => [one.name, one])) };
  return disallowedFields(...forbiddenFields(features, spec))
    .also(podSecurityErrors(features, spec.securityContext).viaField("securityContext"))
    .also(...insecureWarnings(features, spec, "containers"))
    .also(...insecureWarnings(features, spec, "initContainers"))
    .also(
      volumesErrors(features, volumes, [...(spec.initContainers ?? []), ...containers]).viaField("volumes"),
      initContainersErrors(around, { ...spec, containers }),
      containersErrors(around, containers),
      ...serviceAccountErrors(spec.serviceAccountName ?? ""),
    );
}

function serviceAccountErrors(name: string): FieldErrors[] {
  if (name === "") return [];
  return dns1123SubdomainErrors(name).map((error) => invalidValue(name, "serviceAccountName", error));
}

function forbiddenFields(features: FeaturesConfig, spec: PodSpec): string[] {
  return Object.entries(spec)
    .filter(([field, value]) => !isAllowed(features, field, value))
    .map(([field]) => field);
}

function isAllowed(features: FeaturesConfig, field: string, value: unknown): boolean {
  if (value === undefined || value === null || value === "") return true;
  if (ALWAYS.includes(field as Field) || REVISION_FIELDS.includes(field)) return true;
  if (field === "automountServiceAccountToken") return value === false;
  if (field === "securityContext" && features.securePodDefaults !== "Disabled") return true;
  const flag = GATED[field as Field];
  return flag !== undefined && features.flags[flag] !== "Disabled";
}

const POD_SECURITY_FIELDS: readonly string[] = [
  ...["runAsUser", "runAsGroup", "runAsNonRoot", "fsGroup", "supplementalGroups", "seccompProfile"],
];

/** Others are lost when a typed program reads the object; the schema keeps them, since a flag may open the field. */
const KNOWN_SECURITY_FIELDS = new Set([
  ...POD_SECURITY_FIELDS,
  ...["seLinuxOptions", "windowsOptions", "sysctls", "fsGroupChangePolicy", "supplementalGroupsPolicy"],
  ...["appArmorProfile", "seLinuxChangePolicy"],
]);

function podSecurityErrors(features: FeaturesConfig, security: PodSecurityContext | undefined): FieldErrors {
  if (security === undefined) return FieldErrors.none;
  const isOpen = features.flags["kubernetes.podspec-securitycontext"] !== "Disabled";
  const forbidden = Object.keys(security).filter(
    (field) =>
      KNOWN_SECURITY_FIELDS.has(field) &&
      !(isOpen && POD_SECURITY_FIELDS.includes(field)) &&
      !(field === "seccompProfile" && isSeccompLenient(features, security)),
  );
  return disallowedFields(...forbidden).also(
    idErrors(security.runAsUser, "runAsUser"),
    idErrors(security.runAsGroup, "runAsGroup"),
    idErrors(security.fsGroup, "fsGroup"),
    ...(security.supplementalGroups ?? []).map((group, index) =>
      idErrors(group, "").viaFieldIndex("supplementalGroups", index),
    ),
  );
}

/** With secure defaults a pod may choose between these two profiles without the flag. */
function isSeccompLenient(features: FeaturesConfig, { seccompProfile }: PodSecurityContext): boolean {
  if (features.securePodDefaults === "Disabled" || seccompProfile === undefined) return false;
  const isPlain = Object.keys(seccompProfile).every((field) => field === "type");
  return isPlain && ["RuntimeDefault", "Unconfined"].includes(seccompProfile.type);
}

function insecureWarnings(
  features: FeaturesConfig,
  spec: PodSpec,
  field: "containers" | "initContainers",
): FieldErrors[] {
  if (features.securePodDefaults !== "Disabled") return [];
  return (spec[field] ?? []).map((container, index) =>
    insecureDefaults(spec.securityContext ?? {}, container)
      .viaField("securityContext")
      .viaFieldIndex(field, index),
  );
}

const INSECURE =
  "Kubernetes default value is insecure, Knative may default this to secure in a future release";

/** Warnings alone: none of this refuses anything. */
function insecureDefaults(pod: PodSecurityContext, container: Container): FieldErrors {
  const own = container.securityContext ?? {};
  const paths: string[] = [];
  if (pod.runAsNonRoot === undefined && own.runAsNonRoot === undefined) paths.push("runAsNonRoot");
  if (own.allowPrivilegeEscalation === undefined) paths.push("allowPrivilegeEscalation");
  if (own.seccompProfile === undefined && pod.seccompProfile === undefined) paths.push("seccompProfile");
  else if (!own.seccompProfile?.type && !pod.seccompProfile?.type) paths.push("seccompProfile.type");
  let misspelt = FieldErrors.none;
  if (own.capabilities === undefined) paths.push("capabilities");
  else if (own.capabilities.drop === undefined) paths.push("capabilities.drop");
  else if (own.capabilities.drop[0] === "all") {
    misspelt = invalidValue("all", "capabilities.drop", "Must be spelled as 'ALL'");
  }
  const insecure = paths.length === 0 ? FieldErrors.none : FieldErrors.of(INSECURE, paths);
  return insecure.also(misspelt).at("Warning");
}
