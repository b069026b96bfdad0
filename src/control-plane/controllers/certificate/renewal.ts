import type { CertificateSpec } from "../../../api/certificate/kind.ts";
import type { CertificateNames, IssuedCertificate, Validity } from "./issuer.ts";

/** When a certificate is made anew, and with what (spec A-030). */

const HOUR_MS = 60 * 60 * 1000;
const VALID_MS = 90 * 24 * HOUR_MS;
/** For clocks that are behind. */
const BACKDATED_MS = HOUR_MS;
const COMMON_NAME_MAX = 63;

/** The last third of its life is there for trying again. */
export function renewAtMs({ notBeforeMs, notAfterMs }: Validity): number {
  return notAfterMs - (notAfterMs - notBeforeMs) / 3;
}

/** Good for these very names, and not over. */
export function serves(
  held: IssuedCertificate | undefined,
  { dnsNames }: CertificateSpec,
  nowMs: number,
): held is IssuedCertificate {
  if (!held || nowMs >= held.notAfterMs) return false;
  const names = new Set(held.dnsNames);
  return names.size === new Set(dnsNames).size && dnsNames.every((name) => names.has(name));
}

export function validityFrom(nowMs: number): Validity {
  return { notBeforeMs: nowMs - BACKDATED_MS, notAfterMs: nowMs + VALID_MS };
}

/** A common name has room for 63 characters: a longer host is shortened to its domain (spec C-072). */
export function namesOf({ dnsNames, domain = "" }: CertificateSpec): CertificateNames {
  const [first = ""] = dnsNames;
  const fitting = [first, `k.${domain}`].find(({ length }) => length <= COMMON_NAME_MAX);
  return { commonName: fitting ?? "ebb", dnsNames };
}

/** What no certificate can hold: host names are ASCII, those of other scripts in their encoded form; `*.` may lead. */
export function unusableName({ dnsNames }: CertificateSpec): string | undefined {
  return dnsNames.find((name) => !/^(\*\.)?[\w.-]+$/.test(name));
}
