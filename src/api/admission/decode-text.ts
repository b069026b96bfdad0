/** How Go tells that a JSON value has the wrong type: struct, path with embedded structs, type (errata A-166). */
import type { Kind } from "../kind.ts";
import type { Schema } from "../schema.ts";

/** Go's struct behind a field, where the name alone tells. */
const STRUCTS: Readonly<Record<string, string>> = {
  template: "RevisionTemplateSpec",
  containers: "Container",
  readinessProbe: "Probe",
  livenessProbe: "Probe",
  startupProbe: "Probe",
  httpGet: "HTTPGetAction",
  tcpSocket: "TCPSocketAction",
  exec: "ExecAction",
  grpc: "GRPCAction",
  env: "EnvVar",
  envFrom: "EnvFromSource",
  ports: "ContainerPort",
  traffic: "TrafficTarget",
  ref: "KReference",
  tls: "SecretTLS",
  volumes: "Volume",
  volumeMounts: "VolumeMount",
  resources: "ResourceRequirements",
  securityContext: "SecurityContext",
  rules: "IngressRule",
  http: "HTTPIngressRuleValue",
  paths: "HTTPIngressPath",
  splits: "IngressBackendSplit",
  http01Challenges: "HTTP01Challenge",
};
/** Structs that are defined beside their kind, and so in its version. */
const OWN_STRUCTS = new Set(["rules", "http", "paths", "splits", "http01Challenges"]);

/** Fields of a status that all of Knative's kinds share, and those that a Service has of its parts. */
const STATUS_FIELDS = ["observedGeneration", "conditions", "annotations"];
const CONFIGURATION_STATUS = ["latestReadyRevisionName", "latestCreatedRevisionName"];
const ROUTE_STATUS = ["url", "address", "traffic"];
const HANDLERS = ["httpGet", "tcpSocket", "exec", "grpc"];
const REVISION_FIELDS = [
  ...["containerConcurrency", "timeoutSeconds", "responseStartTimeoutSeconds", "idleTimeoutSeconds"],
];

/** `path` as the schema names it: `spec.template.spec.containers[0].image`. */
export function decodeText(kind: Kind, object: unknown, path: string): string {
  const parts = path.split(".").map((part) => part.replace(/\[\d+\]$/, ""));
  const schema = schemaAt(kind.schema, parts);
  const value = valueAt(object, path);
  const owner = parts.length < 2 ? kind.kind : ownerOf(kind, parts.slice(0, -1));
  const field = parts.at(-1) ?? "";
  const wanted = path.endsWith("]") ? schema?.items : schema;
  const text = `${owner}.${embedded(kind, parts).join(".")} of type ${goType(kind, wanted, field)}`;
  return `json: cannot unmarshal ${describe(value, schema)} into Go struct field ${text}`;
}

function schemaAt(root: Schema, parts: readonly string[]): Schema | undefined {
  let schema: Schema | undefined = root;
  for (const part of parts) {
    if (schema?.type === "array") schema = schema.items;
    schema = schema?.type === "map" ? schema.items : schema?.fields?.[part];
  }
  return schema;
}

function valueAt(root: unknown, path: string): unknown {
  let value: unknown = root;
  for (const key of path.split(/[.[\]]+/).filter((one) => one !== "")) {
    value = typeof value === "object" && value !== null ? (value as Record<string, unknown>)[key] : undefined;
  }
  return value;
}

function ownerOf(kind: Kind, parents: readonly string[]): string {
  const last = parents.at(-1) ?? "";
  if (last === "status" && parents.length === 1) return `${kind.kind}Status`;
  if (last !== "spec") return STRUCTS[last] ?? last;
  return parents.length === 1 ? `${kind.kind}Spec` : "RevisionSpec";
}

/** The path with the names of embedded structs, which Go's decoder counts in. */
function embedded(kind: Kind, parts: readonly string[]): string[] {
  return parts.flatMap((part, index) => {
    const before = parts[index - 1] ?? "";
    const isTop = index === 1 && before === "spec";
    if (index === 1 && before === "status") return [...statusStruct(kind, part), part];
    if (isTop && kind.kind === "Service")
      return [part === "traffic" ? "RouteSpec" : "ConfigurationSpec", part];
    const inRevision = before === "spec" && (index === 3 || (isTop && kind.kind === "Revision"));
    if (inRevision && !REVISION_FIELDS.includes(part)) return ["PodSpec", part];
    return before.endsWith("Probe") && HANDLERS.includes(part) ? ["ProbeHandler", part] : [part];
  });
}

function statusStruct(kind: Kind, field: string): string[] {
  if (STATUS_FIELDS.includes(field)) return ["Status"];
  if (kind.kind === "Revision") return [];
  if (CONFIGURATION_STATUS.includes(field)) return ["ConfigurationStatusFields"];
  return kind.group === "serving.knative.dev" && ROUTE_STATUS.includes(field) ? ["RouteStatusFields"] : [];
}

function goType(kind: Kind, schema: Schema | undefined, name: string): string {
  switch (schema?.type) {
    case "integer":
      return name.endsWith("Window") ? "time.Duration" : (schema.format ?? "int");
    case "boolean":
      return "bool";
    case "array":
      if (name === "conditions") return "v1.Conditions";
      return schema.items?.type === "object" ? `[]${structOf(kind, name)}` : "[]string";
    case "object":
      return structOf(kind, name);
    case "map":
      return "map[string]string";
    default:
      return "string";
  }
}

function structOf(kind: Kind, name: string): string {
  if (name === "spec" || name === "status")
    return `${kind.version}.${kind.kind}${name === "spec" ? "Spec" : "Status"}`;
  return `${OWN_STRUCTS.has(name) ? kind.version : "v1"}.${STRUCTS[name] ?? name}`;
}

function describe(value: unknown, schema: Schema | undefined): string {
  if (Array.isArray(value)) return "array";
  if (typeof value === "boolean") return "bool";
  if (typeof value === "number" && schema?.type === "integer") return `number ${value}`;
  return typeof value;
}
