import { assert } from "../../../base/assert.ts";
import { PresentRevisions } from "./present-revisions.ts";
import { keyString, type Revision, type StorageError, type StorageKey, type Write } from "./storage.ts";

/**
 * What both stores have in common: it gives out revision numbers, compares and appends in one step, knows each
 * object's present revision, and tells listeners what became sequenced and durable.
 */
export class RevisionSequence {
  sequenced = 0;
  durable = 0;
  failure: StorageError | undefined;
  readonly #present = new PresentRevisions();
  readonly #sequencedListeners = new Set<(revision: Revision) => void>();
  readonly #durableListeners = new Set<(revision: number) => void>();
  readonly #failureListeners = new Set<(failure: StorageError) => void>();
  #waiting: { revision: number; resolve: () => void; reject: (failure: StorageError) => void }[] = [];

  /** State found on disk. */
  restore(key: StorageKey, revision: number): void {
    this.#present.set(keyString(key), revision);
  }

  startAt(revision: number): void {
    this.sequenced = revision;
    this.durable = revision;
  }

  revisionOf(key: StorageKey): number {
    return this.#present.get(keyString(key));
  }

  /** Gives the write its number, or undefined when the object moved on meanwhile. `name`: the key's text. */
  next(write: Write, name: string): Revision | undefined {
    if (this.failure) throw this.failure;
    if (this.#present.get(name) !== write.expected) return undefined;
    const revision = this.sequenced + 1;
    const json = write.render(revision);
    this.sequenced = revision;
    if (write.type === "delete") this.#present.delete(name);
    else this.#present.set(name, revision);
    const previous = write.expected === 0 ? undefined : write.previous;
    return {
      revision,
      key: write.key,
      type: write.type,
      json,
      ...(previous === undefined ? {} : { previous }),
    };
  }

  announceSequenced(revision: Revision): void {
    for (const listener of this.#sequencedListeners) listener(revision);
  }

  announceDurable(revision: number): void {
    assert(revision >= this.durable && revision <= this.sequenced, "durable revisions only move forward");
    this.durable = revision;
    const due = this.#waiting.filter((waiter) => waiter.revision <= revision);
    this.#waiting = this.#waiting.filter((waiter) => waiter.revision > revision);
    for (const waiter of due) waiter.resolve();
    for (const listener of this.#durableListeners) listener(revision);
  }

  fail(failure: StorageError): void {
    if (this.failure) return;
    this.failure = failure;
    const waiting = this.#waiting;
    this.#waiting = [];
    for (const waiter of waiting) waiter.reject(failure);
    for (const listener of this.#failureListeners) listener(failure);
  }

  whenDurable(revision: number): Promise<void> {
    if (revision <= this.durable) return Promise.resolve();
    if (this.failure) return Promise.reject(this.failure);
    return new Promise((resolve, reject) => this.#waiting.push({ revision, resolve, reject }));
  }

  onSequenced(listener: (revision: Revision) => void): () => void {
    this.#sequencedListeners.add(listener);
    return () => this.#sequencedListeners.delete(listener);
  }

  onDurable(listener: (revision: number) => void): () => void {
    this.#durableListeners.add(listener);
    return () => this.#durableListeners.delete(listener);
  }

  onFailure(listener: (failure: StorageError) => void): () => void {
    this.#failureListeners.add(listener);
    return () => this.#failureListeners.delete(listener);
  }
}
