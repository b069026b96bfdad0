import { randomBytes } from "node:crypto";
import { issueClientCertificate, issueServerCertificate, makeAuthority } from "../../src/base/x509.ts";

/** Positive, and in as few bytes as it has: anything else is no certificate. */
const serial = () => Uint8Array.of(1, ...randomBytes(7));

/** An authority made for one test, and what it signs. */
export function testAuthority() {
  const hourMs = 3_600_000;
  const validity = { notBeforeMs: Date.now() - hourMs, notAfterMs: Date.now() + 24 * hourMs };
  const authority = makeAuthority("test-ca", validity, serial());
  return {
    /** PEM. */
    certificate: authority.certificate,
    issue(names: readonly string[]): { cert: string; key: string } {
      const server = { name: names[0] ?? "", dnsNames: names, addresses: [Uint8Array.of(127, 0, 0, 1)] };
      const issued = issueServerCertificate(authority, server, { validity, serial: serial() });
      return { cert: issued.certificate, key: issued.key };
    },
    /** For a client. */
    issueClient(name: string): { cert: string; key: string } {
      const issued = issueClientCertificate(authority, { name, groups: [] }, { validity, serial: serial() });
      return { cert: issued.certificate, key: issued.key };
    },
  };
}
