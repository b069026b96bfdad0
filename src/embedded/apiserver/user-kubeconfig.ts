import { createPrivateKey, createPublicKey } from "node:crypto";
import type { Clock } from "../../base/clock.ts";
import { EbbError } from "../../base/errors.ts";
import type { Random } from "../../base/random.ts";
import { issueClientCertificate } from "../../base/x509.ts";
import type { Credentials } from "./credentials.ts";
import { inBase64, kubeconfigText } from "./kubeconfig-text.ts";

export interface UserToName {
  readonly name: string;
  readonly groups: readonly string[];
  readonly validDays: number;
}

const DAY_MS = 24 * 60 * 60 * 1000;
/** Clocks of other machines may be late. */
const LATENESS_MS = 5 * 60 * 1000;

/** For somebody who is known by a certificate of the API's authority, and may what RBAC gives them (spec E-215). */
export function userKubeconfig(
  user: UserToName,
  api: { readonly url: string; readonly credentials: Credentials },
  { clock, random }: { readonly clock: Clock; readonly random: Random },
): string {
  const { caCertificate, caKey } = api.credentials;
  if (caKey === undefined) {
    const text = "the API's authority was made by a version of ebb that did not keep its key";
    throw new EbbError(
      "no-authority-key",
      `${text}; delete the home's credentials and start the engine again`,
    );
  }
  const key = createPrivateKey(caKey);
  const authority = { certificate: caCertificate, key, name: "ebb-ca", publicKey: createPublicKey(caKey) };
  const nowMs = clock.wall();
  const validity = { notBeforeMs: nowMs - LATENESS_MS, notAfterMs: nowMs + user.validDays * DAY_MS };
  const serial = Uint8Array.of(1, ...random.bytes(15));
  const issued = issueClientCertificate(authority, user, { validity, serial });
  const proof = {
    "client-certificate-data": inBase64(issued.certificate),
    "client-key-data": inBase64(issued.key),
  };
  return kubeconfigText({ url: api.url, caCertificate, user: user.name, proof });
}
