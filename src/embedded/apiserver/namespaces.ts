import { type AnyObject, valueAt } from "./any-object.ts";
import type { Storage } from "./storage/storage.ts";

const EXCLUDE_LABEL = "webhooks.knative.dev/exclude";

/** Which namespaces exist and which are on their way out: every create asks. */
export class Namespaces {
  readonly #storage: Storage;
  readonly #excluded = new Set<string>();
  readonly #phases = new Map<string, "Active" | "Terminating">();

  constructor(storage: Storage) {
    this.#storage = storage;
  }

  /** The label that keeps Knative's webhooks away from a namespace's objects (spec A-081). */
  excludesWebhooks(name: string): boolean {
    return this.#excluded.has(name);
  }

  async start(): Promise<void> {
    this.#storage.onSequenced((revision) => {
      if (revision.key.collection !== "namespaces") return;
      if (revision.type === "delete") this.#phases.delete(revision.key.name);
      else this.#learn(revision.key.name, revision.json);
    });
    const at = this.#storage.sequenced;
    let after: { namespace: string; name: string } | undefined;
    for (;;) {
      const query = { collection: "namespaces", at, limit: 500, ...(after ? { after } : {}) };
      const page = await this.#storage.list(query);
      for (const entry of page.entries) this.#learn(entry.key.name, entry.json);
      after = page.entries.at(-1)?.key;
      if (!page.more) return;
    }
  }

  phaseOf(name: string): "Active" | "Terminating" | undefined {
    return this.#phases.get(name);
  }

  #learn(name: string, json: string): void {
    const object = JSON.parse(json) as AnyObject;
    const terminating = valueAt(object, ["status", "phase"]) === "Terminating";
    this.#phases.set(name, terminating ? "Terminating" : "Active");
    if (object.metadata.labels?.[EXCLUDE_LABEL] === undefined) this.#excluded.delete(name);
    else this.#excluded.add(name);
  }
}
