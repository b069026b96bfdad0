import { createHash, generateKeyPairSync, type KeyObject, sign } from "node:crypto";

/**
 * X.509 certificates in DER, as far as a private CA and one server certificate need them (RFC 5280). Written here
 * because the libraries that do more need a metadata polyfill and load for longer than the engine starts.
 */
export interface CertificateAuthority {
  readonly certificate: string;
  readonly key: KeyObject;
  readonly name: string;
  readonly publicKey: KeyObject;
}

export interface Validity {
  readonly notBeforeMs: number;
  readonly notAfterMs: number;
}

export interface Issued {
  /** PEM. */
  readonly certificate: string;
  readonly key: string;
}

const OID = {
  commonName: [2, 5, 4, 3],
  ecdsaWithSha256: [1, 2, 840, 10045, 4, 3, 2],
  subjectKeyIdentifier: [2, 5, 29, 14],
  keyUsage: [2, 5, 29, 15],
  subjectAltName: [2, 5, 29, 17],
  basicConstraints: [2, 5, 29, 19],
  authorityKeyIdentifier: [2, 5, 29, 35],
  extendedKeyUsage: [2, 5, 29, 37],
  organization: [2, 5, 4, 10],
  serverAuth: [1, 3, 6, 1, 5, 5, 7, 3, 1],
  clientAuth: [1, 3, 6, 1, 5, 5, 7, 3, 2],
} as const;

export function makeAuthority(name: string, validity: Validity, serial: Uint8Array): CertificateAuthority {
  const { publicKey, privateKey } = generateKeyPairSync("ec", { namedCurve: "P-256" });
  const extensions = [
    extension(OID.basicConstraints, sequence(boolean(true), integer(Uint8Array.of(0))), true),
    // keyCertSign and cRLSign: bits 5 and 6.
    extension(OID.keyUsage, bits(Uint8Array.of(0b0000_0110), 1), true),
    extension(OID.subjectKeyIdentifier, octets(keyIdentifier(publicKey))),
  ];
  const subject = { name, publicKey };
  const certificate = signed({ serial, issuer: name, subject, validity, extensions }, privateKey);
  return { certificate, key: privateKey, name, publicKey };
}

export function issueServerCertificate(
  authority: CertificateAuthority,
  server: {
    readonly name: string;
    readonly dnsNames: readonly string[];
    readonly addresses: readonly Uint8Array[];
  },
  { validity, serial }: { readonly validity: Validity; readonly serial: Uint8Array },
): Issued {
  const { publicKey, privateKey } = generateKeyPairSync("ec", { namedCurve: "P-256" });
  const names = [
    ...server.dnsNames.map((name) => tagged(0x82, Buffer.from(name, "latin1"))),
    ...server.addresses.map((address) => tagged(0x87, address)),
  ];
  const extensions = [
    extension(OID.basicConstraints, sequence(), true),
    // digitalSignature: bit 0.
    extension(OID.keyUsage, bits(Uint8Array.of(0b1000_0000), 7), true),
    extension(OID.extendedKeyUsage, sequence(identifier(OID.serverAuth))),
    extension(OID.subjectAltName, sequence(...names)),
    extension(OID.authorityKeyIdentifier, sequence(tagged(0x80, keyIdentifier(authority.publicKey)))),
  ];
  const subject = { name: server.name, publicKey };
  const certificate = signed(
    { serial, issuer: authority.name, subject, validity, extensions },
    authority.key,
  );
  return { certificate, key: privateKey.export({ type: "pkcs8", format: "pem" }) as string };
}

/** For somebody who proves who they are by it: the name as CN, the groups as O (spec E-215). */
export function issueClientCertificate(
  authority: CertificateAuthority,
  user: { readonly name: string; readonly groups: readonly string[] },
  { validity, serial }: { readonly validity: Validity; readonly serial: Uint8Array },
): Issued {
  const { publicKey, privateKey } = generateKeyPairSync("ec", { namedCurve: "P-256" });
  const extensions = [
    extension(OID.basicConstraints, sequence(), true),
    extension(OID.keyUsage, bits(Uint8Array.of(0b1000_0000), 7), true),
    extension(OID.extendedKeyUsage, sequence(identifier(OID.clientAuth))),
    extension(OID.authorityKeyIdentifier, sequence(tagged(0x80, keyIdentifier(authority.publicKey)))),
  ];
  const subject = { ...user, publicKey };
  const certificate = signed(
    { serial, issuer: authority.name, subject, validity, extensions },
    authority.key,
  );
  return { certificate, key: privateKey.export({ type: "pkcs8", format: "pem" }) as string };
}

