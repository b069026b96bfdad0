/**
 * Knative's admission webhooks as one pure function (spec §1.6–1.10): fill in defaults, check the shape, then the
 * rules. Kinds without rules of Knative's pass as they are.
 */

import { messageOf } from "../../base/errors.ts";
import { copyJson } from "../../base/json.ts";
import { parseQuantity } from "../../base/quantity.ts";
import type { Certificate } from "../certificate/kind.ts";
import { validateCertificate } from "../certificate/validate.ts";
import { defaultConfiguration } from "../configuration/defaults.ts";
import type { Configuration } from "../configuration/kind.ts";
import { validateConfiguration } from "../configuration/validate.ts";
import { defaultDomainMapping } from "../domain-mapping/defaults.ts";
import type { DomainMapping } from "../domain-mapping/kind.ts";
import { validateDomainMapping } from "../domain-mapping/validate.ts";
import { defaultIngress } from "../ingress/defaults.ts";
import type { Ingress } from "../ingress/kind.ts";
import { validateIngress } from "../ingress/validate.ts";
import type { Kind } from "../kind.ts";
import type { Metric } from "../metric/kind.ts";
import { validateMetric } from "../metric/validate.ts";
import type { ApiObject } from "../object.ts";
import { objectNameErrors } from "../object-name.ts";
import { defaultPodAutoscaler } from "../pod-autoscaler/defaults.ts";
import type { PodAutoscaler } from "../pod-autoscaler/kind.ts";
import { validatePodAutoscaler } from "../pod-autoscaler/validate.ts";
import { podSpecSchema } from "../pod-spec.ts";
import { defaultRevisionSpec } from "../revision/defaults.ts";
import { dryRunProblem } from "../revision/dry-run-pod.ts";
import type { Revision } from "../revision/kind.ts";
import { validateRevision } from "../revision/validate.ts";
import { defaultRoute } from "../route/defaults.ts";
import type { Route } from "../route/kind.ts";
import { validateRoute } from "../route/validate.ts";
import type { ServerlessService } from "../serverless-service/kind.ts";
import { validateServerlessService } from "../serverless-service/validate.ts";
import { defaultService } from "../service/defaults.ts";
import type { Service } from "../service/kind.ts";
import { validateService } from "../service/validate.ts";
import {
  applySchemaDefaults,
  asStatusErrors,
  errorsText,
  type StructuralError,
  structuralErrors,
} from "../structural.ts";
import { decodeText } from "./decode-text.ts";
import type { FieldErrors } from "./field-error.ts";
import { AdmissionDenied, type AdmissionRequest, type AdmissionResult, type Context } from "./request.ts";
import { fillRequired, roundTripFlat, roundTripRevisionSpec, roundTripTemplate } from "./round-trip.ts";

interface Rules {
  /** Brings the object into the form in which a typed program would write it. */
  readonly normalize: (spec: Record<string, unknown>) => void;
  readonly defaults: (context: Context, object: ApiObject, old: ApiObject | undefined) => void;
  readonly validate: (context: Context, object: ApiObject, old: ApiObject | undefined) => FieldErrors;
}

/** Casts once where kinds are looked up by name; below it everything is typed. */
function rulesOf<T extends ApiObject>(rules: {
  readonly normalize: (spec: Record<string, unknown>) => void;
  readonly defaults: (context: Context, object: T, old: T | undefined) => void;
  readonly validate: (context: Context, object: T, old: T | undefined) => FieldErrors;
}): Rules {
  return rules as Rules;
}

function normalizeTemplate(spec: Record<string, unknown>): void {
  const template = isRecord(spec.template) ? spec.template : {};
  spec.template = template;
  roundTripTemplate(template);
  if (spec.traffic !== undefined) roundTripFlat(spec.traffic);
}

