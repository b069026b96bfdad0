import { EbbError } from "../../../base/errors.ts";

/**
 * The storage port: an append-only log of revisions in kine's manner, from which get, list, watch and "too old" follow.
 * A revision is `sequenced` when it has its number and every reader inside the engine sees it; it is `durable` when the
 * disk has it. Writes are acknowledged to the outside only when durable (DESIGN §4). Objects are kept as JSON text.
 */
export interface Storage {
  /** Opens or creates the store. Rejects with StorageError that says what to do. */
  start(): Promise<void>;
  /** Makes everything sequenced durable, then closes. */
  stop(): Promise<void>;
  /** The newest revision number given out; resourceVersions are these numbers. */
  readonly sequenced: number;
  /** The newest revision number that survives a crash. */
  readonly durable: number;
  /** Watches and lists from before this number are refused (410). */
  readonly compacted: number;
  /** Appends in one step, if the object's present revision is the expected one; undefined when it is not. */
  append(write: Write): Revision | undefined;
  /** Resolves when `revision` is durable; rejects with StorageError when the disk has failed. */
  whenDurable(revision: number): Promise<void>;
  /** The present revision number of an object, 0 when there is none. No disk is read. */
  revisionOf(key: StorageKey): number;
  /** The newest sequenced state. */
  get(key: StorageKey): Promise<Entry | undefined>;
  /** One page in key order of the state at revision `at`. Waits until `at` is durable. */
  list(query: ListQuery): Promise<Page>;
  /** How many objects a list would give from there on. */
  count(query: Omit<ListQuery, "limit">): Promise<number>;
  /** Revisions of a collection in (after, upTo], oldest first, at most `limit`. Waits until `upTo` is durable. */
  changes(query: ChangesQuery): Promise<Revision[]>;
  /** Forgets superseded revisions up to `revision` (inclusive); lists and watches before it become too old. */
  compact(revision: number): Promise<void>;
  /** Called for each revision in the same turn in which it is sequenced, in order. Returns how to stop. */
  onSequenced(listener: (revision: Revision) => void): () => void;
  /** Called with the newest durable number whenever it moves. Returns how to stop. */
  onDurable(listener: (revision: number) => void): () => void;
  /** Called once when the disk has failed: nothing can be acknowledged any more, so the program must end. */
  onFailure(listener: (failure: StorageError) => void): () => void;
}

/** `collection` is a kind's `plural.group` (`pods`, `services.serving.knative.dev`). */
export interface StorageKey {
  readonly collection: string;
  readonly namespace: string;
  readonly name: string;
}

export interface Write {
  readonly key: StorageKey;
  /** The revision that the writer has seen; 0 = the object must not exist. */
  readonly expected: number;
  /** A delete keeps the object's last state as its text: that is what a DELETED event shows. */
  readonly type: "put" | "delete";
  /** Makes the object's JSON text for the number it gets. */
  readonly render: (revision: number) => string;
  /** The text of the expected revision, where the writer has it: what a selector compares with. */
  readonly previous?: string;
}

export interface Revision {
  readonly revision: number;
  readonly key: StorageKey;
  readonly type: "put" | "delete";
  readonly json: string;
  /** The object's text before; absent when this revision created it. */
  readonly previous?: string;
}

export interface Entry {
  readonly key: StorageKey;
  readonly revision: number;
  readonly json: string;
}

export interface ListQuery {
  readonly collection: string;
  /** Absent = all namespaces. */
  readonly namespace?: string;
  readonly at: number;
  /** Only keys behind this one. */
  readonly after?: { readonly namespace: string; readonly name: string };
  readonly limit: number;
}

export interface Page {
  readonly entries: readonly Entry[];
  /** False when the collection ends with this page. */
  readonly more: boolean;
}

export interface ChangesQuery {
  readonly collection: string;
  readonly after: number;
  readonly upTo: number;
  readonly limit: number;
}

/**
 * Codes: storage-unusable (cannot be opened), storage-failed (a commit failed), storage-full (no room: nothing was
 * appended, a later try may succeed), storage-expired (compacted).
 */
export class StorageError extends EbbError {}

export function keyString(key: StorageKey): string {
  return `${key.collection}|${key.namespace}|${key.name}`;
}

/** The order of lists: namespace, then name, by code units, as etcd orders its keys. */
export function compareNames(
  left: { readonly namespace: string; readonly name: string },
  right: { readonly namespace: string; readonly name: string },
): number {
  if (left.namespace !== right.namespace) return left.namespace < right.namespace ? -1 : 1;
  if (left.name === right.name) return 0;
  return left.name < right.name ? -1 : 1;
}

export function expired(asked: number, compacted: number): StorageError {
  return new StorageError("storage-expired", `revision ${asked} is too old (compacted up to ${compacted})`);
}
