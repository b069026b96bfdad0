/** What kube-apiserver demands of a pod's spec, with its texts, in its order (spec ). */
import { type FieldCause, invalidValue, invalidValues, required, unsupported } from "../field-cause.ts";
import type { PodSpec } from "../pod-spec.ts";
import {
  dns1123LabelErrors,
  dns1123SubdomainErrors,
  labelValueErrors,
  qualifiedNameErrors,
} from "../syntax.ts";
import { containersCauses, initContainersCauses } from "./validate-containers.ts";
import { podSecurityCauses } from "./validate-security.ts";
import { checkVolumes } from "./validate-volumes.ts";

const RESTART_POLICIES = ["Always", "OnFailure", "Never"];
const DNS_POLICIES = ["ClusterFirstWithHostNet", "ClusterFirst", "Default", "None"];
const DEADLINE_MAX_S = 2 ** 31 - 1;

/** The spec has its defaults already; `field` is where it stands (`spec`, `spec.template.spec`). */
export function podSpecCauses(spec: Partial<PodSpec>, field: string): FieldCause[] {
  const volumes = checkVolumes(spec.volumes ?? [], `${field}.volumes`);
  const around = { volumes: volumes.names, taken: new Set<string>() };
  return [
    ...volumes.causes,
    ...containersCauses(spec.containers ?? [], `${field}.containers`, around),
    ...initContainersCauses(spec.initContainers ?? [], `${field}.initContainers`, around),
    ...oneOf(spec.restartPolicy, RESTART_POLICIES, `${field}.restartPolicy`),
    ...oneOf(spec.dnsPolicy, DNS_POLICIES, `${field}.dnsPolicy`),
    ...labelsCauses(spec.nodeSelector ?? {}, `${field}.nodeSelector`),
    ...podSecurityCauses(spec.securityContext, `${field}.securityContext`),
    ...(spec.imagePullSecrets ?? []).flatMap(({ name }, index) =>
      name ? [] : [required(`${field}.imagePullSecrets[${index}].name`)],
    ),
    ...nameCauses(spec.serviceAccountName, `${field}.serviceAccountName`, dns1123SubdomainErrors),
    ...nameCauses(spec.nodeName, `${field}.nodeName`, dns1123SubdomainErrors),
    ...deadlineCauses(spec.activeDeadlineSeconds, `${field}.activeDeadlineSeconds`),
    ...nameCauses(spec.hostname, `${field}.hostname`, dns1123LabelErrors),
    ...nameCauses(spec.subdomain, `${field}.subdomain`, dns1123LabelErrors),
    ...tolerationsCauses(spec.tolerations ?? [], `${field}.tolerations`),
    ...nameCauses(spec.priorityClassName, `${field}.priorityClassName`, dns1123SubdomainErrors),
    ...nameCauses(spec.runtimeClassName, `${field}.runtimeClassName`, dns1123SubdomainErrors),
    ...(spec.preemptionPolicy === undefined
      ? []
      : oneOf(spec.preemptionPolicy, ["PreemptLowerPriority", "Never"], `${field}.preemptionPolicy`)),
  ];
}

function oneOf(value: string | undefined, supported: readonly string[], field: string): FieldCause[] {
  if (value === undefined || value === "") return [required(field)];
  return supported.includes(value) ? [] : [unsupported(field, value, supported)];
}

/** Labels of any map: the key's complaints name the map, not the key. */
export function labelsCauses(labels: Readonly<Record<string, string>>, field: string): FieldCause[] {
  return Object.entries(labels).flatMap(([key, value]) => [
    ...invalidValues(field, key, qualifiedNameErrors(key)),
    ...invalidValues(field, value, labelValueErrors(value)),
  ]);
}

function nameCauses(
  name: string | undefined,
  field: string,
  errors: (name: string) => readonly string[],
): FieldCause[] {
  return name ? invalidValues(field, name, errors(name)) : [];
}

function deadlineCauses(seconds: number | undefined, field: string): FieldCause[] {
  if (seconds === undefined || (seconds >= 1 && seconds <= DEADLINE_MAX_S)) return [];
  return [invalidValue(field, seconds, `must be between 1 and ${DEADLINE_MAX_S}, inclusive`)];
}

interface Toleration {
  readonly key?: string;
  readonly operator?: string;
  readonly value?: string;
  readonly effect?: string;
  readonly tolerationSeconds?: number;
}

const EFFECTS = ["NoSchedule", "PreferNoSchedule", "NoExecute"];

function tolerationsCauses(tolerations: readonly unknown[], field: string): FieldCause[] {
  return tolerations.flatMap((one, index) =>
    tolerationCauses((one ?? {}) as Toleration, `${field}[${index}]`),
  );
}

function tolerationCauses(toleration: Toleration, at: string): FieldCause[] {
  const { key = "", operator = "", value = "", effect = "", tolerationSeconds } = toleration;
  const causes = key === "" ? [] : invalidValues(`${at}.key`, key, qualifiedNameErrors(key));
  if (key === "" && operator !== "Exists")
    causes.push(
      invalidValue(
        `${at}.operator`,
        operator,
        'operator must be Exists when `key` is empty, which means "match all values and all keys"',
      ),
    );
  if (tolerationSeconds !== undefined && effect !== "NoExecute")
    causes.push(
      invalidValue(`${at}.effect`, effect, "effect must be 'NoExecute' when `tolerationSeconds` is set"),
    );
  if (operator === "" || operator === "Equal")
    causes.push(...invalidValues(`${at}.operator`, value, labelValueErrors(value)));
  else if (operator === "Exists") {
    if (value !== "")
      causes.push(invalidValue(`${at}.operator`, value, "value must be empty when `operator` is 'Exists'"));
  } else causes.push(unsupported(`${at}.operator`, operator, ["Equal", "Exists"]));
  if (effect !== "" && !EFFECTS.includes(effect)) causes.push(unsupported(`${at}.effect`, effect, EFFECTS));
  return causes;
}
