import { cIdentifierErrors, dns1123LabelErrors, qualifiedNameErrors } from "../syntax.ts";
import type { TargetRef } from "../target-ref.ts";
import { disallowedFields, FieldErrors, HERE, invalidValue, missingField } from "./field-error.ts";

const FORBIDDEN = ["namespace", "uid", "fieldPath", "resourceVersion"];

/** What is scaled lies in the same namespace, hence three fields are enough (spec ). */
export function targetRefErrors(ref: TargetRef | undefined): FieldErrors {
  const given = (ref ?? {}) as Record<string, unknown>;
  return disallowedFields(...FORBIDDEN.filter((field) => given[field])).also(
    partErrors(ref?.apiVersion, "apiVersion", qualifiedNameErrors),
    partErrors(ref?.kind, "kind", cIdentifierErrors),
    partErrors(ref?.name, "name", dns1123LabelErrors),
  );
}

function partErrors(
  text: string | undefined,
  path: string,
  check: (text: string) => readonly string[],
): FieldErrors {
  if (!text) return missingField(path);
  const complaints = check(text);
  return complaints.length === 0 ? FieldErrors.none : invalidValue(complaints.join(", "), path);
}

export function protocolErrors(protocol: string | undefined): FieldErrors {
  if (protocol === "http1" || protocol === "h2c") return FieldErrors.none;
  return protocol ? invalidValue(protocol, HERE) : missingField(HERE);
}