interface Contents {
  readonly serial: Uint8Array;
  readonly issuer: string;
  readonly subject: {
    readonly name: string;
    readonly groups?: readonly string[];
    readonly publicKey: KeyObject;
  };
  readonly validity: Validity;
  readonly extensions: readonly Buffer[];
}

function signed(contents: Contents, key: KeyObject): string {
  const algorithm = sequence(identifier(OID.ecdsaWithSha256));
  const { subject, validity } = contents;
  const toSign = sequence(
    tagged(0xa0, integer(Uint8Array.of(2))),
    integer(contents.serial),
    algorithm,
    distinguishedName(contents.issuer),
    sequence(time(validity.notBeforeMs), time(validity.notAfterMs)),
    distinguishedName(subject.name, subject.groups),
    subject.publicKey.export({ type: "spki", format: "der" }),
    tagged(0xa3, sequence(...contents.extensions)),
  );
  const der = sequence(toSign, algorithm, bits(sign("sha256", toSign, key), 0));
  const lines = der.toString("base64").match(/.{1,64}/g) ?? [];
  return `-----BEGIN CERTIFICATE-----\n${lines.join("\n")}\n-----END CERTIFICATE-----\n`;
}

function keyIdentifier(publicKey: KeyObject): Buffer {
  return createHash("sha1")
    .update(publicKey.export({ type: "spki", format: "der" }))
    .digest();
}

function distinguishedName(commonName: string, organizations: readonly string[] = []): Buffer {
  const part = (id: readonly number[], text: string) =>
    tagged(0x31, sequence(identifier(id), tagged(0x0c, Buffer.from(text, "utf8"))));
  const groups = organizations.map((name) => part(OID.organization, name));
  return sequence(...groups, part(OID.commonName, commonName));
}

function extension(id: readonly number[], value: Buffer, critical = false): Buffer {
  return sequence(identifier(id), ...(critical ? [boolean(true)] : []), octets(value));
}

/** UTCTime until 2049, GeneralizedTime from then on, as RFC 5280 wants it. */
function time(ms: number): Buffer {
  const text = new Date(ms).toISOString().replace(/[-:T]|\.\d+/g, "");
  const late = new Date(ms).getUTCFullYear() >= 2050;
  return tagged(late ? 0x18 : 0x17, Buffer.from(late ? text : text.slice(2), "latin1"));
}

function tagged(tag: number, ...parts: readonly Uint8Array[]): Buffer {
  const content = Buffer.concat(parts);
  if (content.length < 0x80) return Buffer.concat([Buffer.of(tag, content.length), content]);
  const length: number[] = [];
  for (let rest = content.length; rest > 0; rest = Math.floor(rest / 256)) length.unshift(rest % 256);
  return Buffer.concat([Buffer.of(tag, 0x80 | length.length, ...length), content]);
}

function sequence(...parts: readonly Uint8Array[]): Buffer {
  return tagged(0x30, ...parts);
}

function octets(value: Uint8Array): Buffer {
  return tagged(0x04, value);
}

function boolean(value: boolean): Buffer {
  return tagged(0x01, Uint8Array.of(value ? 0xff : 0));
}

/** `bytes` is a positive number, most significant byte first. */
function integer(bytes: Uint8Array): Buffer {
  const negative = ((bytes[0] ?? 0) & 0x80) !== 0;
  return tagged(0x02, negative ? Buffer.concat([Buffer.of(0), bytes]) : bytes);
}

function bits(bytes: Uint8Array, unused: number): Buffer {
  return tagged(0x03, Uint8Array.of(unused), bytes);
}

function identifier([first = 0, second = 0, ...rest]: readonly number[]): Buffer {
  const bytes = [first * 40 + second];
  for (const part of rest) {
    const groups = [part & 0x7f];
    for (let left = part >>> 7; left > 0; left >>>= 7) groups.unshift((left & 0x7f) | 0x80);
    bytes.push(...groups);
  }
  return tagged(0x06, Uint8Array.from(bytes));
}
