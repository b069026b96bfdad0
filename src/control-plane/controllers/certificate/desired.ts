import type { Certificate, CertificateStatus } from "../../../api/certificate/kind.ts";
import { CERTIFICATE_UID } from "../../../api/labels.ts";
import type { Stored } from "../../../api/object.ts";
import { type Secret, SecretKind } from "../../../api/secret/kind.ts";
import { Conditions, livingSet } from "../../../kube/conditions.ts";
import { type Context, child, type Desired } from "../../../kube/controller.ts";
import { isControlledBy } from "../../../kube/owned-children.ts";
import { timeText } from "../../../kube/time.ts";
import type { IssuedCertificate, KeyPair } from "./issuer.ts";
import { renewAtMs, unusableName } from "./renewal.ts";

/** A Certificate of the engine's own class becomes a Secret for the gateway, and is Ready with it (A-030, N-016). */

export interface CertificateObserved {
  readonly secret: Stored<Secret> | undefined;
  /** What the Secret holds, where that serves. */
  readonly held: IssuedCertificate | undefined;
  /** Signed just now, because nothing is held or the time has come. */
  readonly fresh: (KeyPair & { readonly authority: string }) | undefined;
}

const set = livingSet();
/** Timers hold no month, and stand still while a laptop sleeps. */
const LOOK_AGAIN_MS = 60 * 60 * 1000;
/** While a Secret that is due is on its way out. */
const TRY_AGAIN_MS = 60 * 1000;

export function desiredCertificate(
  certificate: Stored<Certificate>,
  { secret, held, fresh }: CertificateObserved,
  { nowMs, failure }: Context<unknown>,
): Desired<Certificate> {
  const status: CertificateStatus = { ...certificate.status };
  const conditions = new Conditions(set, status.conditions);
  const children = fresh ? [secretWith(certificate, fresh)] : [];
  const finish = (rest: Partial<Desired<Certificate>> = {}): Desired<Certificate> => ({
    children,
    ...rest,
    status: { ...status, conditions: conditions.list() },
  });
  const { secretName } = certificate.spec;
  const bad = unusableName(certificate.spec);
  if (bad !== undefined) {
    const message = `The host name ${JSON.stringify(bad)} cannot stand in a certificate: use its ASCII form.`;
    conditions.markFalse("Ready", { reason: "InvalidName", message });
    return finish();
  }
  if (secret && !isControlledBy(secret, certificate)) {
    const message = `There is an existing Secret "${secretName}" that we do not own.`;
    conditions.markFalse("Ready", { reason: "NotOwned", message });
    return finish();
  }
  if (!held) {
    const message = failure
      ? `The Secret "${secretName}" cannot be written: ${failure.message}`
      : "The certificate has not yet been signed.";
    conditions.markUnknown("Ready", { reason: "ReconcileFailed", message });
    return finish();
  }
  status.notAfter = timeText(held.notAfterMs);
  conditions.markTrue("Ready");
  const leftMs = Math.max(renewAtMs(held) - nowMs, TRY_AGAIN_MS);
  return finish({ requeueAfterMs: Math.min(leftMs, LOOK_AGAIN_MS) });
}

function secretWith(
  { metadata, spec }: Stored<Certificate>,
  { certificate, key, authority }: KeyPair & { readonly authority: string },
) {
  const object: Secret = {
    metadata: {
      name: spec.secretName,
      namespace: metadata.namespace ?? "",
      labels: { [CERTIFICATE_UID]: metadata.uid },
    },
    type: "kubernetes.io/tls",
    data: {
      "tls.crt": base64(certificate),
      "tls.key": base64(key),
      "ca.crt": base64(authority),
    },
  };
  return child({ kind: SecretKind, object, revise: replaceData });
}

function replaceData(existing: Stored<Secret>, { metadata, data = {} }: Secret): Secret {
  const labels = { ...existing.metadata.labels, ...metadata.labels };
  return { ...existing, metadata: { ...existing.metadata, labels }, data: { ...existing.data, ...data } };
}

function base64(text: string): string {
  return Buffer.from(text).toString("base64");
}
