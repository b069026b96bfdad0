import { generateKeyPairSync } from "node:crypto";
import { join } from "node:path";
import type { Clock } from "../../base/clock.ts";
import { readPrivateJson, writePrivately } from "../../base/private-file.ts";
import type { Random } from "../../base/random.ts";
import { issueServerCertificate, makeAuthority } from "../../base/x509.ts";
import { kubeconfigText } from "./kubeconfig-text.ts";

/** What the server proves itself with and what its clients bear. PEM texts. */
export interface Credentials {
  readonly caCertificate: string;
  /** Signs client certificates; PKCS 8. Homes from before it was kept have none. */
  readonly caKey?: string;
  readonly certificate: string;
  readonly key: string;
  readonly token: string;
  /** Signs service accounts' tokens; P-256, PKCS 8. */
  readonly tokenKey: string;
}

export interface CredentialsOptions {
  /** Folder for the one file, readable by its owner alone. */
  readonly folder: string;
  readonly clock: Clock;
  readonly random: Random;
}

const FILE = "api-credentials.json";
const DAY_MS = 24 * 60 * 60 * 1000;
const VALID_DAYS = 3650;
/** Renewed on a start this long before they end. */
const RENEW_DAYS = 30;

/** Reads what an earlier start has made, or makes it. */
export function loadCredentials(options: CredentialsOptions): Credentials {
  const path = join(options.folder, FILE);
  const stored = readPrivateJson<StoredCredentials>(path, KEYS);
  const isFresh = stored && stored.validUntilMs - RENEW_DAYS * DAY_MS > options.clock.wall();
  if (isFresh && stored.credentials.tokenKey) return stored.credentials;
  const credentials = makeCredentials(options, stored?.credentials);
  const validUntilMs = options.clock.wall() + VALID_DAYS * DAY_MS;
  writePrivately(path, JSON.stringify({ validUntilMs, credentials }));
  return credentials;
}

interface StoredCredentials {
  readonly validUntilMs: number;
  readonly credentials: Credentials;
}

const KEYS = {
  name: "the API's keys",
  advice: "delete it to have new ones made (clients then need the new kubeconfig)",
};

const LOOPBACK = [Uint8Array.of(127, 0, 0, 1), Uint8Array.of(...new Array(15).fill(0), 1)];

export function makeTokenKey(): string {
  const { privateKey } = generateKeyPairSync("ec", { namedCurve: "P-256" });
  return privateKey.export({ type: "pkcs8", format: "pem" }).toString();
}

function makeCredentials({ clock, random }: CredentialsOptions, old: Credentials | undefined): Credentials {
  const validity = {
    notBeforeMs: clock.wall() - DAY_MS,
    notAfterMs: clock.wall() + VALID_DAYS * DAY_MS,
  };
  const serial = () => Uint8Array.of(1, ...random.bytes(15));
  const authority = makeAuthority("ebb-ca", validity, serial());
  const server = {
    name: "ebb-api",
    dnsNames: ["localhost", "kubernetes.default.svc"],
    addresses: LOOPBACK,
  };
  const issued = issueServerCertificate(authority, server, { validity, serial: serial() });
  return {
    caCertificate: authority.certificate,
    caKey: authority.key.export({ type: "pkcs8", format: "pem" }).toString(),
    certificate: issued.certificate,
    key: issued.key,
    token: old?.token ?? Buffer.from(random.bytes(32)).toString("base64url"),
    tokenKey: old?.tokenKey ?? makeTokenKey(),
  };
}

export interface Kubeconfig {
  readonly path: string;
  /** `https://127.0.0.1:6443`. */
  readonly url: string;
  readonly credentials: Credentials;
}

/** The file of the administrator, who has every right; mode 0600, because the token is in it. */
export function writeKubeconfig({ path, url, credentials }: Kubeconfig): void {
  const { caCertificate, token } = credentials;
  writePrivately(path, kubeconfigText({ url, caCertificate, user: "ebb", proof: { token } }));
}
