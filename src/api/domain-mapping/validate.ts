import { disallowedFields, FieldErrors, missingField } from "../admission/field-error.ts";
import { creatorErrors } from "../admission/metadata.ts";
import type { Context } from "../admission/request.ts";
import { CLUSTER_DOMAIN } from "../names.ts";
import type { ObjectMeta } from "../object.ts";
import type { DomainMapping, Reference } from "./kind.ts";

/** spec. */
export function validateDomainMapping(
  context: Context,
  mapping: DomainMapping,
  old: DomainMapping | undefined,
): FieldErrors {
  // The status' writer answers for the status alone.
  if (context.subresource === "status") return FieldErrors.none;
  const { metadata, spec } = mapping;
  const errors = nameErrors(metadata)
    .viaField("metadata")
    .also(referenceErrors(spec.ref ?? {}, metadata.namespace ?? "").viaField("spec", "ref"));
  if (old === undefined) return errors;
  return errors.also(creatorErrors(old, mapping).viaField("metadata.annotations"));
}

/** The server's own check of names has judged all but how many segments there are. */
function nameErrors({ name = "", generateName = "" }: ObjectMeta): FieldErrors {
  const complaints = name === "" ? [] : domainComplaints(name);
  const text = `must not be a subdomain of cluster local domain "${CLUSTER_DOMAIN}"`;
  if (name.endsWith(`.${CLUSTER_DOMAIN}`)) complaints.push(text);
  return FieldErrors.none.also(
    generateName === "" ? FieldErrors.none : disallowedFields("generateName"),
    ...complaints.map((complaint) =>
      FieldErrors.of(`invalid name ${JSON.stringify(name)}: ${complaint}`, ["name"]),
    ),
  );
}

function domainComplaints(name: string): string[] {
  if (name.includes(".")) return [];
  const shown = JSON.stringify(name);
  return [`name: Invalid value: ${shown}: should be a domain with at least two segments separated by dots`];
}

function referenceErrors(ref: Reference, parentNamespace: string): FieldErrors {
  const missing = (["name", "apiVersion", "kind"] as const).filter((field) => (ref[field] ?? "") === "");
  const { namespace = "", group = "" } = ref;
  const errors = FieldErrors.none.also(
    missing.length === 0 ? FieldErrors.none : missingField(...missing),
    group === "" ? FieldErrors.none : disallowedFields("group"),
  );
  if (namespace === "" || namespace === parentNamespace) return errors;
  const [parent, other] = [JSON.stringify(parentNamespace), JSON.stringify(namespace)];
  const details = `parent namespace: ${parent} does not match ref: ${other}`;
  return errors.also(FieldErrors.of("mismatched namespaces", ["namespace"], details));
}
