import { collectionOf, type Kind } from "../api/kind.ts";
import { type ApiObject, keyOf, keyOfText, keyText, type ObjectKey, type Stored } from "../api/object.ts";
import { isApiError } from "../api/status.ts";
import { type Clock, sleep } from "../base/clock.ts";
import { messageOf } from "../base/errors.ts";
import type { Log } from "../base/log.ts";
import { Multimap } from "../base/multimap.ts";
import type { KubeClient, Selection, WatchEvent } from "./client.ts";
import { project } from "./project.ts";
import { RestingObjects } from "./resting-objects.ts";

/** One change of the cache. `object` is the new state, or the last known one of a deleted object. */
export interface Change<T extends ApiObject> {
  readonly type: "ADDED" | "MODIFIED" | "DELETED";
  readonly object: Stored<T>;
  readonly previous?: Stored<T>;
}

const RETRY_FIRST_MS = 100;
const RETRY_MAX_MS = 10_000;

/**
 * A cache of one kind, kept by list and watch. Objects in it are shared: nobody may change them. After a broken watch
 * it goes on from the last version seen; when that is too old it lists again and tells handlers the difference.
 */
export class Informer<T extends ApiObject> {
  readonly #client: KubeClient;
  readonly #kind: Kind<T>;
  readonly #selection: () => Selection;
  readonly #clock: Clock;
  readonly #log: Log;
  readonly #objects: RestingObjects<T>;
  readonly #indexes = new Map<string, Index>();
  readonly #handlers: ((change: Change<T>) => void)[] = [];
  readonly #synced = Promise.withResolvers<void>();
  /** The newest version that the watch has told of. */
  #version = "";

