/** What Knative checks of any object's metadata (spec A-102… ). */
import { isWholeSeconds, parseDuration } from "../../base/duration.ts";
import { findAnnotation } from "../annotation.ts";
import {
  CERTIFICATE_CLASS,
  CREATOR,
  DISABLE_EXTERNAL_TLS,
  HTTP_PROTOCOL,
  INGRESS_CLASS,
  LAST_MODIFIER,
  ROLLOUT_DURATION,
} from "../labels.ts";
import type { ObjectMeta } from "../object.ts";
import { dns1035LabelErrors, dns1035PrefixErrors } from "../syntax.ts";
import { autoscalingAnnotationErrors } from "./autoscaling.ts";
import { FieldErrors, HERE, invalidKeyName, invalidValue, missingField } from "./field-error.ts";
import type { Context } from "./request.ts";
import { isSame } from "./same.ts";

/** `scaling`: whether autoscaling annotations belong on this kind; elsewhere they are refused. */
export function metadataErrors(
  context: Context,
  meta: ObjectMeta,
  scaling: "allowed" | "refused",
): FieldErrors {
  const annotations = meta.annotations ?? {};
  const scalingErrors =
    scaling === "allowed"
      ? autoscalingAnnotationErrors(context.config.autoscaler, annotations)
      : misplacedScalingErrors(annotations);
  return nameErrors(meta).also(scalingErrors.viaField("annotations"));
}

function nameErrors({ name = "", generateName = "" }: ObjectMeta): FieldErrors {
  if (generateName !== "") {
    const errors = dns1035PrefixErrors(generateName);
    if (errors.length > 0) {
      return FieldErrors.of(`not a DNS 1035 label prefix: [${errors.join(" ")}]`, ["generateName"]);
    }
  }
  if (name !== "") {
    const errors = dns1035LabelErrors(name);
    if (errors.length > 0) return FieldErrors.of(`not a DNS 1035 label: [${errors.join(" ")}]`, ["name"]);
  }
  if (name === "" && generateName === "") return FieldErrors.of("name or generateName is required", ["name"]);
  return FieldErrors.none;
}

function misplacedScalingErrors(annotations: Readonly<Record<string, string>>): FieldErrors {
  let errors = FieldErrors.none;
  for (const key of Object.keys(annotations)) {
    if (!key.startsWith("autoscaling.knative.dev")) continue;
    const advice = 'autoscaling annotations must be put under "spec.template.metadata.annotations" to work';
    errors = errors.also(invalidKeyName(key, HERE, advice));
  }
  return errors;
}

export function rolloutDurationErrors(
  annotations: Readonly<Record<string, string>> | undefined,
): FieldErrors {
  return wholeSecondsErrors(annotations, ROLLOUT_DURATION, "rollout-duration");
}

/** A duration that is not negative and has no part below a second; an empty text is no duration. */
export function wholeSecondsErrors(
  annotations: Readonly<Record<string, string>> | undefined,
  keys: readonly string[],
  name: string,
): FieldErrors {
  const found = findAnnotation(annotations, keys);
  if (found === undefined || found.value === "") return FieldErrors.none;
  const { key, value } = found;
  let duration: bigint;
  try {
    duration = parseDuration(value);
  } catch {
    return invalidValue(value, key);
  }
  if (!isWholeSeconds(duration)) return FieldErrors.of(`${name}=${value} is not at second precision`, [key]);
  if (duration < 0n) return FieldErrors.of(`${name}=${value} must be positive`, [key]);
  return FieldErrors.none;
}

const NETWORKING_KEYS = new Set([
  ...INGRESS_CLASS,
  ...CERTIFICATE_CLASS,
  ...DISABLE_EXTERNAL_TLS,
  ...HTTP_PROTOCOL,
]);

export function networkingAnnotationErrors(
  annotations: Readonly<Record<string, string>> | undefined,
): FieldErrors {
  const unknown = Object.keys(annotations ?? {}).filter(
    (key) => key.startsWith("networking.knative.dev") && !NETWORKING_KEYS.has(key),
  );
  return FieldErrors.none.also(...unknown.map((key) => invalidKeyName(key, HERE)));
}

/** A label that names an owner is true only with the owner reference that goes with it (spec A-104). */
export function ownerLabelErrors(meta: ObjectMeta, label: string, ownerKind: string): FieldErrors {
  const value = meta.labels?.[label];
  if (value === undefined) return FieldErrors.none;
  const isTrue = (meta.ownerReferences ?? []).some((one) => one.kind === ownerKind && one.name === value);
  return isTrue ? FieldErrors.none : missingField(label);
}

interface Specified {
  readonly metadata: ObjectMeta;
  readonly spec?: unknown;
}

/** Who made it stays; who changed it may only follow a change (spec A-105). */
export function creatorErrors(old: Specified, updated: Specified): FieldErrors {
  const before = old.metadata.annotations ?? {};
  const after = updated.metadata.annotations ?? {};
  let errors = FieldErrors.none;
  if ((before[CREATOR] ?? "") !== (after[CREATOR] ?? "")) {
    errors = errors.also(FieldErrors.of("annotation value is immutable", [CREATOR]));
  }
  if (isSame(old.spec, updated.spec) && (before[LAST_MODIFIER] ?? "") !== (after[LAST_MODIFIER] ?? "")) {
    errors = errors.also(invalidValue(after[LAST_MODIFIER] ?? "", LAST_MODIFIER));
  }
  return errors;
}

/** Writes down who creates or changes the object (spec A-098). */
export function setUserInfo(context: Context, updated: Specified, old: Specified | undefined): void {
  if (context.operation === "UPDATE" && isSame(old?.spec, updated.spec)) return;
  const annotations: Record<string, string> = updated.metadata.annotations ?? {};
  if (context.operation === "CREATE") annotations[CREATOR] = context.username;
  annotations[LAST_MODIFIER] = context.username;
  updated.metadata.annotations = annotations;
}
