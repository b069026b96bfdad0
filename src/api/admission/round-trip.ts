/**
 * What becomes of an object when a Go program reads and writes it, as Knative's webhook does before it fills in
 * defaults (spec A-168): empty texts, lists and false flags vanish, structs appear, quantities take their canonical form.
 */
import { parseQuantity, quantityText } from "../../base/quantity.ts";

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
  if (isRecord(template.metadata)) dropNothings(template.metadata);
  const spec = isRecord(template.spec) ? template.spec : {};
  template.spec = spec;
  roundTripRevisionSpec(spec);
}

export function roundTripRevisionSpec(spec: Json): void {
  // A missing list is written as null; the structural schema then refuses it by that name.
  if (spec.containers === undefined) spec.containers = null;
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
  cleanAll(value);
  const isNothing =
    value === null ||
    (value === "" && !KEPT_TEXTS.has(key)) ||
    isEmptyList(value) ||
    ((value === 0 || value === false) && PLAIN.has(key)) ||
    (isMapField(key) && isRecord(value) && Object.keys(value).length === 0);
  if (isNothing) delete owner[key];
}

function dropNothings(owner: Json): void {
  for (const [key, value] of Object.entries(owner)) clean(owner, key, value);
}

function isMapField(key: string): boolean {
  return ["nodeSelector", "limits", "requests", "labels", "annotations", "volumeAttributes"].includes(key);
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
