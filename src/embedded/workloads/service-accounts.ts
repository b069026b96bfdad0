import { ConfigMapKind } from "../../api/config-map/kind.ts";
import { NamespaceKind } from "../../api/namespace/kind.ts";
import { keyOf, type ObjectKey } from "../../api/object.ts";
import { ServiceAccountKind } from "../../api/service-account/kind.ts";
import { isApiError } from "../../api/status.ts";
import { KeyLoop, type WorkloadPorts } from "./loop.ts";

/**
 * Each namespace has a service account `default`, made anew when somebody deletes it, and the certificate of the API's
 * authority for those in pods who talk to it (spec E-214).
 */
export class ServiceAccounts {
  readonly #ports: WorkloadPorts;
  readonly #loop: KeyLoop;
  readonly #rootCa: string | undefined;

  constructor(ports: WorkloadPorts, rootCa: string | undefined) {
    this.#ports = ports;
    this.#rootCa = rootCa;
    this.#loop = new KeyLoop("service-accounts", ports, (key) => this.#reconcile(key));
  }

  start(signal: AbortSignal): void {
    const { informers } = this.#ports;
    informers.of(NamespaceKind).onChange(({ object }) => this.#loop.add(keyOf(object)));
    informers.of(ServiceAccountKind).onChange(({ type, object }) => {
      if (type === "DELETED") this.#loop.add({ namespace: "", name: object.metadata.namespace ?? "" });
    });
    this.#loop.start(signal);
  }

  get idle(): boolean {
    return this.#loop.idle;
  }

  async #reconcile({ name: namespace }: ObjectKey): Promise<void> {
    const { client, informers } = this.#ports;
    const owner = informers.of(NamespaceKind).get({ namespace: "", name: namespace });
    if (owner === undefined || owner.metadata.deletionTimestamp !== undefined) return;
    const key = { namespace, name: "default" };
    if (informers.of(ServiceAccountKind).get(key) === undefined)
      await unlessThere(client.create(ServiceAccountKind, { metadata: key }));
    await this.#publishAuthority(namespace);
  }

  async #publishAuthority(namespace: string): Promise<void> {
    if (this.#rootCa === undefined) return;
    const { client } = this.#ports;
    const metadata = { namespace, name: "kube-root-ca.crt" };
    const data = { "ca.crt": this.#rootCa };
    const isMade = await unlessThere(client.create(ConfigMapKind, { metadata, data }));
    if (isMade) return;
    const stored = await client.get(ConfigMapKind, metadata);
    if (stored.data?.["ca.crt"] !== this.#rootCa) await client.update(ConfigMapKind, { ...stored, data });
  }
}

/** False when the object was there already. */
async function unlessThere(creating: Promise<unknown>): Promise<boolean> {
  try {
    await creating;
    return true;
  } catch (thrown) {
    if (!isApiError(thrown, "AlreadyExists")) throw thrown;
    return false;
  }
}
