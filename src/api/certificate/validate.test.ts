import assert from "node:assert/strict";
import { test } from "node:test";
import { validateCertificate } from "./validate.ts";

function complaint(spec: { dnsNames: string[]; secretName: string; domain?: string }): string {
  return validateCertificate({ metadata: {}, spec }).text();
}

test("A certificate's domain is one of its names or a suffix of one at a dot", () => {
  const names = { dnsNames: ["a.example.com"], secretName: "s" };
  for (const domain of ["a.example.com", "example.com", ""])
    assert.equal(complaint({ ...names, domain }), "");
  for (const domain of ["xample.com", "other.com"])
    assert.match(complaint({ ...names, domain }), /must be a suffix/);
});

test("A certificate without names or secret lacks both", () => {
  assert.equal(
    complaint({ dnsNames: [], secretName: "" }),
    "missing field(s): spec.dnsNames, spec.secretName",
  );
});
