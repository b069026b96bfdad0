import { FieldErrors, invalidValue, missingField } from "../admission/field-error.ts";
import { networkingAnnotationErrors } from "../admission/metadata.ts";
import { isSame } from "../admission/same.ts";
import { protocolErrors, targetRefErrors } from "../admission/target-ref.ts";
import type { ServerlessService } from "./kind.ts";

/** spec A-127. */
export function validateServerlessService(service: ServerlessService): FieldErrors {
  const errors = networkingAnnotationErrors(service.metadata.annotations).viaField("annotations");
  const spec = service.spec ?? {};
  const isEmpty = Object.values(spec).every((value) => isSame(value, undefined) || value === "");
  if (isEmpty) return errors.also(missingField("spec"));
  const activators = spec.numActivators ?? 0;
  const below = modeErrors(spec.mode).also(
    activators < 0 ? invalidValue(activators, "numActivators") : FieldErrors.none,
    targetRefErrors(spec.objectRef).viaField("objectRef"),
    protocolErrors(spec.protocolType).viaField("protocolType"),
  );
  return errors.also(below.viaField("spec"));
}

function modeErrors(mode: string | undefined): FieldErrors {
  if (mode === "Serve" || mode === "Proxy") return FieldErrors.none;
  return mode ? invalidValue(mode, "mode") : missingField("mode");
}
