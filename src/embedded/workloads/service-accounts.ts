import { NamespaceKind } from "../../api/namespace/kind.ts";
import { keyOf, type ObjectKey } from "../../api/object.ts";
import { ServiceAccountKind } from "../../api/service-account/kind.ts";
import { isApiError } from "../../api/status.ts";
import { KeyLoop, type WorkloadPorts } from "./loop.ts";

/** Each namespace has a service account `default`, made anew when somebody deletes it (spec E-214). */
export class ServiceAccounts {
  readonly #ports: WorkloadPorts;
  readonly #loop: KeyLoop;

  constructor(ports: WorkloadPorts) {
    this.#ports = ports;
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
    if (informers.of(ServiceAccountKind).get(key) !== undefined) return;
    try {
      await client.create(ServiceAccountKind, { metadata: key });
    } catch (thrown) {
      if (!isApiError(thrown, "AlreadyExists")) throw thrown;
    }
  }
}
