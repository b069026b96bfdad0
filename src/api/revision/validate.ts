/** Validation of revisions and of the templates that they are made from (spec A-105…A-112). */

import { floatText, parseFloat64 } from "../../base/numerals.ts";
import { parseQuantity } from "../../base/quantity.ts";
import { autoscalingAnnotationErrors } from "../admission/autoscaling.ts";
import { shortDiff } from "../admission/diff.ts";
import { FieldErrors, HERE, invalidValue, outOfBounds } from "../admission/field-error.ts";
import {
  metadataErrors,
  networkingAnnotationErrors,
  ownerLabelErrors,
  wholeSecondsErrors,
} from "../admission/metadata.ts";
import type { Context } from "../admission/request.ts";
import { findAnnotation } from "../annotation.ts";
import type { DefaultsConfig } from "../config/defaults.ts";
import { CONFIGURATION, PROGRESS_DEADLINE } from "../labels.ts";
import type { ObjectMeta } from "../object.ts";
import type { RevisionSpec, RevisionTemplate } from "../revision-spec.ts";
import { dns1035LabelErrors, dns1035PrefixErrors } from "../syntax.ts";
import type { Revision } from "./kind.ts";
import { podSpecErrors } from "./pod-rules.ts";

type Annotations = Readonly<Record<string, string>> | undefined;

export function validateRevision(
  context: Context,
  revision: Revision,
  old: Revision | undefined,
): FieldErrors {
  const { metadata } = revision;
  const errors = metadataErrors(context, metadata, "allowed")
    .also(ownerLabelErrors(metadata, CONFIGURATION, "Configuration").viaField("labels"))
    .viaField("metadata");
  if (old === undefined) return errors.also(revisionSpecErrors(context, revision.spec).viaField("spec"));
  const diff = shortDiff("v1.RevisionSpec", old.spec, revision.spec);
  // A changed spec is told alone (errata A-105).
  return diff === "" ? errors : FieldErrors.of("Immutable fields changed (-old +new)", ["spec"], diff);
}

function revisionSpecErrors({ config }: Context, spec: RevisionSpec): FieldErrors {
  return podSpecErrors(config.features, spec ?? { containers: [] }).also(
    timeoutErrors(config.defaults, spec?.timeoutSeconds ?? 0),
    concurrencyErrors(config.defaults, spec?.containerConcurrency).viaField("containerConcurrency"),
  );
}

function timeoutErrors({ maxRevisionTimeoutSeconds }: DefaultsConfig, seconds: number): FieldErrors {
  if (seconds >= 0 && seconds <= maxRevisionTimeoutSeconds) return FieldErrors.none;
  return outOfBounds({ value: seconds, low: 0, high: maxRevisionTimeoutSeconds, path: "timeoutSeconds" });
}

export function concurrencyErrors(defaults: DefaultsConfig, concurrency: number | undefined): FieldErrors {
  if (concurrency === undefined) return FieldErrors.none;
  const low = defaults.allowContainerConcurrencyZero ? 0 : 1;
  const high = defaults.containerConcurrencyMaxLimit;
  if (concurrency >= low && concurrency <= high) return FieldErrors.none;
  return outOfBounds({ value: concurrency, low, high, path: HERE });
}

/** The template inside a Service or Configuration called `parent`. */
export function templateErrors(
  context: Context,
  template: RevisionTemplate,
  parent: ObjectMeta,
): FieldErrors {
  const meta = template?.metadata ?? {};
  const scaling = autoscalingAnnotationErrors(context.config.autoscaler, meta.annotations ?? {});
  return revisionSpecErrors(context, template?.spec)
    .viaField("spec")
    .also(
      scaling.viaField("metadata.annotations"),
      networkingAnnotationErrors(meta.annotations).viaField("metadata.annotations"),
      templateNameErrors(meta, parent),
      sidecarErrors(meta.annotations).viaField("metadata.annotations"),
      wholeSecondsErrors(meta.annotations, [PROGRESS_DEADLINE], "progress-deadline").viaField(
        "metadata.annotations",
      ),
    );
}

function templateNameErrors({ name = "", generateName = "" }: ObjectMeta, parent: ObjectMeta): FieldErrors {
  if (generateName !== "") {
    const errors = dns1035PrefixErrors(generateName);
    if (errors.length > 0) {
      return invalidValue(`not a DNS 1035 label prefix: [${errors.join(" ")}]`, "metadata.generateName");
    }
  }
  if (name === "") return FieldErrors.none;
  const errors = dns1035LabelErrors(name);
  if (errors.length > 0) {
    return invalidValue(`not a DNS 1035 label: [${errors.join(" ")}]`, "metadata.name");
  }
  const prefix = `${parent.name ?? ""}-`;
  if (name.startsWith(prefix)) return FieldErrors.none;
  const text = `${JSON.stringify(name)} must have prefix ${JSON.stringify(prefix)}`;
  return invalidValue(text, "metadata.name");
}

const SIDECAR = "queue.sidecar.serving.knative.dev/";
const PERCENTAGE = [`${SIDECAR}resource-percentage`, `${SIDECAR}resourcePercentage`];
const SIDECAR_QUANTITIES = ["cpu", "memory", "ephemeral-storage"].flatMap((resource) => [
  `${SIDECAR}${resource}-resource-request`,
  `${SIDECAR}${resource}-resource-limit`,
]);

function sidecarErrors(annotations: Annotations): FieldErrors {
  let errors = FieldErrors.none;
  const percentage = findAnnotation(annotations, PERCENTAGE);
  if (percentage !== undefined) errors = errors.also(percentageErrors(percentage.key, percentage.value));
  for (const key of SIDECAR_QUANTITIES) {
    const value = annotations?.[key];
    if (value === undefined) continue;
    try {
      parseQuantity(value);
    } catch {
      errors = errors.also(invalidValue(value, HERE).viaKey(key));
    }
  }
  return errors;
}

function percentageErrors(key: string, text: string): FieldErrors {
  const warning = FieldErrors.of(
    "Queue proxy resource percentage annotation is deprecated. Please use the available annotations to explicitly set" +
      " resource values per service",
    [],
  ).at("Warning");
  let value: number;
  try {
    value = parseFloat64(text);
  } catch {
    return warning.also(invalidValue(text, HERE).viaKey(key));
  }
  if (!(value < 0.1 || value > 100)) return warning;
  return warning.also(outOfBounds({ value: floatText(value), low: 0.1, high: 100, path: HERE }).viaKey(key));
}

/** A template that keeps its name must stay the same. */
export function nameChangeErrors(
  template: RevisionTemplate | undefined,
  old: RevisionTemplate | undefined,
): FieldErrors {
  const name = template?.metadata?.name ?? "";
  if (name === "" || name !== (old?.metadata?.name ?? "")) return FieldErrors.none;
  const diff = shortDiff("*v1.RevisionTemplateSpec", old, template);
  if (diff === "") return FieldErrors.none;
  return FieldErrors.of(
    "Saw the following changes without a name change (-old +new)",
    ["metadata.name"],
    diff,
  );
}
