import { collectionOf, type Kind } from "../../api/kind.ts";
import { keyOf, type ObjectKey } from "../../api/object.ts";
import { type ResourceQuota, ResourceQuotaKind } from "../../api/resource-quota/kind.ts";
import { collectionCounted, quotaUsage } from "../../api/resource-quota/usage.ts";
import { quantityText } from "../../base/quantity.ts";
import { KeyLoop, type WorkloadPorts } from "./loop.ts";

/** Writes into each ResourceQuota's status what its namespace's objects use (spec E-214). */
export class ResourceQuotas {
  readonly #ports: WorkloadPorts;
  readonly #kinds: ReadonlyMap<string, Kind>;
  /** What is watched already: a kind is from the first quota on that counts it. */
  readonly #counted = new Set<string>();
  readonly #loop: KeyLoop;

  constructor(ports: WorkloadPorts, kinds: readonly Kind[]) {
    this.#ports = ports;
    this.#kinds = new Map(kinds.map((kind) => [collectionOf(kind), kind]));
    this.#loop = new KeyLoop("resource-quotas", ports, (key) => this.#reconcile(key));
  }

  start(signal: AbortSignal): void {
    this.#ports.informers.of(ResourceQuotaKind).onChange(({ object }) => this.#loop.add(keyOf(object)));
    this.#loop.start(signal);
  }

  get idle(): boolean {
    return this.#loop.idle;
  }

  async #reconcile(key: ObjectKey): Promise<void> {
    const { client, informers } = this.#ports;
    const quota = informers.of(ResourceQuotaKind).get(key);
    if (quota === undefined) return;
    const collections = new Set(Object.keys(quota.spec.hard ?? {}).map(collectionCounted));
    const objects = await Promise.all([...collections].map((one) => this.#objectsOf(one, key.namespace)));
    const used = Object.fromEntries(
      [...quotaUsage(quota, objects.flat())].map(([name, amount]) => [name, quantityText(amount)]),
    );
    const status: ResourceQuota["status"] = { hard: quota.spec.hard ?? {}, used };
    if (JSON.stringify(quota.status) === JSON.stringify(status)) return;
    await client.updateStatus(ResourceQuotaKind, { ...quota, status });
  }

  async #objectsOf(collection: string, namespace: string) {
    const kind = this.#kinds.get(collection);
    if (kind === undefined) return [];
    const { informers } = this.#ports;
    if (!this.#counted.has(collection)) {
      this.#counted.add(collection);
      informers.of(kind).onChange(({ object }) => this.#lookAgain(object.metadata.namespace));
    }
    await informers.of(kind).synced;
    return informers.list(kind, namespace).map((object) => ({ collection, object }));
  }

  #lookAgain(namespace: string | undefined): void {
    for (const quota of this.#ports.informers.list(ResourceQuotaKind, namespace))
      this.#loop.add(keyOf(quota));
  }
}
