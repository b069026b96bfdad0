/**
 * What becomes of an object when a Go program reads and writes it, as Knative's webhook does before it fills in
 * defaults (spec A-168): empty texts, lists and false flags vanish, structs appear, quantities become canonical.
 */
import { parseQuantity, quantityText } from "../../base/quantity.ts";
import { objectMetaSchema } from "../object.ts";
import type { Schema } from "../schema.ts";

type Json = Record<string, unknown>;

/** Texts that stay though empty, because the Go field is not optional. */
const KEPT_TEXTS = new Set([
  "key",
  "path",
  "mountPath",
  "fieldPath",
  "claimName",
  "driver",
  "resource",
  "value",
]);
/** Flags and numbers that vanish when they say nothing: the Go field is no pointer. */
const PLAIN = new Set([
  ...["readOnly", "hostNetwork", "hostPID", "hostIPC", "stdin", "stdinOnce", "tty", "hostPort"],
  ...["initialDelaySeconds", "periodSeconds", "successThreshold", "failureThreshold"],
]);

export function roundTripTemplate(template: Json): void {
  template.metadata = isRecord(template.metadata) ? template.metadata : {};
  if (isRecord(template.metadata)) roundTripMeta(template.metadata);
  const spec = isRecord(template.spec) ? template.spec : {};
  template.spec = spec;
  roundTripRevisionSpec(spec);
}

export function roundTripRevisionSpec(spec: Json): void {
  for (const [key, value] of Object.entries(spec)) {
    if (key === "containers") continue;
    if (key === "initContainers" || key === "volumes") continue;
    if (key === "affinity" || key === "dnsConfig" || key === "securityContext") continue;
    clean(spec, key, value);
  }
  for (const list of [spec.containers, spec.initContainers]) {
    for (const container of Array.isArray(list) ? list : [])
      if (isRecord(container)) roundTripContainer(container);
  }
  for (const volume of Array.isArray(spec.volumes) ? spec.volumes : []) {
    if (isRecord(volume)) for (const source of Object.values(volume)) cleanAll(source);
  }
  if (isEmptyList(spec.volumes)) delete spec.volumes;
  if (isEmptyList(spec.initContainers)) delete spec.initContainers;
}

function roundTripContainer(container: Json): void {
  const { name } = container;
  for (const probe of [container.livenessProbe, container.readinessProbe, container.startupProbe]) {
    if (isRecord(probe)) roundTripProbe(probe);
  }
  const ports = Array.isArray(container.ports) ? container.ports : [];
  for (const port of ports) if (isRecord(port)) port.containerPort ??= 0;
  cleanAll(container);
  if (name === "") container.name = "";
  container.resources = isRecord(container.resources) ? container.resources : {};
  for (const amounts of Object.values(container.resources as Json)) {
    if (isRecord(amounts)) canonicalQuantities(amounts);
  }
}

function roundTripProbe(probe: Json): void {
  for (const handler of [probe.httpGet, probe.tcpSocket, probe.grpc]) {
    if (isRecord(handler)) handler.port ??= 0;
  }
  if (probe.timeoutSeconds === 0) delete probe.timeoutSeconds;
}

function canonicalQuantities(amounts: Json): void {
  for (const [resource, amount] of Object.entries(amounts)) {
    try {
      amounts[resource] = quantityText(parseQuantity(String(amount).trim()));
    } catch {
      // The structural schema tells what is wrong with it.
    }
  }
}

function cleanAll(value: unknown): void {
  if (Array.isArray(value)) for (const one of value) cleanAll(one);
  else if (isRecord(value)) for (const [key, one] of Object.entries(value)) clean(value, key, one);
}

function clean(owner: Json, key: string, value: unknown): void {
  if (!isMapField(key)) cleanAll(value);
  const isNothing =
    value === null ||
    (value === "" && !KEPT_TEXTS.has(key)) ||
    (isEmptyList(value) && key !== "sources") ||
    ((value === 0 || value === false) && PLAIN.has(key)) ||
    (isMapField(key) && isRecord(value) && Object.keys(value).length === 0);
  if (isNothing) delete owner[key];
}

/** A typed program knows no other fields of metadata, though the schema would keep them. */
function roundTripMeta(meta: Json): void {
  for (const [key, value] of Object.entries(meta)) {
    if (Object.hasOwn(objectMetaSchema.fields ?? {}, key)) clean(meta, key, value);
    else delete meta[key];
  }
}

function isMapField(key: string): boolean {
  return ["nodeSelector", "limits", "requests", "labels", "annotations", "volumeAttributes"].includes(key);
}

const ZEROES: Readonly<Partial<Record<Schema["type"], unknown>>> = {
  string: "",
  integer: 0,
  intOrString: 0,
  boolean: false,
  // The schema then refuses it by that name: `must be of type array: "null"`.
  array: null,
};

/** Fields that are no pointers in Go and not optional appear with their zero when missing. */
export function fillRequired(schema: Schema, value: unknown): void {
  if (Array.isArray(value)) {
    const { items } = schema;
    if (items === undefined) return;
    for (const [index, one] of value.entries()) {
      // A null where Go has a struct reads as an empty one.
      if (one === null && items.type === "object") value[index] = {};
      fillRequired(items, value[index]);
    }
    return;
  }
  if (!isRecord(value)) return;
  if (schema.type === "map") {
    for (const one of Object.values(value)) if (schema.items !== undefined) fillRequired(schema.items, one);
    return;
  }
  for (const [name, field] of Object.entries(schema.fields ?? {})) {
    const isRequired = schema.required?.includes(name) ?? false;
    if (isRequired && (value[name] === undefined || value[name] === null)) {
      value[name] = field.type === "object" ? {} : ZEROES[field.type];
    }
    fillRequired(field, value[name]);
  }
}

/** Traffic and other flat lists of a spec. */
export function roundTripFlat(value: unknown): void {
  cleanAll(value);
}

function isEmptyList(value: unknown): boolean {
  return Array.isArray(value) && value.length === 0;
}

function isRecord(value: unknown): value is Json {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
