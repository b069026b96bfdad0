import { type FieldCause, invalidValue, required } from "../field-cause.ts";
import type { CustomResourceDefinition } from "./kind.ts";

/** What Kubernetes says of a definition that cannot be one, as far as ebb judges those that it will not serve. */
export function definitionCauses({ metadata, spec = {}, status }: CustomResourceDefinition): FieldCause[] {
  const { group = "", names = {}, scope = "", versions } = spec;
  const { name = "" } = metadata;
  const causes: FieldCause[] = [];
  if (name !== `${names.plural ?? ""}.${group}`)
    causes.push(invalidValue("metadata.name", name, 'must be spec.names.plural+"."+spec.group'));
  if (group === "") causes.push(required("spec.group"));
  if (scope === "") causes.push(required("spec.scope"));
  if ((versions ?? []).filter(({ storage }) => storage).length !== 1)
    causes.push(
      invalidValue("spec.versions", versions, "must have exactly one version marked as storage version"),
    );
  for (const field of ["plural", "singular", "kind", "listKind"] as const)
    if (!names[field]) causes.push(required(`spec.names.${field}`));
  if ((status?.storedVersions ?? []).length === 0) {
    const stored = status?.storedVersions ?? undefined;
    causes.push(invalidValue("status.storedVersions", stored, "must have at least one stored version"));
  }
  return causes;
}

/** Kubernetes' defaults; changes the definition. */
export function defaultDefinition({ spec }: CustomResourceDefinition): void {
  const { names } = spec;
  if (!names?.kind) return;
  names.singular ||= names.kind.toLowerCase();
  names.listKind ||= `${names.kind}List`;
  spec.conversion ??= { strategy: "None" };
}
