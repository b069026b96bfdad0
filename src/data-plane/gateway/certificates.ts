import type { Clock } from "../../base/clock.ts";
import { messageOf } from "../../base/errors.ts";
import type { Log } from "../../base/log.ts";
import { inspectIdentity, type TlsIdentity } from "../../http/tls-identity.ts";

/** For these hosts a rule names that Secret (spec G-016). */
export interface SecretUse {
  readonly hosts: readonly string[];
  /** `namespace/name`. */
  readonly secret: string;
}

interface Known {
  /** As the Secret has it, in base64. */
  readonly raw: TlsIdentity;
  /** That costs as much as a handshake, so whoever needs it first does it. */
  isInspected: boolean;
  /** The last one that can be served. */
  current: TlsIdentity | undefined;
  isGone: boolean;
}

/**
 * Which certificate belongs to which host. Rules and Secrets come in any order. A Secret that is spoilt or taken away
 * changes nothing for those who had a good one out of it, but is told in the log.
 */
export class Certificates {
  readonly #clock: Clock;
  readonly #log: Log;
  readonly #uses = new Map<string, readonly SecretUse[]>();
  /** What each source, oldest first, wants for a host. */
  readonly #wanted = new Map<string, Map<string, string>>();
  /** Sources that name a Secret. */
  readonly #users = new Map<string, Set<string>>();
  readonly #secrets = new Map<string, Known>();
  /** What is wrong with a Secret, as it was told. */
  readonly #told = new Map<string, string>();
  #isComplete = false;

  constructor(ports: { readonly clock: Clock; readonly log: Log }) {
    this.#clock = ports.clock;
    this.#log = ports.log;
  }

  /** From now on these are the uses of `source`; where several have a host, the one that came first has it. */
  set(source: string, uses: readonly SecretUse[]): void {
    const before = this.#uses.get(source) ?? [];
    const hosts = new Map(uses.flatMap((use) => use.hosts.map((host) => [host.toLowerCase(), use.secret])));
    if (uses.length > 0) this.#uses.set(source, uses);
    else this.#uses.delete(source);
    for (const [host, secret] of hosts) entryOf(this.#wanted, host, () => new Map()).set(source, secret);
    for (const { secret } of uses) entryOf(this.#users, secret, () => new Set()).add(source);
    const secrets = new Set(hosts.values());
    for (const use of before) {
      for (const host of use.hosts) if (!hosts.has(host.toLowerCase())) this.#unwant(host, source);
      if (!secrets.has(use.secret)) this.#forget(use.secret, source);
    }
  }

  delete(source: string): void {
    this.set(source, []);
  }

  /** Every Secret that there is has been told: what is not known is missing. */
  complete(): void {
    this.#isComplete = true;
  }

  /** `data` as in a Secret of type kubernetes.io/tls. */
  setSecret(secret: string, data: Readonly<Record<string, string>>): void {
    const known = this.#secrets.get(secret);
    const raw = { cert: data["tls.crt"] ?? "", key: data["tls.key"] ?? "" };
    if (known?.raw.cert === raw.cert && known.raw.key === raw.key) {
      known.isGone = false;
      return;
    }
    this.#secrets.set(secret, { raw, isInspected: false, current: known?.current, isGone: false });
    // In service: whoever has spoilt it learns so now.
    if (known?.current) this.#usable(secret);
  }

  deleteSecret(secret: string): void {
    const known = this.#secrets.get(secret);
    if (known?.current === undefined || !this.#users.has(secret)) {
      this.#secrets.delete(secret);
      return;
    }
    known.isGone = true;
    this.#tell(secret, "is gone; its last certificate is served as long as a rule names it");
  }

  /** For a client that asks by that name; none = the handshake fails. */
  readonly identityFor = (serverName: string | undefined): TlsIdentity | undefined => {
    const secret = serverName === undefined ? undefined : this.#secretFor(serverName);
    return secret === undefined ? undefined : this.#usable(secret, serverName);
  };

  /** Whether a rule wants a certificate for the host, and there is none that can be served. */
  lacks(host: string): boolean {
    const secret = this.#secretFor(host);
    return secret !== undefined && this.#usable(secret, host) === undefined;
  }

  #secretFor(host: string): string | undefined {
    const [secret] = this.#wanted.get(host.toLowerCase())?.values() ?? [];
    return secret;
  }

  #usable(secret: string, host?: string): TlsIdentity | undefined {
    const known = this.#secrets.get(secret);
    if (known === undefined) {
      if (this.#isComplete)
        this.#tell(secret, "is missing, or is not of type kubernetes.io/tls: nothing is served over https");
      return undefined;
    }
    if (!known.isInspected) this.#inspect(secret, known, host);
    return known.current;
  }

  #inspect(secret: string, known: Known, host: string | undefined): void {
    const identity = { cert: decoded(known.raw.cert), key: decoded(known.raw.key) };
    known.isInspected = true;
    try {
      const { covers, expiresMs } = inspectIdentity(identity);
      known.current = identity;
      if (expiresMs <= this.#clock.wall())
        this.#tell(secret, `has expired: its certificate ended ${new Date(expiresMs).toISOString()}`);
      else if (host !== undefined && !covers(host))
        this.#tell(secret, `holds a certificate for other hosts than ${host}`);
      else if (this.#told.delete(secret)) this.#log.info(`Secret ${secret} can be served now`);
    } catch (thrown) {
      const what = known.current ? "the certificate before it is served" : "nothing is served over https";
      this.#tell(secret, `has no certificate and key that fit together (${messageOf(thrown)}): ${what}`);
    }
  }

  /** Once, and not again until something else is wrong. */
  #tell(secret: string, problem: string): void {
    if (this.#told.get(secret) === problem) return;
    this.#told.set(secret, problem);
    const [ingress] = this.#users.get(secret) ?? [];
    this.#log.warn(`Secret ${secret} ${problem}`, { secret, ingress });
  }

  #unwant(host: string, source: string): void {
    const wanted = this.#wanted.get(host.toLowerCase());
    wanted?.delete(source);
    if (wanted?.size === 0) this.#wanted.delete(host.toLowerCase());
  }

  #forget(secret: string, source: string): void {
    const users = this.#users.get(secret);
    users?.delete(source);
    if (users?.size !== 0) return;
    this.#users.delete(secret);
    this.#told.delete(secret);
    if (this.#secrets.get(secret)?.isGone) this.#secrets.delete(secret);
  }
}

function decoded(base64: string): string {
  return Buffer.from(base64, "base64").toString("latin1");
}

function entryOf<Key, Value>(map: Map<Key, Value>, key: Key, make: () => Value): Value {
  const known = map.get(key) ?? make();
  map.set(key, known);
  return known;
}
