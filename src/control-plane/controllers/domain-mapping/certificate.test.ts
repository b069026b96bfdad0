import assert from "node:assert/strict";
import { test } from "node:test";
import type { Certificate, CertificateStatus } from "../../../api/certificate/kind.ts";
import { parseConfig } from "../../../api/config/config.ts";
import type { DomainMapping } from "../../../api/domain-mapping/kind.ts";
import type { Stored } from "../../../api/object.ts";
import type { WriteFailure } from "../../../kube/controller.ts";
import { mappingTls } from "./certificate.ts";
import { mappingIngress } from "./ingress.ts";

const name = "shop.example.org";
const meta = { resourceVersion: "1", generation: 1, creationTimestamp: "2030-01-01T00:00:00Z" };
const network = { "external-domain-tls": "enabled" };

function mappingOf(domain = name): Stored<DomainMapping> {
  const ref = { apiVersion: "v1", kind: "Service", name: "hello", namespace: "default" };
  return { metadata: { ...meta, name: domain, namespace: "default", uid: "m" }, spec: { ref } };
}

function certificateOf(status: CertificateStatus, owner = "m"): Stored<Certificate> {
  const ownerReferences = [{ apiVersion: "x/v1", kind: "DomainMapping", name, uid: owner, controller: true }];
  return {
    metadata: { ...meta, name, namespace: "default", uid: "c", ownerReferences },
    spec: { dnsNames: [name], secretName: name },
    status: { observedGeneration: 1, ...status },
  };
}

const saying = (status: "True" | "False" | "Unknown"): CertificateStatus => ({
  conditions: [{ type: "Ready", status }],
});

function tlsWith(
  stored: Stored<Certificate> | undefined,
  more: { readonly network?: Record<string, string>; readonly failure?: WriteFailure } = {},
) {
  const config = parseConfig({ "config-network": { ...network, ...more.network } });
  const { failure } = more;
  const tls = mappingTls(mappingOf(), stored, { config, nowMs: 0, ...(failure ? { failure } : {}) });
  const { status, reason, message } = tls.told;
  return { ...tls, words: [status, reason, message].filter((text) => text !== undefined).join(" ") };
}

test("each state of the certificate has its words and its scheme (A-057)", () => {
  const off = { "http-protocol": "redirected" };
  assert.deepEqual(
    [
      tlsWith(certificateOf(saying("True"))),
      tlsWith(undefined),
      tlsWith(certificateOf(saying("False"))),
      tlsWith(certificateOf(saying("False")), { network: off }),
    ].map(({ words, scheme, tls }) => [words, scheme, tls.length]),
    [
      ["True", "https", 1],
      [`True HTTPDowngrade Certificate ${name} is not ready downgrade HTTP.`, "http", 0],
      [`True HTTPDowngrade Certificate ${name} is not ready downgrade HTTP.`, "http", 0],
      [`Unknown CertificateNotReady Certificate ${name} is not ready.`, "https", 0],
    ],
  );
});

test("a certificate of someone else, and one that the API refuses, stop the mapping", () => {
  const foreign = tlsWith(certificateOf(saying("True"), "somebody"));
  assert.equal(
    foreign.words,
    `False CertificateNotOwned There is an existing certificate ${name} that we don't own.`,
  );
  const failure = { kind: "Certificate", name, reason: "Invalid", message: "no" };
  const refused = tlsWith(undefined, { failure });
  assert.equal(
    refused.words,
    `False CertificateProvisionFailed Certificate ${name} failed to be provisioned.`,
  );
  assert.ok(foreign.isFatal && refused.isFatal);
});

test("a challenge under the domain leads its paths, one under another host gets a rule of its own (C-053)", () => {
  const challenge = (host: string) => ({
    url: `http://${host}/.well-known/acme-challenge/token`,
    serviceName: "solver",
    serviceNamespace: "default",
    servicePort: 8089,
  });
  const http01Challenges = [challenge(name), challenge("k.example.org")];
  const tls = tlsWith(certificateOf({ ...saying("Unknown"), http01Challenges }));
  const target = { host: "hello.default.svc.cluster.local", service: "hello" };
  const { spec } = mappingIngress(mappingOf(), { target, tls }, parseConfig({}));
  assert.deepEqual(
    spec.rules?.map(({ hosts, http }) => [hosts, http?.paths.map(({ splits }) => splits[0]?.serviceName)]),
    [
      [[name], ["solver", "hello"]],
      [["k.example.org"], ["solver"]],
    ],
  );
});

test("a domain longer than a label may be is shortened in the certificate's name and label alone", () => {
  const domain = `${"a".repeat(60)}.example.org`;
  const config = parseConfig({ "config-network": network });
  const [asked] = mappingTls(mappingOf(domain), undefined, { config, nowMs: 0 }).children;
  assert.ok(asked);
  const { metadata, spec } = asked.object as Certificate;
  assert.deepEqual(spec.dnsNames, [domain]);
  const labels = Object.values(metadata.labels ?? {});
  for (const text of [metadata.name ?? "", ...labels]) assert.ok(text.length <= 63, text);
});
