import type { ApiObject } from "../../api/object.ts";
import type { Storage } from "./storage/storage.ts";

/** A small collection kept in memory as it is sequenced, for what every write asks: webhooks, quotas. */
export class LiveCollection<T extends ApiObject> {
  readonly #collection: string;
  readonly #objects = new Map<string, T>();

  constructor(collection: string) {
    this.#collection = collection;
  }

  async start(storage: Storage): Promise<void> {
    storage.onSequenced(({ key, type, json }) => {
      if (key.collection !== this.#collection) return;
      const id = `${key.namespace}/${key.name}`;
      if (type === "delete") this.#objects.delete(id);
      else this.#objects.set(id, JSON.parse(json) as T);
    });
    let after: { namespace: string; name: string } | undefined;
    for (;;) {
      const at = storage.sequenced;
      const page = await storage.list({
        collection: this.#collection,
        at,
        limit: 500,
        ...(after ? { after } : {}),
      });
      for (const { key, json } of page.entries)
        this.#objects.set(`${key.namespace}/${key.name}`, JSON.parse(json) as T);
      after = page.entries.at(-1)?.key;
      if (!page.more) return;
    }
  }

  get isEmpty(): boolean {
    return this.#objects.size === 0;
  }

  /** In the order of their names. */
  get all(): T[] {
    return [...this.#objects].sort(([left], [right]) => (left < right ? -1 : 1)).map(([, object]) => object);
  }

  in(namespace: string): T[] {
    return this.#objects.size === 0 ? [] : this.all.filter((one) => one.metadata.namespace === namespace);
  }
}
