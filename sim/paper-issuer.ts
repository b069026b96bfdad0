import { makeAuthority } from "../src/base/x509.ts";
import type {
  CertificateIssuer,
  IssuedCertificate,
  KeyPair,
} from "../src/control-plane/controllers/certificate/issuer.ts";

/**
 * Signs nothing: its certificates are what the line behind the PEM says. The one real pair in front of it satisfies the
 * gateway, and takes the same room in each run, so that runs with the same seed stay the same.
 */
export class PaperIssuer implements CertificateIssuer {
  readonly authority = "paper";
  #issued = 0;

  issue(
    { dnsNames }: { dnsNames: readonly string[] },
    validity: Omit<IssuedCertificate, "dnsNames">,
  ): KeyPair {
    const number = ++this.#issued;
    const { certificate, key } = realPair();
    return {
      certificate: `${certificate}${JSON.stringify({ dnsNames, ...validity, number })}`,
      key: `${key}${number}`,
    };
  }

  read({ certificate, key }: KeyPair): IssuedCertificate | undefined {
    try {
      const { number, ...issued } = paperOf(certificate);
      return key.endsWith(`\n${number}`) ? issued : undefined;
    } catch {
      return undefined;
    }
  }
}

/** Throws where there is none. */
export function paperOf(certificate: string): IssuedCertificate & { number: number } {
  return JSON.parse(certificate.slice(certificate.lastIndexOf("\n") + 1));
}

let made: KeyPair | undefined;

function realPair(): KeyPair {
  made ??= makePair();
  return made;
}

/** Signatures differ in length by a byte or two: those of the rarer lengths are thrown away. */
const PEM_LENGTH = 522;

function makePair(): KeyPair {
  const validity = { notBeforeMs: Date.UTC(2020, 0, 1), notAfterMs: Date.UTC(2049, 0, 1) };
  const { certificate, key } = makeAuthority("paper", validity, Uint8Array.of(1));
  if (certificate.length !== PEM_LENGTH) return makePair();
  return { certificate, key: key.export({ type: "pkcs8", format: "pem" }).toString() };
}
