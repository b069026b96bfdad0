import { FieldErrors } from "../admission/field-error.ts";
import { creatorErrors, metadataErrors, ownerLabelErrors } from "../admission/metadata.ts";
import type { Context } from "../admission/request.ts";
import { SERVICE } from "../labels.ts";
import { nameChangeErrors, templateErrors } from "../revision/validate.ts";
import type { Configuration } from "./kind.ts";

export function validateConfiguration(
  context: Context,
  configuration: Configuration,
  old: Configuration | undefined,
): FieldErrors {
  const { metadata, spec } = configuration;
  let errors = FieldErrors.none;
  if (context.subresource !== "status") {
    errors = metadataErrors(context, metadata, "refused")
      .also(ownerLabelErrors(metadata, SERVICE, "Service").viaField("labels"))
      .viaField("metadata")
      .also(templateErrors(context, spec.template, metadata).viaField("template").viaField("spec"));
  }
  if (old === undefined) return errors;
  if (metadata.ownerReferences === undefined) {
    errors = errors.also(creatorErrors(old, configuration).viaField("metadata.annotations"));
  }
  return errors.also(nameChangeErrors(spec.template, old.spec.template).viaField("spec.template"));
}
