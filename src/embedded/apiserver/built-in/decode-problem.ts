import type { Kind } from "../../../api/kind.ts";
import { microTimeProblem } from "../../../api/lease/validate.ts";
import type { Schema } from "../../../api/schema.ts";
import { base64Problem } from "../../../api/secret/validate.ts";
import { structuralErrors } from "../../../api/structural.ts";
import { messageOf } from "../../../base/errors.ts";
import { parseQuantity } from "../../../base/quantity.ts";
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
  if (!error) return formatProblem(kind.schema, object);
  const whole = error.field.replace(/\[\d+\]/g, "").split(".");
  // Go's path has no keys of maps.
  const path = whole.filter((_, place) => schemaAt(kind.schema, whole.slice(0, place))?.type !== "map");
  const struct = structOf(kind, path, path.at(-2) ?? "");
  const value = valueAtPath(object, error.field);
  const given = Array.isArray(value) ? "array" : typeof value === "boolean" ? "bool" : typeof value;
  const number = typeof value === "number" && !Number.isInteger(value) ? ` ${value}` : "";
  const schema = schemaAt(kind.schema, whole);
  const wanted = goType(kind, path, error.field.endsWith("]") ? schema?.items : schema);
  return `json: cannot unmarshal ${given}${number} into Go struct field ${struct}.${path.join(".")} of type ${wanted}`;
}

function schemaAt(root: Schema, path: readonly string[]): Schema | undefined {
  let schema: Schema | undefined = root;
  for (const part of path) {
    if (schema?.type === "array") schema = schema.items;
    schema = schema?.type === "map" ? schema.items : schema?.fields?.[part];
  }
  return schema;
}

function structOf(kind: Kind, path: readonly string[], holder: string): string {
  if (holder === "spec" || holder === "status") {
    const suffix = holder === "spec" ? "Spec" : "Status";
    const isPod = path.at(-3) === "template" || kind.kind === "Pod";
    return isPod ? `Pod${suffix}` : `${kind.kind}${suffix}`;
  }
  if (holder === "ports") return kind.kind === "Service" ? "ServicePort" : "ContainerPort";
  return STRUCTS[holder] ?? (holder === "" ? kind.kind : holder);
}

function goType(kind: Kind, path: readonly string[], schema: Schema | undefined): string {
  const name = path.at(-1) ?? "";
  switch (schema?.type) {
    case "integer":
      return schema.format ?? "int32";
    case "boolean":
      return "bool";
    case "map":
      return `map[string]${schema.items?.type === "string" ? (schema.items.format === "byte" ? "[]uint8" : "string") : "resource.Quantity"}`;
    case "array":
      return `[]${schema.items?.type === "object" ? `v1.${structOf(kind, [...path, ""], name)}` : "string"}`;
    case "object":
      return `v1.${name === "spec" || name === "status" ? structOf(kind, [...path, ""], name) : (STRUCTS[name] ?? name)}`;
    default:
      return "string";
  }
}

/** Quantities, times and base64 are decoded too: one that cannot be read makes the whole body unreadable. */
function formatProblem(schema: Schema | undefined, value: unknown): string | undefined {
  if (schema === undefined || value === undefined || value === null) return undefined;
  if (!Array.isArray(value) && !isRecord(value)) return textProblem(schema.format, String(value));
  const parts: [Schema | undefined, unknown][] = Array.isArray(value)
    ? value.map((item) => [schema.items, item])
    : Object.entries(value).map(([name, item]) => [schema.items ?? schema.fields?.[name], item]);
  for (const [inner, item] of parts) {
    const problem = formatProblem(inner, item);
    if (problem !== undefined) return problem;
  }
  return undefined;
}

function textProblem(format: string | undefined, text: string): string | undefined {
  if (format === "byte") return base64Problem(text);
  if (format === "micro-time") return microTimeProblem(text);
  if (format !== "quantity") return undefined;
  try {
    parseQuantity(text);
    return undefined;
  } catch (thrown) {
    return messageOf(thrown);
  }
}

function valueAtPath(object: unknown, field: string): unknown {
  return field.split(/[.[\]]+/).reduce((value: unknown, part) => {
    if (part === "") return value;
    if (Array.isArray(value)) return value[Number(part)];
    return isRecord(value) ? value[part] : undefined;
  }, object);
}
