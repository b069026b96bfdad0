import { createPrivateKey, X509Certificate } from "node:crypto";
import { existsSync } from "node:fs";
import { join } from "node:path";
import type { Clock } from "../../base/clock.ts";
import { readPrivateJson, writeOpenly, writePrivately } from "../../base/private-file.ts";
import type { Random } from "../../base/random.ts";
import {
  type CertificateAuthority,
  issueServerCertificate,
  makeAuthority,
  type Validity,
} from "../../base/x509.ts";

/**
 * Signs what the gateway serves. It is not the API's own authority: who trusts this one with their browser trusts it
 * with web hosts alone, and nobody becomes a user of the API by what it signs.
 */
export interface ServingAuthorityOptions {
  /** For its key, readable by the owner alone. */
  readonly folder: string;
  /** Where users find its certificate. */
  readonly path: string;
  readonly clock: Clock;
  readonly random: Random;
}

const NAME = "ebb-serving-ca";
const FILE = "serving-ca.json";
const DAY_MS = 24 * 60 * 60 * 1000;
const VALID_MS = 3650 * DAY_MS;
/** Made anew on a start this long before it ends: users then have to trust another. */
const RENEW_MS = 365 * DAY_MS;
const KEYS = {
  name: "the key that signs the gateway's certificates",
  advice: "delete it to have a new one made (clients then have to trust the new ca.crt)",
};

interface Kept {
  readonly certificate: string;
  readonly key: string;
}

export class ServingAuthority {
  readonly #authority: CertificateAuthority;
  readonly #certificate: X509Certificate;
  readonly #random: Random;

  /** Reads what an earlier start has made, or makes it. */
  constructor({ folder, path, clock, random }: ServingAuthorityOptions) {
    this.#random = random;
    const file = join(folder, FILE);
    const kept = readPrivateJson<Kept>(file, KEYS);
    const known = kept && knownAuthority(kept);
    const isFresh = known && known.certificate.validToDate.getTime() - RENEW_MS > clock.wall();
    this.#authority = isFresh ? known.authority : newAuthority(clock.wall(), this.#serial());
    this.#certificate = new X509Certificate(this.#authority.certificate);
    if (!isFresh) {
      const key = this.#authority.key.export({ type: "pkcs8", format: "pem" }).toString();
      writePrivately(file, JSON.stringify({ certificate: this.authority, key } satisfies Kept));
    }
    if (!isFresh || !existsSync(path)) writeOpenly(path, this.authority);
  }

  /** PEM. */
  get authority(): string {
    return this.#authority.certificate;
  }

  issue(names: { readonly commonName: string; readonly dnsNames: readonly string[] }, validity: Validity) {
    const server = { name: names.commonName, dnsNames: names.dnsNames, addresses: [] };
    const notAfterMs = Math.min(validity.notAfterMs, this.#certificate.validToDate.getTime());
    return issueServerCertificate(this.#authority, server, {
      validity: { ...validity, notAfterMs },
      serial: this.#serial(),
    });
  }

  /** What a pair says; undefined when it is not this authority's, or when its halves do not belong together. */
  read(pair: { readonly certificate: string; readonly key: string }) {
    try {
      const certificate = new X509Certificate(pair.certificate);
      const isOurs = certificate.verify(this.#authority.publicKey);
      if (!isOurs || !certificate.checkPrivateKey(createPrivateKey(pair.key))) return undefined;
      const names = (certificate.subjectAltName ?? "").split(", ");
      return {
        dnsNames: names.flatMap((name) => (name.startsWith("DNS:") ? [name.slice("DNS:".length)] : [])),
        notBeforeMs: certificate.validFromDate.getTime(),
        notAfterMs: certificate.validToDate.getTime(),
      };
    } catch {
      // Not a certificate or not a key: whatever it is, it is not ours.
      return undefined;
    }
  }

  /** Positive, and never the same. */
  #serial(): Uint8Array {
    return Uint8Array.of(1, ...this.#random.bytes(15));
  }
}

function newAuthority(nowMs: number, serial: Uint8Array): CertificateAuthority {
  return makeAuthority(NAME, { notBeforeMs: nowMs - DAY_MS, notAfterMs: nowMs + VALID_MS }, serial);
}

function knownAuthority({ certificate: pem, key }: Kept) {
  const certificate = new X509Certificate(pem);
  const { publicKey } = certificate;
  return { certificate, authority: { certificate: pem, key: createPrivateKey(key), name: NAME, publicKey } };
}
