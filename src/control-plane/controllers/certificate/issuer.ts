/** Who signs: the engine's own authority. */
export interface CertificateIssuer {
  /** PEM of the authority: what clients trust. */
  readonly authority: string;
  issue(names: CertificateNames, validity: Validity): KeyPair;
  /** What a pair says; undefined when it is not this authority's, or when its halves do not belong together. */
  read(pair: KeyPair): IssuedCertificate | undefined;
}

export interface CertificateNames {
  readonly commonName: string;
  readonly dnsNames: readonly string[];
}

export interface Validity {
  readonly notBeforeMs: number;
  readonly notAfterMs: number;
}

/** PEM. */
export interface KeyPair {
  readonly certificate: string;
  readonly key: string;
}

export interface IssuedCertificate extends Validity {
  readonly dnsNames: readonly string[];
}
