import type {
  CertificateIssuer,
  IssuedCertificate,
} from "../src/control-plane/controllers/certificate/issuer.ts";

/** Signs nothing: its certificates are what they say. Real keys are never the same twice, so that no run would be. */
export class PaperIssuer implements CertificateIssuer {
  readonly authority = "paper";
  #issued = 0;

  issue({ dnsNames }: { dnsNames: readonly string[] }, validity: Omit<IssuedCertificate, "dnsNames">) {
    const key = String(++this.#issued);
    return { certificate: JSON.stringify({ dnsNames, ...validity, key }), key };
  }

  read({ certificate, key }: { certificate: string; key: string }): IssuedCertificate | undefined {
    try {
      const { key: own, ...issued } = JSON.parse(certificate) as IssuedCertificate & { key: string };
      return own === key ? issued : undefined;
    } catch {
      return undefined;
    }
  }
}
