import type { Kind } from "../api/kind.ts";
import type { ApiObject, ObjectKey, Stored } from "../api/object.ts";

/**
 * The Kubernetes API as components see it, whatever carries it: this process, the link between the two processes, or
 * HTTPS to a cluster. A client belongs to one actor: its name is the writer that the API may refuse (DESIGN §4,
 * Writers). Every call rejects with ApiError. Objects that come out may be shared with others: they are read only.
 */
export interface KubeClient {
  get<T extends ApiObject>(kind: Kind<T>, key: ObjectKey): Promise<Stored<T>>;
  /**
   * With `onPage` a client may hand out what it has read so far, instead of keeping all until the end; what it handed
   * out is not in the list that it resolves to.
   */
  list<T extends ApiObject>(...listing: Listing<T>): Promise<ObjectList<T>>;
  create<T extends ApiObject>(kind: Kind<T>, object: T): Promise<Stored<T>>;
  /** Replaces all but status. `metadata.resourceVersion`, when set, must be the stored one (409 otherwise). */
  update<T extends ApiObject>(kind: Kind<T>, object: T): Promise<Stored<T>>;
  /** Replaces status alone. */
  updateStatus<T extends ApiObject>(kind: Kind<T>, object: T): Promise<Stored<T>>;
  patch<T extends ApiObject>(kind: Kind<T>, key: ObjectKey, patch: Patch): Promise<Stored<T>>;
  delete(kind: Kind, key: ObjectKey, options?: DeleteOptions): Promise<void>;
  /**
   * Calls `onEvent` for every change after `resourceVersion`, in order, until `signal` aborts (resolves) or the watch
   * breaks (rejects; reason Expired when the version is too old: list again). Bookmarks are delivered too.
   */
  watch<T extends ApiObject>(...watching: Watching<T>): Promise<void>;
}

/** The arguments of `KubeClient.list`. */
export type Listing<T extends ApiObject> = [
  kind: Kind<T>,
  selection?: Selection,
  onPage?: (objects: readonly Stored<T>[]) => void,
];

/** What a watch is told: the arguments of `KubeClient.watch`. */
export type Watching<T extends ApiObject> = [
  kind: Kind<T>,
  selection: Selection & { resourceVersion: string },
  onEvent: (event: WatchEvent<T>) => void,
  signal: AbortSignal,
];

export interface Selection {
  /** Absent = all namespaces. */
  readonly namespace?: string;
  /** Kubernetes' grammar, e.g. `a=b,c in (d,e),!f`. */
  readonly labelSelector?: string;
  readonly fieldSelector?: string;
  /**
   * A projection: of spec, status and data only these paths (`spec.rules`, `subsets`) are delivered; type and metadata
   * (without managedFields) always are. Absent = the whole object.
   */
  readonly fields?: readonly string[];
}

export interface ObjectList<T extends ApiObject> {
  readonly items: Stored<T>[];
  readonly resourceVersion: string;
}

export interface Patch {
  readonly type: "json" | "merge" | "strategic";
  readonly body: unknown;
  readonly subresource?: "status" | "scale";
}

export interface DeleteOptions {
  readonly propagationPolicy?: "Background" | "Foreground" | "Orphan";
  readonly gracePeriodSeconds?: number;
  readonly uid?: string;
  readonly resourceVersion?: string;
}

export type WatchEvent<T extends ApiObject> =
  | { readonly type: "ADDED" | "MODIFIED" | "DELETED"; readonly object: Stored<T> }
  | { readonly type: "BOOKMARK"; readonly resourceVersion: string };
