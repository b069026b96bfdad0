import { EventKind } from "../../api/event/kind.ts";
import { apiVersionOf, type Kind } from "../../api/kind.ts";
import { type ApiObject, keyOf, type ObjectKey, type OwnerReference, type Stored } from "../../api/object.ts";
import { isApiError } from "../../api/status.ts";
import { sleep } from "../../base/clock.ts";
import { messageOf } from "../../base/errors.ts";
import { Multimap } from "../../base/multimap.ts";
import { KeyLoop, type WorkloadPorts } from "./loop.ts";

/** Only what the collector must know of an object: of all objects, so it is kept small. It is its own key. */
interface Node extends ObjectKey {
  readonly kind: Kind;
  readonly uid: string;
  readonly owners: readonly OwnerReference[];
  readonly isDying: boolean;
  readonly finalizers: readonly string[];
}

/** Of nearly all objects: one list for all of them. */
const NONE: readonly never[] = [];
const FOREGROUND = "foregroundDeletion";
const ORPHAN = "orphan";
const RELIST_MS = 1_000;

/**
 * Deletes what no owner holds any more, and carries out foreground and orphan deletion (spec E-214). The graph comes
 * from watches on metadata; before something is deleted its owners are asked for once more, live.
 */
export class GarbageCollector {
  readonly #ports: Omit<WorkloadPorts, "informers">;
  readonly #kinds: readonly Kind[];
  readonly #loop: KeyLoop;
  readonly #nodes = new Map<string, Node>();
  /** Uids of dependents by uid of owner. */
  readonly #dependents = new Multimap();

  constructor(ports: Omit<WorkloadPorts, "informers">, kinds: readonly Kind[]) {
    this.#ports = ports;
    this.#kinds = kinds;
    this.#loop = new KeyLoop("garbage-collector", ports, ({ name }) => this.#look(name));
  }

  start(signal: AbortSignal): void {
    // Judging begins when all kinds are known: every object would else be asked for by each of its dependents.
    // Events own nothing and have no owners, and there are more of them than of all others: they are left out, as
    // Kubernetes does.
    const followed = this.#kinds.filter((kind) => kind !== EventKind);
    const listed = followed.map(
      (kind) => new Promise<void>((resolve) => void this.#follow(kind, { signal, onListed: resolve })),
    );
    void Promise.all(listed).then(() => this.#loop.start(signal));
  }

  get idle(): boolean {
    return this.#loop.idle;
  }

  /** Lists and watches one kind until `signal` aborts. */
  async #follow(
    kind: Kind,
    { signal, onListed }: { readonly signal: AbortSignal; readonly onListed: () => void },
  ): Promise<void> {
    while (!signal.aborted) {
      try {
        const present = new Set<string>();
        const learn = (objects: readonly Stored<ApiObject>[]) => {
          for (const object of objects) {
            present.add(object.metadata.uid);
            this.#learn(kind, object);
          }
        };
        const listed = await this.#ports.client.list(kind, { fields: [] }, learn);
        learn(listed.items);
        for (const node of [...this.#nodes.values()])
          if (node.kind === kind && !present.has(node.uid)) this.#forget(node.uid);
        onListed();
        const { resourceVersion } = listed;
        const watched = { fields: [], resourceVersion };
        await this.#ports.client.watch(
          kind,
          watched,
          (event) => {
            if (event.type === "BOOKMARK") return;
            if (event.type === "DELETED") this.#forget(event.object.metadata.uid);
            else this.#learn(kind, event.object);
          },
          signal,
        );
      } catch (thrown) {
        if (signal.aborted) return;
        this.#ports.log.warn("watch broke, listing again", { kind: kind.kind, error: messageOf(thrown) });
        await sleep(this.#ports.clock, RELIST_MS, signal);
      }
    }
  }

  #learn(kind: Kind, object: Stored<ApiObject>): void {
    const { uid, ownerReferences = NONE, finalizers = NONE, deletionTimestamp } = object.metadata;
    const before = this.#nodes.get(uid);
    const isDying = deletionTimestamp !== undefined;
    // An object that has no owner and is nobody's to hold back is of no interest until it is gone.
    const { namespace, name } = keyOf(object);
    this.#nodes.set(uid, { kind, namespace, name, uid, owners: ownerReferences, isDying, finalizers });
    for (const { uid: owner } of before?.owners ?? NONE) this.#dependents.delete(owner, uid);
    for (const { uid: owner } of ownerReferences) this.#dependents.add(owner, uid);
    if (isDying && finalizers.some((one) => one === FOREGROUND || one === ORPHAN)) this.#enqueue(uid);
    const isOrphaned = ownerReferences.some((owner) => !this.#holds(owner.uid));
    if (!isDying && isOrphaned) this.#enqueue(uid);
    this.#enqueueDyingOwners(ownerReferences);
  }

  #forget(uid: string): void {
    const node = this.#nodes.get(uid);
    if (!node) return;
    this.#nodes.delete(uid);
    for (const { uid: owner } of node.owners) this.#dependents.delete(owner, uid);
    for (const dependent of this.#dependents.get(uid)) this.#enqueue(dependent);
    this.#enqueueDyingOwners(node.owners);
  }

  /** An owner in foreground deletion waits for its dependents, and new ones may have come. */
  #enqueueDyingOwners(owners: readonly OwnerReference[]): void {
    for (const { uid } of owners) {
      const owner = this.#nodes.get(uid);
      if (owner?.isDying && owner.finalizers.includes(FOREGROUND)) this.#enqueue(uid);
    }
  }

  /** Known and not in foreground deletion. */
  #holds(uid: string): boolean {
    const owner = this.#nodes.get(uid);
    return owner !== undefined && !(owner.isDying && owner.finalizers.includes(FOREGROUND));
  }

  #enqueue(uid: string): void {
    this.#loop.add({ namespace: "", name: uid });
  }

