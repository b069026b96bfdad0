import { FieldErrors, HERE, missingField } from "../admission/field-error.ts";
import { metadataErrors } from "../admission/metadata.ts";
import type { Context } from "../admission/request.ts";
import { isSame } from "../admission/same.ts";
import { protocolErrors, targetRefErrors } from "../admission/target-ref.ts";
import { concurrencyErrors } from "../revision/validate.ts";
import type { PodAutoscaler, PodAutoscalerSpec } from "./kind.ts";

export function validatePodAutoscaler(context: Context, autoscaler: PodAutoscaler): FieldErrors {
  return metadataErrors(context, autoscaler.metadata, "allowed")
    .viaField("metadata")
    .also(specErrors(context, autoscaler.spec).viaField("spec"));
}

function specErrors({ config }: Context, spec: PodAutoscalerSpec): FieldErrors {
  const isEmpty = Object.values(spec ?? {}).every((value) => isSame(value, undefined) || value === "");
  if (isEmpty) return missingField(HERE);
  return FieldErrors.none.also(
    targetRefErrors(spec.scaleTargetRef).viaField("scaleTargetRef"),
    concurrencyErrors(config.defaults, spec.containerConcurrency ?? 0).viaField("containerConcurrency"),
    protocolErrors(spec.protocolType).viaField("protocolType"),
  );
}
