import { FieldErrors, missingField } from "../admission/field-error.ts";
import { metadataErrors } from "../admission/metadata.ts";
import type { Context } from "../admission/request.ts";
import type { Metric } from "./kind.ts";

/** spec A-126. */
export function validateMetric(context: Context, metric: Metric): FieldErrors {
  const isEmpty = Object.values(metric.spec ?? {}).every((value) => value === 0 || value === "");
  const specErrors = isEmpty ? missingField("spec") : FieldErrors.none;
  return metadataErrors(context, metric.metadata, "allowed").viaField("metadata").also(specErrors);
}
