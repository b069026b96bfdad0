import { type AnyObject, valueAt } from "./any-object.ts";
import type { Storage } from "./storage/storage.ts";

const EXCLUDE_LABEL = "webhooks.knative.dev/exclude";

/** Which namespaces exist and which are on their way out: every create asks. */
export class Namespaces {
  readonly #storage: Storage;
  readonly #excluded = new Set<string>();
  readonly #phases = new Map<string, "Active" | "Terminating">();
  readonly #labels = new Map<string, Readonly<Record<string, string>>>();

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
      if (revision.type === "delete") this.#forget(revision.key.name);
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

  labelsOf(name: string): Readonly<Record<string, string>> {
    return this.#labels.get(name) ?? {};
  }

  phaseOf(name: string): "Active" | "Terminating" | undefined {
    return this.#phases.get(name);
  }

  #forget(name: string): void {
    this.#phases.delete(name);
    this.#labels.delete(name);
  }

  #learn(name: string, json: string): void {
    const object = JSON.parse(json) as AnyObject;
    const terminating = valueAt(object, ["status", "phase"]) === "Terminating";
    this.#phases.set(name, terminating ? "Terminating" : "Active");
    this.#labels.set(name, object.metadata.labels ?? {});
    if (object.metadata.labels?.[EXCLUDE_LABEL] === undefined) this.#excluded.delete(name);
    else this.#excluded.add(name);
  }
}
