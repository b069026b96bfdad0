import { randomBytes } from "node:crypto";
import { issueServerCertificate, makeAuthority } from "../../src/base/x509.ts";

/** An authority made for one test, and what it signs. */
export function testAuthority() {
  const hourMs = 3_600_000;
  const validity = { notBeforeMs: Date.now() - hourMs, notAfterMs: Date.now() + 24 * hourMs };
  const authority = makeAuthority("test-ca", validity, randomBytes(8));
  return {
    /** PEM. */
    certificate: authority.certificate,
    issue(names: readonly string[]): { cert: string; key: string } {
      const server = { name: names[0] ?? "", dnsNames: names, addresses: [Uint8Array.of(127, 0, 0, 1)] };
      const issued = issueServerCertificate(authority, server, { validity, serial: randomBytes(8) });
      return { cert: issued.certificate, key: issued.key };
    },
  };
}
