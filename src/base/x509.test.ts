import assert from "node:assert/strict";
import { X509Certificate } from "node:crypto";
import { test } from "node:test";
import { issueServerCertificate, makeAuthority } from "./x509.ts";

test("a server certificate is signed by its authority and names loopback", () => {
  const validity = { notBeforeMs: Date.UTC(2030, 0, 1), notAfterMs: Date.UTC(2055, 0, 1) };
  const authority = makeAuthority("test-ca", validity, Uint8Array.of(1, 255, 0));
  const server = { name: "api", dnsNames: ["localhost"], addresses: [Uint8Array.of(127, 0, 0, 1)] };
  const issued = issueServerCertificate(authority, server, { validity, serial: Uint8Array.of(200) });
  const ca = new X509Certificate(authority.certificate);
  const certificate = new X509Certificate(issued.certificate);
  assert.ok(ca.ca);
  assert.ok(ca.verify(ca.publicKey));
  assert.ok(certificate.verify(ca.publicKey));
  assert.ok(certificate.checkIssued(ca));
  assert.equal(certificate.subjectAltName, "DNS:localhost, IP Address:127.0.0.1");
  assert.equal(certificate.serialNumber, "C8");
  assert.equal(certificate.validTo, "Jan  1 00:00:00 2055 GMT");
});
