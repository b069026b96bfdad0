/** Kubernetes' checks of a container's environment and of the references in it. */
import type { EnvFromSource, EnvVar, KeyRef, ObjectFieldRef, ResourceFieldRef } from "../container.ts";
import { type FieldCause, invalidValue, invalidValues, required, unsupported } from "../field-cause.ts";
import { configKeyErrors, dns1123SubdomainErrors, envNameErrors } from "../syntax.ts";

const SHARED_FIELDS = ["metadata.name", "metadata.namespace", "metadata.uid"];

/** What of its own object a container may read into its environment. */
const ENV_FIELDS = [
  ...SHARED_FIELDS,
  "spec.nodeName",
  "spec.serviceAccountName",
  "status.hostIP",
  "status.hostIPs",
  "status.podIP",
  "status.podIPs",
];

/** What a volume may show of the pod. */
export const VOLUME_FIELDS = [...SHARED_FIELDS, "metadata.annotations", "metadata.labels"];

const KNOWN_FIELDS = new Set([
  ...ENV_FIELDS,
  ...VOLUME_FIELDS,
  "spec.restartPolicy",
  "spec.schedulerName",
  "status.phase",
]);

export function fieldRefCauses(ref: ObjectFieldRef, at: string, allowed: readonly string[]): FieldCause[] {
  if (!ref.apiVersion) return [required(`${at}.apiVersion`)];
  const { fieldPath } = ref;
  const field = `${at}.fieldPath`;
  if (!fieldPath) return [required(field)];
  const subscript = /^(metadata\.(?:annotations|labels))\['(.*)'\]$/.exec(fieldPath);
  if (subscript) return subscript[2] ? [] : [invalidValue(field, fieldPath, "name part must be non-empty")];
  if (!KNOWN_FIELDS.has(fieldPath))
    return [
      invalidValue(field, fieldPath, `error converting fieldPath: field label not supported: ${fieldPath}`),
    ];
  return allowed.includes(fieldPath) ? [] : [unsupported(field, fieldPath, allowed)];
}

const RESOURCE_FIELDS = ["cpu", "ephemeral-storage", "memory"].flatMap((name) => [
  `limits.${name}`,
  `requests.${name}`,
]);

export function resourceFieldRefCauses(ref: ResourceFieldRef, at: string, inVolume: boolean): FieldCause[] {
  const causes = inVolume && !ref.containerName ? [required(`${at}.containerName`)] : ([] as FieldCause[]);
  if (!ref.resource) return [...causes, required(`${at}.resource`)];
  const known = RESOURCE_FIELDS.includes(ref.resource) || /^(limits|requests)\.hugepages-/.test(ref.resource);
  return known ? causes : [...causes, unsupported(`${at}.resource`, ref.resource, RESOURCE_FIELDS)];
}

function keyRefCauses(ref: KeyRef, at: string): FieldCause[] {
  const { name = "", key } = ref;
  const causes = invalidValues(`${at}.name`, name, dns1123SubdomainErrors(name));
  if (!key) return [...causes, required(`${at}.key`)];
  return [...causes, ...invalidValues(`${at}.key`, key, configKeyErrors(key))];
}

export function envCauses(env: readonly EnvVar[], field: string): FieldCause[] {
  return env.flatMap((variable, index) => {
    const at = `${field}[${index}]`;
    const causes = variable.name
      ? invalidValues(`${at}.name`, variable.name, envNameErrors(variable.name))
      : [required(`${at}.name`)];
    return [...causes, ...valueFromCauses(variable, `${at}.valueFrom`)];
  });
}

function valueFromCauses({ value, valueFrom }: EnvVar, at: string): FieldCause[] {
  if (!valueFrom) return [];
  const { fieldRef, resourceFieldRef, configMapKeyRef, secretKeyRef } = valueFrom;
  const causes: FieldCause[] = [];
  if (fieldRef) causes.push(...fieldRefCauses(fieldRef, `${at}.fieldRef`, ENV_FIELDS));
  if (resourceFieldRef)
    causes.push(...resourceFieldRefCauses(resourceFieldRef, `${at}.resourceFieldRef`, false));
  if (configMapKeyRef) causes.push(...keyRefCauses(configMapKeyRef, `${at}.configMapKeyRef`));
  if (secretKeyRef) causes.push(...keyRefCauses(secretKeyRef, `${at}.secretKeyRef`));
  const given = [fieldRef, resourceFieldRef, configMapKeyRef, secretKeyRef].filter((one) => one).length;
  const none = "must specify one of: `fieldRef`, `resourceFieldRef`, `configMapKeyRef` or `secretKeyRef`";
  if (given === 0) return [...causes, invalidValue(at, "", none)];
  if (value) return [...causes, invalidValue(at, "", "may not be specified when `value` is not empty")];
  if (given > 1)
    return [...causes, invalidValue(at, "", "may not have more than one field specified at a time")];
  return causes;
}

export function envFromCauses(sources: readonly EnvFromSource[], field: string): FieldCause[] {
  return sources.flatMap(({ prefix, configMapRef, secretRef }, index) => {
    const at = `${field}[${index}]`;
    const causes = prefix ? invalidValues(`${at}.prefix`, prefix, envNameErrors(prefix)) : [];
    if (configMapRef) causes.push(...sourceNameCauses(configMapRef.name, `${at}.configMapRef.name`));
    if (secretRef) causes.push(...sourceNameCauses(secretRef.name, `${at}.secretRef.name`));
    if (!configMapRef && !secretRef)
      causes.push(invalidValue(at, "", "must specify one of: `configMapRef` or `secretRef`"));
    if (configMapRef && secretRef)
      causes.push(invalidValue(at, "", "may not have more than one field specified at a time"));
    return causes;
  });
}

function sourceNameCauses(name: string | undefined, field: string): FieldCause[] {
  return name ? invalidValues(field, name, dns1123SubdomainErrors(name)) : [required(field)];
}
