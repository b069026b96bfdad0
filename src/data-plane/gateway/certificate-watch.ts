import type { IngressSpec } from "../../api/ingress/kind.ts";
import { type Secret, SecretKind } from "../../api/secret/kind.ts";
import type { Clock } from "../../base/clock.ts";
import type { Log } from "../../base/log.ts";
import type { KubeClient } from "../../kube/client.ts";
import { Informer } from "../../kube/informer.ts";
import type { Certificates, SecretUse } from "./certificates.ts";

export interface CertificateWatchOptions {
  readonly client: KubeClient;
  readonly clock: Clock;
  readonly log: Log;
  readonly certificates: Certificates;
}

/** Of these alone: other Secrets are nothing that a gateway should know. */
const SELECTION = { fieldSelector: "type=kubernetes.io/tls", fields: ["data"] };

/** Keeps certificates in step with Ingresses and Secrets. Secrets are watched once an Ingress names one. */
export class CertificateWatch {
  readonly #certificates: Certificates;
  readonly #secrets: Informer<Secret>;
  readonly #wanted = Promise.withResolvers<void>();
  #isWanted = false;

  constructor({ certificates, ...ports }: CertificateWatchOptions) {
    this.#certificates = certificates;
    this.#secrets = new Informer({ ...ports, kind: SecretKind, selection: SELECTION });
    this.#secrets.onChange(({ type, object: { metadata, data = {} } }) => {
      const key = `${metadata.namespace}/${metadata.name}`;
      if (type === "DELETED") certificates.deleteSecret(key);
      else certificates.setSecret(key, data);
    });
  }

  setIngress(key: string, spec: IngressSpec): void {
    const uses = secretUses(spec);
    this.#certificates.set(key, uses);
    if (uses.length === 0 || this.#isWanted) return;
    this.#isWanted = true;
    this.#wanted.resolve();
  }

  deleteIngress(key: string): void {
    this.#certificates.delete(key);
  }

  /** Resolves once every Secret is known; to be asked when the Ingresses are. */
  get synced(): Promise<void> {
    return this.#isWanted ? this.#secrets.synced : Promise.resolve();
  }

  async run(signal: AbortSignal): Promise<void> {
    const aborted = new Promise((resolve) => signal.addEventListener("abort", resolve, { once: true }));
    await Promise.race([this.#wanted.promise, aborted]);
    void this.#secrets.synced.then(() => this.#certificates.complete());
    await this.#secrets.run(signal);
  }
}

/** An entry without hosts is for all that the rules have. */
function secretUses({ rules = [], tls = [] }: IngressSpec): SecretUse[] {
  return tls.map(({ hosts = [], secretNamespace, secretName }) => ({
    hosts: hosts.length > 0 ? hosts : rules.flatMap((rule) => rule.hosts ?? []),
    secret: `${secretNamespace}/${secretName}`,
  }));
}
