import type { Kind } from "../api/kind.ts";
import type { ApiObject, ObjectKey, Stored } from "../api/object.ts";
import type { Caches } from "./informers.ts";

/**
 * A reconciler as data. The loop (`reconcile-loop.ts`) gets the parent from the cache, asks what should be, writes the
 * difference and starts over until nothing is left to write; a controller decides and never writes.
 */
export interface Controller<P extends ParentObject, O, C> {
  /** The actor in whose name everything is written. */
  readonly name: string;
  readonly kind: Kind<P>;
  /** What else it reads, and which parents a change there concerns. */
  readonly watches: readonly Watch[];
  /** Parents that are not ours (another class) are left untouched. Absent = all are ours. */
  concerns?(parent: Stored<P>): boolean;
  /** Gathers from the caches, and from the ports given to the factory, all that `desired` needs to know. */
  observe(parent: Stored<P>, caches: Caches): O;
  /** Pure: the same input gives the same answer. */
  desired(parent: Stored<P>, observed: O, context: Context<C>): Desired<P>;
  /** With it the loop adds the finalizer to each parent, and removes it once `finalize` has nothing left to write. */
  readonly finalizer?: string;
  finalize?(parent: Stored<P>, observed: O, context: Context<C>): Pick<Desired<P>, "patches" | "deletions">;
  /** The parent is gone: drop what the factory's ports keep for it. */
  forget?(key: ObjectKey): void;
  /** What besides watched objects can wake a parent: results of background work. Ends when `signal` aborts. */
  start?(enqueue: (key: ObjectKey) => void, signal: AbortSignal): void;
}

export interface ParentObject extends ApiObject {
  status?: unknown;
}

export interface Watch<T extends ApiObject = ApiObject> {
  readonly kind: Kind<T>;
  /** Keys of the parents that a change of `object` concerns. */
  parents(object: Stored<T>, caches: Caches): readonly ObjectKey[];
  /** Projection (Selection.fields); absent = the whole object. */
  readonly fields?: readonly string[];
}

export interface Context<C> {
  readonly config: C;
  readonly nowMs: number;
  /** The write that failed in the round before this one, so that a condition can tell of it. */
  readonly failure?: WriteFailure;
}

export interface WriteFailure {
  readonly kind: string;
  readonly name: string;
  readonly reason: string;
  readonly message: string;
}

export interface Desired<P extends ParentObject> {
  /** Made or revised in this order; each gets the parent as its controller. */
  readonly children: readonly Child[];
  readonly deletions?: readonly Deletion[];
  /** Absent = leave the status alone. Times of conditions are filled in by the loop (spec A-041). */
  readonly status?: P["status"];
  /** JSON merge patches of objects that are not children (metadata of others, or of the parent itself). */
  readonly patches?: readonly MetadataPatch[];
  /** Recorded only when the status changes. */
  readonly events?: readonly EventNote[];
  readonly requeueAfterMs?: number;
}

export interface Child<T extends ApiObject = ApiObject> {
  readonly kind: Kind<T>;
  readonly object: T;
  /** What the stored child should become. Absent: `replaceSpec`. Semantically equal = no write. */
  revise?(existing: Stored<T>, wanted: T): T;
  /** True: made without an owner when it is not there, and never revised (what outlives its maker by design). */
  readonly unowned?: boolean;
  /** Who controls it, where that is not the parent: what outlives it, and several parents share. */
  readonly owner?: Owner;
  /** The Event of each revision (spec A-065); absent = none. */
  readonly tellsUpdate?: string;
  /** True: written to /status, after the child exists, instead of the object. */
  readonly subresource?: "status";
}

export interface Owner {
  readonly kind: Kind;
  readonly object: ApiObject;
}

export interface Deletion {
  readonly kind: Kind;
  readonly key: ObjectKey;
  readonly uid?: string;
  readonly propagationPolicy?: "Background" | "Foreground" | "Orphan";
}

export interface MetadataPatch {
  readonly kind: Kind;
  readonly key: ObjectKey;
  readonly body: { readonly metadata?: object; readonly spec?: object };
}

export interface EventNote {
  readonly type: "Normal" | "Warning";
  readonly reason: string;
  readonly message: string;
}

/** The configuration in force, and when it changes. */
export interface ConfigSource<C> {
  current(): C;
  /** Resolves when all of it could be read once: nothing acts on half of it (spec A-172). */
  readonly readable: Promise<void>;
  onChange(listener: () => void): void;
}

/** Keeps the types of a child together in a list of mixed kinds. */
export function child<T extends ApiObject>(child: Child<T>): Child {
  return child;
}

/** Keeps the types of a watch together in a list of mixed kinds. */
export function watch<T extends ApiObject>(watch: Watch<T>): Watch {
  return watch;
}
