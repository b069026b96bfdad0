import type * as Crypto from "node:crypto";
import type * as Tls from "node:tls";
import type { SecureContextOptions, SecureVersion, TLSSocket } from "node:tls";
import type { Conn } from "./conn.ts";
import { SocketConn, type TurnWrites } from "./socket-conn.ts";

/** A certificate chain and its key, both as PEM. Another object = other certificates. */
export interface TlsIdentity {
  readonly cert: string;
  readonly key: string;
}

export interface TlsSettings {
  /** Default TLS 1.3 (spec Q-005). */
  readonly minVersion?: SecureVersion;
  readonly maxVersion?: SecureVersion;
  /** In OpenSSL's words. */
  readonly ciphers?: string;
  /** In OpenSSL's words, `X25519:P-256`. */
  readonly curves?: string;
  /** Of a server: whose certificates (PEM) clients may show, or must. Default: nobody is asked for one. */
  readonly clients?: { readonly authorities: string; readonly required: boolean };
}

/** node:tls costs memory and time at the start, which only those shall pay who use it. */
export function tlsLibrary(): typeof Tls {
  return process.getBuiltinModule("node:tls");
}

export function secureOptions(settings: TlsSettings = {}): SecureContextOptions {
  const { minVersion = "TLSv1.3", maxVersion, ciphers, curves, clients } = settings;
  return {
    minVersion,
    ...(maxVersion && { maxVersion }),
    ...(ciphers && { ciphers }),
    ...(curves && { ecdhCurve: curves }),
    ...(clients && { ca: clients.authorities }),
  };
}

/** A TLS connection cannot be reset: without the last record of its kind the other side knows that it broke off. */
export function connOf(socket: TLSSocket, writes: TurnWrites): Conn {
  Object.assign(socket, { resetAndDestroy: () => socket.destroy() });
  return new SocketConn(socket, writes);
}

export interface IdentityFacts {
  /** Whether it is for that host, wildcards included. */
  covers(host: string): boolean;
  /** Since the epoch. */
  readonly expiresMs: number;
}

/** Throws unless certificate and key belong together and can be used: to be asked before an identity is changed. */
export function inspectIdentity(identity: TlsIdentity): IdentityFacts {
  tlsLibrary().createSecureContext({ ...identity });
  const { X509Certificate } = process.getBuiltinModule("node:crypto") as typeof Crypto;
  const certificate = new X509Certificate(identity.cert);
  return {
    covers: (host) => certificate.checkHost(host) !== undefined,
    expiresMs: certificate.validToDate.getTime(),
  };
}
