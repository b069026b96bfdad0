import { FieldErrors } from "../admission/field-error.ts";
import { creatorErrors, metadataErrors, rolloutDurationErrors } from "../admission/metadata.ts";
import type { Context } from "../admission/request.ts";
import { nameChangeErrors, templateErrors } from "../revision/validate.ts";
import { trafficErrors } from "../route/validate.ts";
import type { Service } from "./kind.ts";

export function validateService(context: Context, service: Service, old: Service | undefined): FieldErrors {
  let errors = FieldErrors.none;
  if (context.subresource !== "status") {
    const { metadata, spec } = service;
    const below = templateErrors(context, spec.template, metadata)
      .viaField("template")
      .also(trafficErrors(spec.traffic ?? [], "service").viaField("traffic"));
    errors = metadataErrors(context, metadata, "refused")
      .also(rolloutDurationErrors(metadata.annotations).viaField("annotations"))
      .viaField("metadata")
      .also(below.viaField("spec"));
  }
  if (old === undefined) return errors;
  return errors.also(
    creatorErrors(old, service).viaField("metadata.annotations"),
    nameChangeErrors(service.spec.template, old.spec.template).viaField("spec.template"),
  );
}
