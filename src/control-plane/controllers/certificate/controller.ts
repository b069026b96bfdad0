import { firstOf } from "../../../api/annotation.ts";
import { type Certificate, CertificateKind } from "../../../api/certificate/kind.ts";
import { CERTIFICATE_CLASS, EBB_CERTIFICATE_CLASS } from "../../../api/labels.ts";
import { keyOf, type Stored } from "../../../api/object.ts";
import { type Secret, SecretKind } from "../../../api/secret/kind.ts";
import type { Clock } from "../../../base/clock.ts";
import { type Controller, watch } from "../../../kube/controller.ts";
import type { IndexBy } from "../../../kube/informer.ts";
import { isControlledBy } from "../../../kube/owned-children.ts";
import { type CertificateObserved, desiredCertificate } from "./desired.ts";
import type { CertificateIssuer, IssuedCertificate, KeyPair } from "./issuer.ts";
import { namesOf, renewAtMs, serves, unusableName, validityFrom } from "./renewal.ts";

/** Certificates of the engine's own class, or of none. */
export function certificateController(options: {
  readonly issuer: CertificateIssuer;
  readonly clock: Clock;
}): Controller<Certificate, CertificateObserved, unknown> {
  const { issuer, clock } = options;
  const fresh = ({ spec }: Certificate, nowMs: number) => ({
    ...issuer.issue(namesOf(spec), validityFrom(nowMs)),
    authority: issuer.authority,
  });
  /** Cached Secrets are never changed in place, and reading one costs more than all the rest. */
  const known = new WeakMap<Stored<Secret>, { readonly issued: IssuedCertificate | undefined }>();
  const issuedIn = (secret: Stored<Secret>) => {
    const read = known.get(secret) ?? { issued: issuer.read(pairOf(secret)) };
    known.set(secret, read);
    return read.issued;
  };
  return {
    name: "certificate-controller",
    kind: CertificateKind,
    watches: [
      watch({
        kind: SecretKind,
        parents: ({ metadata }, caches) =>
          caches.indexed(CertificateKind, bySecret, `${metadata.namespace}/${metadata.name}`).map(keyOf),
      }),
    ],
    concerns: ({ metadata }) =>
      (firstOf(metadata.annotations, CERTIFICATE_CLASS) ?? EBB_CERTIFICATE_CLASS) === EBB_CERTIFICATE_CLASS,
    observe(certificate, caches) {
      const { spec } = certificate;
      const secret = caches.get(SecretKind, { ...keyOf(certificate), name: spec.secretName });
      const issued = secret && issuedIn(secret);
      const nowMs = clock.wall();
      const held = serves(issued, spec, nowMs) ? issued : undefined;
      const isDue = !held || nowMs >= renewAtMs(held);
      const isPossible = unusableName(spec) === undefined && (!secret || isControlledBy(secret, certificate));
      return { secret, held, fresh: isDue && isPossible ? fresh(certificate, nowMs) : undefined };
    },
    desired: desiredCertificate,
  };
}

const bySecret: IndexBy = {
  name: "secret",
  keysOf(object) {
    const { metadata, spec } = object as Certificate;
    return [`${metadata.namespace}/${spec.secretName}`];
  },
};

function pairOf({ data = {} }: Stored<Secret>): KeyPair {
  const text = (name: string) => Buffer.from(data[name] ?? "", "base64").toString();
  return { certificate: text("tls.crt"), key: text("tls.key") };
}
