import { createPrivateKey, createPublicKey, type KeyObject, sign, verify } from "node:crypto";
import type { Clock } from "../../../base/clock.ts";
import type { Random } from "../../../base/random.ts";
import { isRecord, recordAt } from "../any-object.ts";
import type { Storage } from "../storage/storage.ts";
import { type KnownIdentity, serviceAccountGroups } from "./identity.ts";

/** Signed tokens of service accounts: JSON Web Tokens with ES256, bound to the account's uid (spec E-213). */

export const ISSUER = "https://kubernetes.default.svc.cluster.local";

export interface TokenOwner {
  readonly namespace: string;
  readonly name: string;
  readonly uid: string;
  /** The token ends with this pod. */
  readonly pod?: { readonly name: string; readonly uid: string };
}

export interface TokenTerms {
  readonly audiences: readonly string[];
  readonly expirationSeconds: number;
}

export interface TokenPorts {
  readonly clock: Clock;
  readonly random: Random;
  readonly storage: Storage;
}

const base64url = (value: unknown) => Buffer.from(JSON.stringify(value)).toString("base64url");

export class ServiceAccountTokens {
  readonly #ports: TokenPorts;
  readonly #key: KeyObject;
  readonly #publicKey: KeyObject;

  /** `key` is a PEM of a P-256 private key. */
  constructor(key: string, ports: TokenPorts) {
    this.#ports = ports;
    this.#key = createPrivateKey(key);
    this.#publicKey = createPublicKey(key);
  }

  issue(owner: TokenOwner, terms: TokenTerms): { readonly token: string; readonly expiresMs: number } {
    const { clock, random } = this.#ports;
    const iat = Math.floor(clock.wall() / 1000);
    const exp = iat + terms.expirationSeconds;
    const { namespace, name, uid, pod } = owner;
    const claims = {
      aud: [...terms.audiences],
      exp,
      iat,
      iss: ISSUER,
      jti: random.uuid(),
      "kubernetes.io": { namespace, ...(pod ? { pod } : {}), serviceaccount: { name, uid } },
      nbf: iat,
      sub: `system:serviceaccount:${namespace}:${name}`,
    };
    const text = `${base64url({ alg: "ES256", kid: "ebb" })}.${base64url(claims)}`;
    const signature = sign("sha256", Buffer.from(text), { key: this.#key, dsaEncoding: "ieee-p1363" });
    return { token: `${text}.${signature.toString("base64url")}`, expiresMs: exp * 1000 };
  }

  /** Whose token it is; undefined when it is not ours, over, for others, or its account or pod is gone. */
  async identify(token: string, audiences: readonly string[] = [ISSUER]): Promise<KnownIdentity | undefined> {
    const claims = this.#claimsOf(token);
    if (!claims) return undefined;
    const nowS = this.#ports.clock.wall() / 1000;
    const given = Array.isArray(claims.aud) ? claims.aud : [];
    if (!(Number(claims.exp) > nowS) || Number(claims.nbf) > nowS + 5) return undefined;
    if (!audiences.some((audience) => given.includes(audience))) return undefined;
    const bound = recordAt(claims, ["kubernetes.io"]);
    const account = recordAt(bound, ["serviceaccount"]);
    const namespace = String(bound.namespace);
    if (!(await this.#exists("serviceaccounts", namespace, account))) return undefined;
    if (isRecord(bound.pod) && !(await this.#exists("pods", namespace, bound.pod))) return undefined;
    return {
      type: "known",
      name: String(claims.sub),
      uid: String(account.uid),
      groups: [...serviceAccountGroups(namespace), "system:authenticated"],
      extra: {
        "authentication.kubernetes.io/credential-id": [`JTI=${claims.jti}`],
        ...(isRecord(bound.pod)
          ? {
              "authentication.kubernetes.io/pod-name": [String(bound.pod.name)],
              "authentication.kubernetes.io/pod-uid": [String(bound.pod.uid)],
            }
          : {}),
      },
    };
  }

  #claimsOf(token: string): Record<string, unknown> | undefined {
    const [header = "", payload = "", signature = "", ...more] = token.split(".");
    if (signature === "" || more.length > 0) return undefined;
    const key = { key: this.#publicKey, dsaEncoding: "ieee-p1363" as const };
    const text = Buffer.from(`${header}.${payload}`);
    if (!verify("sha256", text, key, Buffer.from(signature, "base64url"))) return undefined;
    const claims: unknown = JSON.parse(Buffer.from(payload, "base64url").toString("utf8"));
    return isRecord(claims) && claims.iss === ISSUER ? claims : undefined;
  }

  async #exists(collection: string, namespace: string, wanted: Record<string, unknown>): Promise<boolean> {
    const entry = await this.#ports.storage.get({ collection, namespace, name: String(wanted.name) });
    if (!entry) return false;
    const { metadata } = JSON.parse(entry.json) as { metadata: { uid?: string } };
    return metadata.uid === wanted.uid;
  }
}