const RULES: Readonly<Record<string, Rules>> = {
  "serving.knative.dev/Service": rulesOf<Service>({
    normalize: normalizeTemplate,
    defaults: defaultService,
    validate: validateService,
  }),
  "serving.knative.dev/Configuration": rulesOf<Configuration>({
    normalize: normalizeTemplate,
    defaults: defaultConfiguration,
    validate: validateConfiguration,
  }),
  "serving.knative.dev/Revision": rulesOf<Revision>({
    normalize: roundTripRevisionSpec,
    defaults: ({ config, operation }, { spec }) => {
      // Revisions never change, so new defaults must not make them look changed.
      if (operation === "CREATE") defaultRevisionSpec(spec, { config, parent: {}, isCreate: true });
    },
    validate: validateRevision,
  }),
  "serving.knative.dev/Route": rulesOf<Route>({
    normalize: (spec) => roundTripFlat(spec),
    defaults: defaultRoute,
    validate: validateRoute,
  }),
  "autoscaling.internal.knative.dev/PodAutoscaler": rulesOf<PodAutoscaler>({
    normalize: (spec) => {
      dropZeroes(spec, ["reachability", "containerConcurrency"]);
    },
    defaults: defaultPodAutoscaler,
    validate: validatePodAutoscaler,
  }),
  "autoscaling.internal.knative.dev/Metric": rulesOf<Metric>({
    normalize: () => undefined,
    defaults: () => undefined,
    validate: validateMetric,
  }),
  "networking.internal.knative.dev/ServerlessService": rulesOf<ServerlessService>({
    normalize: (spec) => {
      dropZeroes(spec, ["mode", "numActivators"]);
    },
    defaults: () => undefined,
    validate: (_context, service) => validateServerlessService(service),
  }),
  "serving.knative.dev/DomainMapping": rulesOf<DomainMapping>({
    normalize: normalizeDomainMapping,
    defaults: defaultDomainMapping,
    validate: validateDomainMapping,
  }),
  "networking.internal.knative.dev/Certificate": rulesOf<Certificate>({
    normalize: (spec) => {
      dropZeroes(spec, ["domain"]);
      // A list left out is written as null, and then refused by that name (spec E-202).
      spec.dnsNames ??= null;
    },
    defaults: () => undefined,
    validate: (_context, certificate) => validateCertificate(certificate),
  }),
  "networking.internal.knative.dev/Ingress": rulesOf<Ingress>({
    normalize: normalizeIngress,
    defaults: (_context, ingress) => defaultIngress(ingress),
    validate: (_context, ingress) => validateIngress(ingress),
  }),
};

/** Optional fields that are no pointers in Go vanish when they say nothing. */
function dropZeroes(owner: Record<string, unknown>, fields: readonly string[]): void {
  for (const field of fields) {
    const value = owner[field];
    if (value === "" || value === 0 || (Array.isArray(value) && value.length === 0)) delete owner[field];
  }
}

/** The target and a TLS secret's name are always written, even empty. */
function normalizeDomainMapping(spec: Record<string, unknown>): void {
  spec.ref ??= {};
  if (isRecord(spec.ref)) {
    dropZeroes(spec.ref, ["namespace", "group", "apiVersion", "address"]);
    spec.ref.kind ??= "";
    spec.ref.name ??= "";
  }
  if (isRecord(spec.tls)) spec.tls.secretName ??= "";
}

function normalizeIngress(spec: Record<string, unknown>): void {
  dropZeroes(spec, ["httpOption", "rules", "tls"]);
  for (const rule of listOf(spec.rules)) {
    dropZeroes(rule, ["hosts", "visibility"]);
    for (const path of listOf(isRecord(rule.http) ? rule.http.paths : undefined)) {
      for (const split of listOf(path.splits)) dropZeroes(split, ["percent"]);
    }
  }
}