  constructor(options: {
    client: KubeClient;
    kind: Kind<T>;
    selection?: Selection;
    /** Asked at each start of a list or watch; overrides the selection's fields. */
    fields?: () => readonly string[] | undefined;
    clock: Clock;
    log: Log;
  }) {
    this.#client = options.client;
    this.#kind = options.kind;
    const { selection = {}, fields } = options;
    this.#selection = () => {
      const wanted = fields?.();
      return wanted ? { ...selection, fields: wanted } : selection;
    };
    this.#clock = options.clock;
    this.#objects = new RestingObjects(collectionOf(options.kind), options.clock);
    this.#log = options.log;
  }

  /** Resolves once the first list is in the cache; never rejects. */
  get synced(): Promise<void> {
    return this.#synced.promise;
  }

  /** Called for every change from now on, and at once for what is there already. */
  onChange(handler: (change: Change<T>) => void): void {
    this.#handlers.push(handler);
    for (const [, object] of this.#objects.entries()) handler({ type: "ADDED", object });
  }

  get(key: ObjectKey): Stored<T> | undefined {
    return this.#objects.get(keyText(key));
  }

  /** All objects, or those of one namespace. Where keys are enough, `keys` costs less. */
  list(namespace?: string): readonly Stored<T>[] {
    if (namespace !== undefined) return this.by(namespaceIndex, namespace);
    return [...this.#objects.entries()].map(([, object]) => object);
  }

  /** Of all objects, or those of one namespace. */
  keys(namespace?: string): readonly ObjectKey[] {
    const all = [...this.#objects.keys()].map(keyOfText);
    return namespace === undefined ? all : all.filter((key) => key.namespace === namespace);
  }

  /** Objects to which `keysOf` gives `value`. The index is made at the first call and kept: pass the same function. */
  by(index: IndexBy, value: string): readonly Stored<T>[] {
    let known = this.#indexes.get(index.name);
    if (!known) {
      known = new Index(index);
      for (const [key, object] of this.#objects.entries()) known.add(key, object);
      this.#indexes.set(index.name, known);
    }
    return known.get(value).flatMap((key) => this.#objects.get(key) ?? []);
  }

  /**
   * Takes in what a write just answered, so that the writer reads its own writes. Ignored when the watch was already
   * further: versions of one kind are ordered, as etcd's and ours are.
   */
  absorb(object: Stored<T>): void {
    const known = this.get(keyOf(object));
    const version = object.metadata.resourceVersion;
    if (known ? !isNewer(version, known.metadata.resourceVersion) : !isNewer(version, this.#version)) return;
    this.#store(project(object, this.#selection().fields));
  }

  /** Lists and watches until `signal` aborts. */
  async run(signal: AbortSignal): Promise<void> {
    signal.addEventListener("abort", () => this.#objects.stop(), { once: true });
    let failures = 0;
    while (!signal.aborted) {
      try {
        if (this.#version === "") await this.#relist();
        failures = 0;
        this.#synced.resolve();
        const selection = { ...this.#selection(), resourceVersion: this.#version };
        await this.#client.watch(this.#kind, selection, (event) => this.#receive(event), signal);
      } catch (thrown) {
        if (signal.aborted) return;
        if (isApiError(thrown, "Expired") || isApiError(thrown, "Gone")) {
          this.#version = "";
          continue;
        }
        failures++;
        this.#log.warn("watch broke, trying again", { kind: this.#kind.kind, error: messageOf(thrown) });
        await sleep(this.#clock, Math.min(RETRY_FIRST_MS * 2 ** failures, RETRY_MAX_MS), signal);
      }
    }
  }

  async #relist(): Promise<void> {
    const gone = new Set(this.#objects.keys());
    const take = (objects: readonly Stored<T>[]) => {
      for (const object of objects) {
        gone.delete(keyText(keyOf(object)));
        this.#storeIfNewer(object);
      }
    };
    const listed = await this.#client.list(this.#kind, this.#selection(), take);
    take(listed.items);
    this.#version = listed.resourceVersion;
    for (const key of gone) {
      const object = this.#objects.get(key);
      // What we wrote after the list was made is not gone.
      if (object && !isNewer(object.metadata.resourceVersion, listed.resourceVersion)) this.#remove(object);
    }
  }

  #receive(event: WatchEvent<T>): void {
    if (event.type === "BOOKMARK") {
      this.#version = event.resourceVersion;
      return;
    }
    const { object } = event;
    if (event.type === "DELETED") this.#remove(object);
    else this.#storeIfNewer(object);
    this.#version = object.metadata.resourceVersion;
  }

  #storeIfNewer(object: Stored<T>): void {
    const known = this.get(keyOf(object));
    if (known && !isNewer(object.metadata.resourceVersion, known.metadata.resourceVersion)) return;
    this.#store(object);
  }

  #store(object: Stored<T>): void {
    const key = keyText(keyOf(object));
    const previous = this.#objects.get(key);
    this.#objects.set(key, object);
    for (const index of this.#indexes.values()) {
      if (previous) index.remove(key, previous);
      index.add(key, object);
    }
    this.#tell(previous ? { type: "MODIFIED", object, previous } : { type: "ADDED", object });
  }

  #remove(object: Stored<T>): void {
    const key = keyText(keyOf(object));
    const previous = this.#objects.get(key);
    if (!previous || (previous.metadata.uid !== object.metadata.uid && !this.#isOutdated(previous, object)))
      return;
    this.#objects.delete(key);
    for (const index of this.#indexes.values()) index.remove(key, previous);
    this.#tell({ type: "DELETED", object, previous });
  }

  #isOutdated(known: Stored<T>, event: Stored<T>): boolean {
    return isNewer(event.metadata.resourceVersion, known.metadata.resourceVersion);
  }

  #tell(change: Change<T>): void {
    for (const handler of this.#handlers) handler(change);
  }
}

/** How to find objects by something else than their key. `name` identifies the index. */
export interface IndexBy {
  readonly name: string;
  keysOf(object: ApiObject): readonly string[];
}

const namespaceIndex: IndexBy = {
  name: "namespace",
  keysOf: (object) => [object.metadata.namespace ?? ""],
};

/** By uid of the controlling owner. */
export const ownerIndex: IndexBy = {
  name: "owner",
  keysOf: (object) =>
    (object.metadata.ownerReferences ?? []).filter((ref) => ref.controller).map((ref) => ref.uid),
};

/** By `namespace/value` of a label. */
export function labelIndex(label: string): IndexBy {
  return {
    name: `label ${label}`,
    keysOf(object) {
      const value = object.metadata.labels?.[label];
      return value === undefined ? [] : [`${object.metadata.namespace ?? ""}/${value}`];
    },
  };
}

/** Keys by value. */
class Index {
  readonly #by: IndexBy;
  readonly #keys = new Multimap();

  constructor(by: IndexBy) {
    this.#by = by;
  }

  get(value: string): readonly string[] {
    return this.#keys.get(value);
  }

  add(key: string, object: ApiObject): void {
    for (const value of this.#by.keysOf(object)) this.#keys.add(value, key);
  }

  remove(key: string, object: ApiObject): void {
    for (const value of this.#by.keysOf(object)) this.#keys.delete(value, key);
  }
}

/** Versions are decimal numbers; compared by length first so that no precision is lost. */
function isNewer(version: string, known: string): boolean {
  return version.length === known.length ? version > known : version.length > known.length;
}
