import { FieldErrors, invalidValue, missingField } from "../admission/field-error.ts";
import type { Certificate } from "./kind.ts";

/** spec A-128 with its erratum. */
export function validateCertificate({ spec }: Certificate): FieldErrors {
  const { dnsNames, domain = "", secretName } = spec;
  const empty = dnsNames.flatMap((name, index) =>
    name === "" ? [invalidValue("", "").viaFieldIndex("dnsNames", index)] : [],
  );
  const errors = FieldErrors.none.also(
    dnsNames.length === 0 ? missingField("dnsNames") : FieldErrors.none,
    ...empty,
    secretName === "" ? missingField("secretName") : FieldErrors.none,
  );
  return errors.also(domainErrors(domain, dnsNames)).viaField("spec");
}

function domainErrors(domain: string, dnsNames: readonly string[]): FieldErrors {
  if (domain === "" || dnsNames.length === 0) return FieldErrors.none;
  if (dnsNames.some((name) => name === domain || name.endsWith(`.${domain}`))) return FieldErrors.none;
  const text = "invalid value: domain";
  return FieldErrors.of(text, [
    "domain must be a suffix of, or match exactly, at least one entry in dnsNames",
  ]);
}