function listOf(value: unknown): Record<string, unknown>[] {
  return Array.isArray(value) ? value.filter(isRecord) : [];
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/**
 * The object to store and the warnings to show. Throws AdmissionDenied with the status code and text of the program
 * that would have refused: a webhook (400) or the API server's schema (422). `request.object` is not changed.
 */
export function admit(request: AdmissionRequest): AdmissionResult {
  const { kind, operation } = request;
  if (operation === "DELETE") return { object: request.object, warnings: [] };
  const object = copyJson(request.object);
  const rules = RULES[`${kind.group}/${kind.kind}`];
  applySchemaDefaults(kind.schema, object);
  if (rules === undefined) {
    refuseShape(request, object, []);
    return { object, warnings: [] };
  }
  const old = operation === "UPDATE" ? request.oldObject : undefined;
  const context: Context = {
    config: request.config,
    operation,
    subresource: request.subresource ?? "",
    username: request.user.username,
  };
  refuseTypes(kind, object);
  const holder = object as ApiObject & { spec?: Record<string, unknown>; status?: unknown };
  holder.spec = isRecord(holder.spec) ? holder.spec : {};
  rules.normalize(holder.spec);
  const specSchema = kind.schema.fields?.spec;
  if (specSchema !== undefined) fillRequired(specSchema, holder.spec);
  const statusSchema = kind.schema.fields?.status;
  if (statusSchema !== undefined && isRecord(holder.status)) fillRequired(statusSchema, holder.status);
  if (kind.group === "serving.knative.dev" && kind.kind !== "Route") refuseGatedTypes(holder.spec);
  rules.defaults(context, object, old);
  applySchemaDefaults(kind.schema, object);
  refuseShape(request, object, untimedConditionErrors(object));
  const warnings = judged(rules.validate(context, object, old));
  if (request.dryRun) refuseImpossiblePod(request, object, warnings);
  return { object, warnings };
}

/** A Configuration that a Service made was tried with its Service (spec A-170). */
function refuseImpossiblePod(
  request: AdmissionRequest,
  object: ApiObject,
  warnings: readonly string[],
): void {
  const { kind, subresource = "", hasServiceAccount = () => true } = request;
  if (kind.group !== "serving.knative.dev" || subresource !== "") return;
  const owned = object.metadata.ownerReferences?.some(({ kind }) => kind === "Service") ?? false;
  if (kind.kind !== "Service" && (kind.kind !== "Configuration" || owned)) return;
  const problem = dryRunProblem({
    spec: (object as Configuration).spec.template.spec,
    namespace: object.metadata.namespace ?? "",
    hasServiceAccount,
    suffix: request.suffix ?? "",
  });
  if (problem === undefined) return;
  throw new AdmissionDenied(
    'admission webhook "validation.webhook.serving.knative.dev" denied the request: validation callback failed: ' +
      `dry run failed with ${problem}: spec.template`,
    { warnings },
  );
}

/** Values of a wrong type never reach the defaults. */
function refuseTypes(kind: Kind, object: ApiObject): void {
  const wrong = structuralErrors(kind.schema, object).find(
    (error) => error.reason === "FieldValueTypeInvalid" && !error.message.startsWith('Invalid value: "null"'),
  );
  if (wrong !== undefined) throw undecodable(decodeText(kind, object, wrong.field));
}

function undecodable(why: string): AdmissionDenied {
  return new AdmissionDenied(
    'admission webhook "webhook.serving.knative.dev" denied the request: mutation failed: ' +
      `cannot decode incoming new object: ${why}`,
  );
}

/** Fields behind a flag may hold anything by the schema; a pod's own schema tells their types. */
function refuseGatedTypes(spec: Record<string, unknown>): void {
  const template = isRecord(spec.template) ? spec.template.spec : spec;
  const path = isRecord(spec.template) ? "spec.template.spec" : "spec";
  const wrong = structuralErrors(podSpecSchema, template, path).find(
    ({ reason, field }) => reason === "FieldValueTypeInvalid" && field !== `${path}.containers`,
  );
  if (wrong !== undefined) throw undecodable(`${wrong.field}: ${wrong.message}`);
  if (!isRecord(template)) return;
  for (const container of [...listOf(template.containers), ...listOf(template.initContainers)])
    for (const list of Object.values(isRecord(container.resources) ? container.resources : {}))
      if (isRecord(list)) for (const amount of Object.values(list)) refuseQuantity(amount);
  const volumes = Array.isArray(template.volumes) ? template.volumes : [];
  for (const volume of volumes) {
    const limit = isRecord(volume) && isRecord(volume.emptyDir) ? volume.emptyDir.sizeLimit : undefined;
    if (limit !== undefined) refuseQuantity(limit);
  }
}

function refuseQuantity(amount: unknown): void {
  try {
    parseQuantity(String(amount));
  } catch (thrown) {
    throw undecodable(messageOf(thrown));
  }
}

function refuseShape(
  { kind, subresource }: AdmissionRequest,
  object: ApiObject,
  more: readonly StructuralError[],
): void {
  const found = structuralErrors(kind.schema, object);
  const errors: StructuralError[] = [
    ...(kind.custom ? objectNameErrors(object.metadata) : []),
    ...(subresource === "status" ? asStatusErrors(found) : found),
    ...more,
  ];
  if (errors.length === 0) return;
  const resource = kind.group === "" ? kind.kind : `${kind.kind}.${kind.group}`;
  const name = JSON.stringify(object.metadata.name ?? "");
  throw new AdmissionDenied(`${resource} ${name} is invalid: ${errorsText(errors)}`, {
    code: 422,
    reason: "Invalid",
    causes: errors,
  });
}

/** A condition without a time is written as null by Knative's program, and then refused by that name (E-202). */
function untimedConditionErrors(object: ApiObject): StructuralError[] {
  const { status } = object as { status?: unknown };
  const conditions = isRecord(status) && Array.isArray(status.conditions) ? status.conditions : [];
  return conditions.flatMap((condition: unknown, index) => {
    if (!isRecord(condition) || typeof condition.lastTransitionTime === "string") return [];
    const field = `conditions[${index}].lastTransitionTime`;
    const message = `Invalid value: "null": ${field} in body must be of type string: "null"`;
    return [{ field: `status.${field}`, reason: "FieldValueTypeInvalid" as const, message }];
  });
}

/** The warnings; errors are thrown, with the warnings beside them. */
function judged(errors: FieldErrors): readonly string[] {
  const warningText = errors.filter("Warning").text();
  const warnings = warningText === "" ? [] : warningText.split("\n");
  const refused = errors.filter("Error");
  if (refused.isEmpty) return warnings;
  throw new AdmissionDenied(
    'admission webhook "validation.webhook.serving.knative.dev" denied the request: validation failed: ' +
      refused.text(),
    { warnings },
  );
}
