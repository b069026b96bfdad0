import { apiVersionOf, type Kind } from "../api/kind.ts";
import { type ApiObject, keyOf, type OwnerReference, type Stored } from "../api/object.ts";
import { isApiError } from "../api/status.ts";
import type { KubeClient } from "./client.ts";
import type { Child, Deletion, EventNote, MetadataPatch } from "./controller.ts";
import type { Informers } from "./informers.ts";
import { semanticallyEqual } from "./semantic.ts";

/** The controller reference that each child carries (spec C-006). */
export function controllerReference(kind: Kind, owner: ApiObject): OwnerReference {
  return {
    apiVersion: apiVersionOf(kind),
    kind: kind.kind,
    name: owner.metadata.name ?? "",
    uid: owner.metadata.uid ?? "",
    controller: true,
    blockOwnerDeletion: true,
  };
}

export function isControlledBy(object: ApiObject, owner: ApiObject): boolean {
  return (object.metadata.ownerReferences ?? []).some(
    (reference) => reference.controller === true && reference.uid === owner.metadata.uid,
  );
}

/** The usual revision: spec, labels and annotations become the wanted ones. */
function replaceSpec<T extends ApiObject>(existing: Stored<T>, wanted: T): T {
  const { spec } = wanted as { spec?: unknown };
  return { ...replaceMetadata(existing, wanted), ...(spec === undefined ? {} : { spec }) };
}

/** Labels and annotations become the wanted ones. */
function replaceMetadata<T extends ApiObject>(existing: Stored<T>, wanted: T): T {
  const { labels = {}, annotations = {} } = wanted.metadata;
  return { ...existing, metadata: { ...existing.metadata, labels, annotations } };
}

/** Written once and never changed. */
export function createOnly<T extends ApiObject>(existing: Stored<T>, _wanted: T): T {
  return existing;
}

/** Writes the difference between what children should be and what the caches say they are. */
export class ChildWriter {
  readonly #client: KubeClient;
  readonly #informers: Informers;
  readonly #tell: (note: EventNote) => void;

  constructor(options: { client: KubeClient; informers: Informers; tell: (note: EventNote) => void }) {
    this.#client = options.client;
    this.#informers = options.informers;
    this.#tell = options.tell;
  }

  /** Resolves to whether something was written. A child of someone else is never touched (spec C-007). */
  async apply(kind: Kind, parent: ApiObject, child: Child): Promise<boolean> {
    const owner = child.owner ?? { kind, object: parent };
    const reference = controllerReference(owner.kind, owner.object);
    const wanted = child.unowned ? child.object : withOwner(child.object, reference);
    const informer = this.#informers.of(child.kind);
    const existing = informer.get(keyOf(wanted));
    if (!existing) {
      informer.absorb(await this.#client.create(child.kind, wanted));
      this.#tell({
        type: "Normal",
        reason: "Created",
        message: `Created ${child.kind.kind} "${wanted.metadata.name}"`,
      });
      return true;
    }
    if (
      child.unowned ||
      !isControlledBy(existing, owner.object) ||
      existing.metadata.deletionTimestamp !== undefined
    )
      return false;
    const revise = child.revise ?? replaceSpec;
    const revised = revise(existing, wanted);
    if (semanticallyEqual(revised, existing)) return false;
    const stored = await this.#client.update(child.kind, revised);
    informer.absorb(stored);
    if (child.tellsUpdate) this.#tell({ type: "Normal", reason: "Updated", message: child.tellsUpdate });
    // Defaults that admission puts back each time (they may have changed since the owner was written) are no change:
    // taken for one, they would be taken out and put back without end.
    return stored.metadata.resourceVersion !== existing.metadata.resourceVersion;
  }

  async delete(deletion: Deletion): Promise<boolean> {
    const known = this.#informers.get(deletion.kind, deletion.key);
    if (!known || known.metadata.deletionTimestamp !== undefined) return false;
    const { uid = known.metadata.uid, propagationPolicy } = deletion;
    try {
      await this.#client.delete(deletion.kind, deletion.key, {
        uid,
        ...(propagationPolicy === undefined ? {} : { propagationPolicy }),
      });
    } catch (thrown) {
      if (!isApiError(thrown, "NotFound")) throw thrown;
    }
    return false;
  }

  async patch(patch: MetadataPatch): Promise<boolean> {
    try {
      const patched = await this.#client.patch(patch.kind, patch.key, { type: "merge", body: patch.body });
      this.#informers.of(patch.kind).absorb(patched);
      return true;
    } catch (thrown) {
      if (isApiError(thrown, "NotFound")) return false;
      throw thrown;
    }
  }
}

function withOwner<T extends ApiObject>(object: T, owner: OwnerReference): T {
  return { ...object, metadata: { ...object.metadata, ownerReferences: [owner] } };
}
