import type { Kind } from "../../api/kind.ts";
import { NamespaceKind } from "../../api/namespace/kind.ts";
import { keyOf, type ObjectKey } from "../../api/object.ts";
import { isApiError } from "../../api/status.ts";
import { KeyLoop, type WorkloadPorts } from "./loop.ts";

/** A namespace on its way out: everything in it is deleted, then its finalizer `kubernetes` is cleared (spec E-214). */
export class NamespaceEnder {
  readonly #ports: WorkloadPorts;
  readonly #kinds: readonly Kind[];
  readonly #loop: KeyLoop;

  constructor(ports: WorkloadPorts, kinds: readonly Kind[]) {
    this.#ports = ports;
    this.#kinds = kinds.filter((kind) => kind.namespaced);
    this.#loop = new KeyLoop("namespace", ports, (key) => this.#reconcile(key));
  }

  start(signal: AbortSignal): void {
    this.#ports.informers.of(NamespaceKind).onChange(({ object }) => {
      if (object.metadata.deletionTimestamp !== undefined) this.#loop.add(keyOf(object));
    });
    this.#loop.start(signal);
  }

  get idle(): boolean {
    return this.#loop.idle;
  }

  async #reconcile(key: ObjectKey): Promise<void> {
    const { client, informers } = this.#ports;
    const known = informers.of(NamespaceKind).get(key);
    if (known?.metadata.deletionTimestamp === undefined) return;
    const left = await this.#empty(key.name);
    if (left > 0) return this.#loop.addAfter(key, LOOK_AGAIN_MS);
    const namespace = await client.get(NamespaceKind, key);
    const finalizers = (namespace.spec?.finalizers ?? []).filter((one) => one !== "kubernetes");
    await client.update(NamespaceKind, { ...namespace, spec: { ...namespace.spec, finalizers } });
  }

  /** Deletes what is there; resolves to how many objects there still were. */
  async #empty(namespace: string): Promise<number> {
    const { client } = this.#ports;
    let count = 0;
    for (const kind of this.#kinds) {
      const { items } = await client.list(kind, { namespace, fields: [] });
      count += items.length;
      for (const item of items) {
        if (item.metadata.deletionTimestamp !== undefined) continue;
        try {
          await client.delete(kind, keyOf(item), { propagationPolicy: "Background" });
        } catch (thrown) {
          if (!isApiError(thrown, "NotFound")) throw thrown;
        }
      }
    }
    return count;
  }
}

/** Pods take their time; a namespace's end is in no hurry. */
const LOOK_AGAIN_MS = 200;
