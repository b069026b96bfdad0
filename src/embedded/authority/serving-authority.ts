import { createPrivateKey, X509Certificate } from "node:crypto";
import { existsSync } from "node:fs";
import { join } from "node:path";
import type { Clock } from "../../base/clock.ts";
import { EbbError, messageOf } from "../../base/errors.ts";
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
  readonly validUntilMs: number;
}

export class ServingAuthority {
  /** PEM: what clients trust. */
  readonly authority: string;
  readonly #kept: Kept;
  readonly #file: string;
  readonly #random: Random;
  #parsed: CertificateAuthority | undefined;

  /** Reads what an earlier start has made, or makes it. */
  constructor({ folder, path, clock, random }: ServingAuthorityOptions) {
    this.#random = random;
    this.#file = join(folder, FILE);
    const kept = readPrivateJson<Kept>(this.#file, KEYS);
    const isFresh = kept && kept.validUntilMs - RENEW_MS > clock.wall();
    this.#kept = isFresh ? kept : makeKept(clock.wall(), this.#serial());
    this.authority = this.#kept.certificate;
    if (!isFresh) writePrivately(this.#file, JSON.stringify(this.#kept));
    if (!isFresh || !existsSync(path)) writeOpenly(path, this.authority);
  }

  issue(names: { readonly commonName: string; readonly dnsNames: readonly string[] }, validity: Validity) {
    const server = { name: names.commonName, dnsNames: names.dnsNames, addresses: [] };
    const notAfterMs = Math.min(validity.notAfterMs, this.#kept.validUntilMs);
    return issueServerCertificate(this.#signer, server, {
      validity: { ...validity, notAfterMs },
      serial: this.#serial(),
    });
  }

  /** What a pair says; undefined when it is not this authority's, or when its halves do not belong together. */
  read(pair: { readonly certificate: string; readonly key: string }) {
    const { publicKey } = this.#signer;
    try {
      const certificate = new X509Certificate(pair.certificate);
      if (!certificate.verify(publicKey) || !certificate.checkPrivateKey(createPrivateKey(pair.key)))
        return undefined;
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

  /** Parsed when first needed: most engines sign nothing. Throws EbbError credentials-unreadable. */
  get #signer(): CertificateAuthority {
    this.#parsed ??= parseKept(this.#kept, this.#file);
    return this.#parsed;
  }

  /** Positive, and never the same. */
  #serial(): Uint8Array {
    return Uint8Array.of(1, ...this.#random.bytes(15));
  }
}

function makeKept(nowMs: number, serial: Uint8Array): Kept {
  const validUntilMs = nowMs + VALID_MS;
  const { certificate, key } = makeAuthority(
    NAME,
    { notBeforeMs: nowMs - DAY_MS, notAfterMs: validUntilMs },
    serial,
  );
  return { certificate, key: key.export({ type: "pkcs8", format: "pem" }).toString(), validUntilMs };
}

function parseKept({ certificate, key }: Kept, file: string): CertificateAuthority {
  try {
    const { publicKey } = new X509Certificate(certificate);
    return { certificate, key: createPrivateKey(key), name: NAME, publicKey };
  } catch (thrown) {
    throw new EbbError(
      "credentials-unreadable",
      `cannot use ${KEYS.name} in ${file}: ${messageOf(thrown)}; ${KEYS.advice}`,
    );
  }
}
