import type { Kind } from "../../../api/kind.ts";
import { structuralErrors } from "../../../api/structural.ts";
import { type AnyObject, isRecord } from "../any-object.ts";

/** Names of Go's structs, which its decoder's messages show: by the field that holds one. */
const STRUCTS: Readonly<Record<string, string>> = {
  metadata: "ObjectMeta",
  template: "PodTemplateSpec",
  containers: "Container",
  initContainers: "Container",
  env: "EnvVar",
  resources: "ResourceRequirements",
  readinessProbe: "Probe",
  livenessProbe: "Probe",
  startupProbe: "Probe",
  httpGet: "HTTPGetAction",
  securityContext: "SecurityContext",
  volumes: "Volume",
  volumeMounts: "VolumeMount",
  strategy: "DeploymentStrategy",
  selector: "LabelSelector",
  subsets: "EndpointSubset",
};

/** The first value of a wrong type in a built-in object, in the words of Go's decoder; undefined = all fit. */
export function decodeProblem(kind: Kind, object: AnyObject): string | undefined {
  const error = structuralErrors(kind.schema, object).find(
    ({ reason }) => reason === "FieldValueTypeInvalid",
  );
  if (!error) return undefined;
  const path = error.field.replace(/\[\d+\]/g, "").split(".");
  const holder = path.at(-2) ?? "";
  const struct = structOf(kind, path, holder);
  const value = valueAtPath(object, error.field);
  const given = Array.isArray(value) ? "array" : typeof value === "boolean" ? "bool" : typeof value;
  const number = typeof value === "number" && !Number.isInteger(value) ? ` ${value}` : "";
  const wanted = /must be of type ([a-z,]+):/.exec(error.message)?.[1] ?? "";
  const shown = given === "object" ? "object" : given;
  return `json: cannot unmarshal ${shown}${number} into Go struct field ${struct}.${path.join(".")} of type ${goType(wanted)}`;
}

function structOf(kind: Kind, path: readonly string[], holder: string): string {
  if (holder === "spec" || holder === "status") {
    const suffix = holder === "spec" ? "Spec" : "Status";
    return path.at(-3) === "template" ? `Pod${suffix}` : `${kind.kind}${suffix}`;
  }
  if (holder === "ports") return kind.kind === "Service" ? "ServicePort" : "ContainerPort";
  return STRUCTS[holder] ?? (holder === "" ? kind.kind : holder);
}

function goType(type: string): string {
  if (type === "integer") return "int32";
  if (type === "boolean") return "bool";
  return type === "object" ? "map[string]string" : type;
}

function valueAtPath(object: unknown, field: string): unknown {
  return field.split(/[.[\]]+/).reduce((value: unknown, part) => {
    if (part === "") return value;
    if (Array.isArray(value)) return value[Number(part)];
    return isRecord(value) ? value[part] : undefined;
  }, object);
}
