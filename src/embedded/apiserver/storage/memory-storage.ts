import { RevisionSequence } from "./revision-sequence.ts";
import {
  type ChangesQuery,
  compareNames,
  type Entry,
  expired,
  keyString,
  type ListQuery,
  type Page,
  type Revision,
  type Storage,
  StorageError,
  type StorageKey,
  type Write,
} from "./storage.ts";

export interface MemoryStorageOptions {
  /** "manual": nothing is durable before `commit()`, so that a test can crash in between. Default "immediate". */
  readonly durability?: "immediate" | "manual";
}

/**
 * The store of tests and of the simulator: the same promises as on disk, kept in this process and answered without
 * waiting. `crash()` loses what was only sequenced, `fail()` is the disk that gives up.
 */
export class MemoryStorage implements Storage {
  readonly #manual: boolean;
  #log: Revision[] = [];
  #entries = new Map<string, Entry>();
  #sequence = new RevisionSequence();
  #compacted = 0;

  constructor(options: MemoryStorageOptions = {}) {
    this.#manual = options.durability === "manual";
  }

  get sequenced(): number {
    return this.#sequence.sequenced;
  }

  get durable(): number {
    return this.#sequence.durable;
  }

  get compacted(): number {
    return this.#compacted;
  }

  async start(): Promise<void> {}

  async stop(): Promise<void> {
    this.commit();
  }

  append(write: Write): Revision | undefined {
    const name = keyString(write.key);
    const before = this.#entries.get(name);
    const revision = this.#sequence.next(before ? { ...write, previous: before.json } : write, name);
    if (!revision) return undefined;
    this.#log.push(revision);
    this.#apply(revision);
    this.#sequence.announceSequenced(revision);
    if (!this.#manual) this.commit();
    return revision;
  }

  /** Makes everything sequenced so far durable. */
  commit(): void {
    if (!this.#sequence.failure && this.#sequence.durable < this.#sequence.sequenced)
      this.#sequence.announceDurable(this.#sequence.sequenced);
  }

  /** The power goes: what was not durable is lost, listeners are gone, no number that was given out comes again. */
  crash(): void {
    const { sequenced, durable } = this.#sequence;
    this.#sequence = new RevisionSequence();
    this.#entries = new Map();
    this.#log = this.#log.filter((revision) => revision.revision <= durable);
    for (const revision of this.#log) this.#apply(revision);
    for (const entry of this.#entries.values()) this.#sequence.restore(entry.key, entry.revision);
    this.#sequence.startAt(sequenced);
  }

  /** The disk gives up: nothing that is not durable yet will ever be. */
  fail(message: string): void {
    this.#sequence.fail(new StorageError("storage-failed", message));
  }

  whenDurable(revision: number): Promise<void> {
    return this.#sequence.whenDurable(revision);
  }

  revisionOf(key: StorageKey): number {
    return this.#sequence.revisionOf(key);
  }

  async get(key: StorageKey): Promise<Entry | undefined> {
    return this.#entries.get(keyString(key));
  }

  async list(query: ListQuery): Promise<Page> {
    if (query.at < this.#compacted) throw expired(query.at, this.#compacted);
    if (query.at > this.durable) await this.whenDurable(query.at);
    const after = query.after;
    const matching = this.#stateAt(query)
      .filter((entry) => after === undefined || compareNames(entry.key, after) > 0)
      .sort((left, right) => compareNames(left.key, right.key));
    return { entries: matching.slice(0, query.limit), more: matching.length > query.limit };
  }

  async count(query: Omit<ListQuery, "limit">): Promise<number> {
    return (await this.list({ ...query, limit: Number.POSITIVE_INFINITY })).entries.length;
  }

  async changes(query: ChangesQuery): Promise<Revision[]> {
    if (query.after < this.#compacted) throw expired(query.after, this.#compacted);
    if (query.upTo > this.durable) await this.whenDurable(query.upTo);
    return this.#log
      .filter((revision) => revision.key.collection === query.collection)
      .filter((revision) => revision.revision > query.after && revision.revision <= query.upTo)
      .slice(0, query.limit);
  }

  async compact(revision: number): Promise<void> {
    const newest = new Map<string, number>();
    for (const entry of this.#log)
      if (entry.revision <= revision) newest.set(keyString(entry.key), entry.revision);
    this.#log = this.#log.filter(
      (entry) =>
        entry.revision > revision ||
        (entry.type === "put" && newest.get(keyString(entry.key)) === entry.revision),
    );
    this.#compacted = Math.max(this.#compacted, revision);
  }

  onSequenced(listener: (revision: Revision) => void): () => void {
    return this.#sequence.onSequenced(listener);
  }

  onDurable(listener: (revision: number) => void): () => void {
    return this.#sequence.onDurable(listener);
  }

  onFailure(listener: (failure: StorageError) => void): () => void {
    return this.#sequence.onFailure(listener);
  }

  #apply(revision: Revision): void {
    if (revision.type === "delete") this.#entries.delete(keyString(revision.key));
    else this.#entries.set(keyString(revision.key), revision);
  }

  #stateAt(query: ListQuery): Entry[] {
    const wanted = (key: StorageKey) =>
      key.collection === query.collection &&
      (query.namespace === undefined || key.namespace === query.namespace);
    if (query.at >= this.sequenced) return [...this.#entries.values()].filter((entry) => wanted(entry.key));
    const state = new Map<string, Revision>();
    for (const revision of this.#log) {
      if (revision.revision > query.at || !wanted(revision.key)) continue;
      if (revision.type === "delete") state.delete(keyString(revision.key));
      else state.set(keyString(revision.key), revision);
    }
    return [...state.values()];
  }
}
