import { keyOf, type ObjectKey } from "../../api/object.ts";
import { PodKind } from "../../api/pod/kind.ts";
import { type ResourceQuota, ResourceQuotaKind } from "../../api/resource-quota/kind.ts";
import { quotaUsage } from "../../api/resource-quota/usage.ts";
import { quantityText } from "../../base/quantity.ts";
import { KeyLoop, type WorkloadPorts } from "./loop.ts";

/** Writes into each ResourceQuota's status what its namespace's pods use (spec E-214). */
export class ResourceQuotas {
  readonly #ports: WorkloadPorts;
  readonly #loop: KeyLoop;

  constructor(ports: WorkloadPorts) {
    this.#ports = ports;
    this.#loop = new KeyLoop("resource-quotas", ports, (key) => this.#reconcile(key));
  }

  start(signal: AbortSignal): void {
    const { informers } = this.#ports;
    informers.of(ResourceQuotaKind).onChange(({ object }) => this.#loop.add(keyOf(object)));
    informers.of(PodKind).onChange(({ object }) => {
      for (const quota of informers.list(ResourceQuotaKind))
        if (quota.metadata.namespace === object.metadata.namespace) this.#loop.add(keyOf(quota));
    });
    this.#loop.start(signal);
  }

  get idle(): boolean {
    return this.#loop.idle;
  }

  async #reconcile(key: ObjectKey): Promise<void> {
    const { client, informers } = this.#ports;
    const quota = informers.of(ResourceQuotaKind).get(key);
    if (quota === undefined) return;
    const pods = informers.list(PodKind).filter(({ metadata }) => metadata.namespace === key.namespace);
    const used = Object.fromEntries(
      [...quotaUsage(quota, pods)].map(([name, amount]) => [name, quantityText(amount)]),
    );
    const status: ResourceQuota["status"] = { hard: quota.spec.hard ?? {}, used };
    if (JSON.stringify(quota.status) === JSON.stringify(status)) return;
    await client.updateStatus(ResourceQuotaKind, { ...quota, status });
  }
}