  async #look(uid: string): Promise<void> {
    const node = this.#nodes.get(uid);
    if (!node) return;
    if (node.isDying) {
      if (node.finalizers.includes(ORPHAN)) return this.#orphanDependents(node);
      if (node.finalizers.includes(FOREGROUND)) return this.#deleteDependents(node);
      return;
    }
    if (node.owners.length > 0) await this.#judge(node);
  }

  /** Deletes the object when no owner holds it; drops references to owners that are gone when another one does. */
  async #judge(node: Node): Promise<void> {
    const solid: OwnerReference[] = [];
    const waiting: OwnerReference[] = [];
    for (const owner of node.owners) {
      const state = await this.#stateOf(node, owner);
      if (state === "solid") solid.push(owner);
      else if (state === "waiting") waiting.push(owner);
    }
    const { client } = this.#ports;
    if (solid.length === node.owners.length) return;
    if (solid.length > 0) {
      const body = { metadata: { uid: node.uid, ownerReferences: solid } };
      await client.patch(node.kind, node, { type: "merge", body });
      return;
    }
    // Whoever waits for this object waits for what hangs on it, too.
    const isBlocking = waiting.length > 0 && this.#dependents.has(node.uid);
    const propagationPolicy = isBlocking ? "Foreground" : policyOf(node);
    await client.delete(node.kind, node, { uid: node.uid, propagationPolicy });
  }

  async #stateOf(node: Node, owner: OwnerReference): Promise<"solid" | "absent" | "waiting"> {
    const known = this.#nodes.get(owner.uid);
    if (known)
      return known.isDying && known.finalizers.includes(FOREGROUND) && owner.blockOwnerDeletion
        ? "waiting"
        : "solid";
    const kind = this.#kinds.find(
      (one) => one.kind === owner.kind && apiVersionOf(one).split("/")[0] === owner.apiVersion.split("/")[0],
    );
    // A kind that nobody serves here: whether its object lives cannot be known.
    if (!kind) return "solid";
    const namespace = kind.namespaced ? node.namespace : "";
    try {
      const live = await this.#ports.client.get(kind, { namespace, name: owner.name });
      return live.metadata.uid === owner.uid ? "solid" : "absent";
    } catch (thrown) {
      if (isApiError(thrown, "NotFound")) return "absent";
      throw thrown;
    }
  }

  async #deleteDependents(node: Node): Promise<void> {
    const dependents = this.#dependentsOf(node);
    const blocking = dependents.filter(({ owners }) =>
      owners.some((owner) => owner.uid === node.uid && owner.blockOwnerDeletion),
    );
    for (const dependent of dependents) if (!dependent.isDying) this.#enqueue(dependent.uid);
    if (blocking.length === 0) await this.#removeFinalizer(node, FOREGROUND);
  }

  async #orphanDependents(node: Node): Promise<void> {
    for (const dependent of this.#dependentsOf(node)) {
      const ownerReferences = dependent.owners.filter((owner) => owner.uid !== node.uid);
      const body = { metadata: { uid: dependent.uid, ownerReferences } };
      await this.#ports.client.patch(dependent.kind, dependent, { type: "merge", body });
    }
    await this.#removeFinalizer(node, ORPHAN);
  }

  async #removeFinalizer(node: Node, finalizer: string): Promise<void> {
    const finalizers = node.finalizers.filter((one) => one !== finalizer);
    const body = { metadata: { uid: node.uid, finalizers: finalizers.length > 0 ? finalizers : null } };
    try {
      await this.#ports.client.patch(node.kind, node, { type: "merge", body });
    } catch (thrown) {
      if (!isApiError(thrown, "NotFound")) throw thrown;
    }
  }

  #dependentsOf(node: Node): Node[] {
    return this.#dependents.get(node.uid).flatMap((uid) => this.#nodes.get(uid) ?? []);
  }
}

/** What the object's own finalizers asked for before it came to this. */
function policyOf({ finalizers }: Node): "Background" | "Foreground" | "Orphan" {
  if (finalizers.includes(ORPHAN)) return "Orphan";
  return finalizers.includes(FOREGROUND) ? "Foreground" : "Background";
}
