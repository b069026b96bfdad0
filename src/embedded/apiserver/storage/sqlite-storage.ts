import { accessSync, constants, existsSync, mkdirSync } from "node:fs";
import { dirname, join } from "node:path";
import { Worker } from "node:worker_threads";
import { messageOf } from "../../../base/errors.ts";
import { RecentTexts } from "./recent-texts.ts";
import { RevisionSequence } from "./revision-sequence.ts";
import {
  type ChangeRow,
  type Committed,
  type Opened,
  packRows,
  type Row,
  SQLITE_FULL,
  type SqliteAnswer,
  type SqliteRequest,
} from "./sqlite-messages.ts";
import {
  type ChangesQuery,
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

export interface SqliteStorageOptions {
  /** The database file; its folder is made when it is missing. */
  readonly path: string;
  /** Bytes of text kept at hand. Default 4 MiB. */
  readonly recentBytes?: number;
  /** Bounds the file (4 KiB pages), as a full disk would; for tests. */
  readonly pagesMax?: number;
}

/** A revision on its way to the disk, with the text of its key. */
interface Queued {
  readonly name: string;
  readonly revision: Revision;
}

/** An object that is to be read, and who waits for it. */
interface Wanted {
  readonly key: StorageKey;
  readonly resolve: (row: Promise<Row | undefined>) => void;
}

/** The thread's program; a build has it beside the file that this ended up in. */
const THREAD = import.meta.filename.endsWith(".cjs")
  ? join(import.meta.dirname, "sqlite-thread.cjs")
  : new URL("./sqlite-thread.ts", import.meta.url);

const BATCH_MAX = 4096;
/** Objects in one answer of the thread: any of them may have three megabytes. */
const READS_MAX = 64;
const RECENT_BYTES = 4 * 1024 * 1024;

/**
 * The store on disk. Numbers are given out here, at once; texts go to the file's own thread, where everything that
 * came while the last commit ran becomes one commit (group commit). Living objects cost one map entry each.
 */
export class SqliteStorage implements Storage {
  readonly #path: string;
  readonly #pagesMax: number | undefined;
  readonly #sequence = new RevisionSequence();
  readonly #recent: RecentTexts;
  /** Sequenced, not yet durable. */
  readonly #pending = new Map<string, Revision>();
  #queue: Queued[] = [];
  /** What this turn wants to read: asked for together. */
  #wanted: Wanted[] = [];
  #committing = false;
  #ceiling = 0;
  #compacted = 0;
  /** The disk has no room: nothing new is given a number until it has. */
  #isFull = false;
  #isReserving = false;
  #started: Promise<void> | undefined;
  #thread: Worker | undefined;
  #lastRequest = 0;
  readonly #requests = new Map<
    number,
    { resolve: (value: unknown) => void; reject: (why: unknown) => void }
  >();

  constructor(options: SqliteStorageOptions) {
    this.#path = options.path;
    this.#pagesMax = options.pagesMax;
    this.#recent = new RecentTexts(options.recentBytes ?? RECENT_BYTES);
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

  /** The same promise when it is called again: an engine starts it before there is who needs it. */
  start(): Promise<void> {
    this.#started ??= this.#open();
    return this.#started;
  }

  async #open(): Promise<void> {
    try {
      mkdirSync(dirname(this.#path), { recursive: true, mode: 0o700 });
      // SQLite opens a file that it may only read, and fails later with an error of the disk.
      if (existsSync(this.#path)) accessSync(this.#path, constants.R_OK | constants.W_OK);
    } catch (thrown) {
      throw unusable(this.#path, { code: "", message: messageOf(thrown) });
    }
    const thread = new Worker(THREAD);
    this.#thread = thread;
    thread.on("message", (answer: SqliteAnswer) => this.#onAnswer(answer));
    thread.on("error", (thrown) => this.#onThreadEnd(messageOf(thrown)));
    thread.on("exit", () => this.#onThreadEnd("its thread ended"));
    let opened: Opened;
    try {
      opened = (await this.#ask({ op: "open", path: this.#path, pagesMax: this.#pagesMax })) as Opened;
    } catch (thrown) {
      this.#thread = undefined;
      await thread.terminate();
      throw unusable(this.#path, thrown as { code: string; message: string });
    }
    thread.unref();
    for (const row of opened.present) this.#sequence.restore(row, row.revision);
    this.#sequence.startAt(opened.start);
    this.#ceiling = opened.ceiling;
    this.#compacted = opened.compacted;
  }

  async stop(): Promise<void> {
    const thread = this.#thread;
    if (!thread) return;
    if (!this.#sequence.failure) {
      await this.whenDurable(this.sequenced);
      await this.#ask({ op: "close", revision: this.sequenced });
    }
    this.#thread = undefined;
    await thread.terminate();
  }

  append(write: Write): Revision | undefined {
    if (this.#isFull) {
      this.#reserve();
      throw new StorageError(
        "storage-full",
        `the disk that holds ${this.#path} is full: nothing was stored; free some space and try again`,
      );
    }
    if (this.sequenced >= this.#ceiling)
      throw new StorageError("storage-failed", `too many writes wait for the disk that holds ${this.#path}`);
    const name = keyString(write.key);
    const known = this.#pending.get(name)?.json ?? this.#recent.get(name)?.json;
    const revision = this.#sequence.next(known === undefined ? write : { previous: known, ...write }, name);
    if (!revision) return undefined;
    this.#pending.set(name, revision);
    this.#queue.push({ name, revision });
    this.#sequence.announceSequenced(revision);
    if (!this.#committing) {
      this.#committing = true;
      queueMicrotask(() => void this.#commitQueue());
    }
    return revision;
  }

  whenDurable(revision: number): Promise<void> {
    return this.#sequence.whenDurable(revision);
  }

  revisionOf(key: StorageKey): number {
    return this.#sequence.revisionOf(key);
  }

  async get(key: StorageKey): Promise<Entry | undefined> {
    const name = keyString(key);
    const pending = this.#pending.get(name);
    if (pending) return pending.type === "delete" ? undefined : pending;
    const revision = this.revisionOf(key);
    if (revision === 0) return undefined;
    const recent = this.#recent.get(name);
    if (recent?.revision === revision) return recent;
    const row = await this.#row(key);
    if (!row || row.revision !== this.revisionOf(key)) return this.get(key);
    const entry = entryOf(row);
    this.#recent.set(name, entry);
    return entry;
  }

  #row(key: StorageKey): Promise<Row | undefined> {
    return new Promise((resolve) => {
      this.#wanted.push({ key, resolve });
      if (this.#wanted.length === 1) queueMicrotask(() => this.#readWanted());
    });
  }

  #readWanted(): void {
    const wanted = this.#wanted.splice(0, READS_MAX);
    if (this.#wanted.length > 0) queueMicrotask(() => this.#readWanted());
    const keys = wanted.map(({ key: { collection, namespace, name } }) => ({ collection, namespace, name }));
    const answer = this.#read({ op: "get", keys }) as Promise<(Row | undefined)[]>;
    for (const [index, { resolve }] of wanted.entries()) resolve(answer.then((rows) => rows[index]));
  }

  async list(query: ListQuery): Promise<Page> {
    const answer = await this.#askState("list", query);
    const { rows, more } = answer as { rows: Row[]; more: boolean };
    return { entries: rows.map(entryOf), more };
  }

  async count(query: Omit<ListQuery, "limit">): Promise<number> {
    return (await this.#askState("count", { ...query, limit: 1 })) as number;
  }

  async changes(query: ChangesQuery): Promise<Revision[]> {
    if (query.after < this.#compacted) throw expired(query.after, this.#compacted);
    if (query.upTo > this.durable) await this.whenDurable(query.upTo);
    const rows = (await this.#read({ op: "changes", ...query })) as ChangeRow[];
    if (query.after < this.#compacted) throw expired(query.after, this.#compacted);
    return rows.map((row) => ({
      ...entryOf(row),
      type: row.deleted === 1 ? "delete" : "put",
      ...(row.previous === null ? {} : { previous: row.previous }),
    }));
  }

  async compact(revision: number): Promise<void> {
    const target = Math.min(revision, this.durable);
    if (target <= this.#compacted) return;
    this.#compacted = target;
    await this.#read({ op: "compact", revision: target });
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

  async #askState(op: "list" | "count", query: ListQuery): Promise<unknown> {
    if (query.at < this.#compacted) throw expired(query.at, this.#compacted);
    if (query.at > this.durable) await this.whenDurable(query.at);
    const answer = await this.#read({
      op,
      collection: query.collection,
      namespace: query.namespace ?? null,
      at: query.at,
      afterNamespace: query.after?.namespace ?? "",
      afterName: query.after?.name ?? "",
      limit: query.limit,
    });
    if (query.at < this.#compacted) throw expired(query.at, this.#compacted);
    return answer;
  }

  async #commitQueue(): Promise<void> {
    while (this.#queue.length > 0) {
      const batch = this.#queue.splice(0, BATCH_MAX);
      try {
        const committed = (await this.#ask({
          op: "commit",
          rows: packRows(batch.map(({ revision }) => rowOf(revision))),
        })) as Committed;
        this.#ceiling = committed.ceiling;
        this.#isFull ||= committed.isFull;
      } catch (thrown) {
        this.#fail(thrown as { code: string; message: string });
        return;
      }
      for (const queued of batch) this.#settle(queued);
      this.#sequence.announceDurable(batch.at(-1)?.revision.revision ?? this.durable);
    }
    this.#committing = false;
  }

  /** From here on a full disk refuses writes instead of ending the store. Not at the start, which it would hold up. */
  keepReserve(): void {
    this.#reserve();
  }

  /** Whether there is room is asked when somebody wants to write, and by one request at a time. */
  #reserve(): void {
    if (this.#isReserving) return;
    this.#isReserving = true;
    const answered = (isWhole: boolean) => {
      this.#isReserving = false;
      this.#isFull = !isWhole;
    };
    this.#ask({ op: "reserve" }).then(
      (isWhole) => answered(isWhole === true),
      // The store is closed or its thread has ended: that is told elsewhere.
      () => answered(true),
    );
  }

  #settle({ name, revision }: Queued): void {
    if (this.#pending.get(name)?.revision === revision.revision) this.#pending.delete(name);
    if (revision.type === "delete") this.#recent.delete(name);
    else this.#recent.set(name, { key: revision.key, revision: revision.revision, json: revision.json });
  }

  /** What the thread says is plain data: an error of ours is made of it. */
  async #read(request: SqliteRequest): Promise<unknown> {
    try {
      return await this.#ask(request);
    } catch (thrown) {
      if (thrown instanceof StorageError) throw thrown;
      const failure = thrown as { code: string; message: string };
      const sentence = `cannot read ${this.#path}: ${reasonOf(failure)}; ${adviceOf(failure)}`;
      throw new StorageError("storage-failed", sentence, { cause: failure });
    }
  }

  #ask(request: SqliteRequest): Promise<unknown> {
    const thread = this.#thread;
    if (!thread) return Promise.reject(new StorageError("storage-failed", `${this.#path} is closed`));
    const id = ++this.#lastRequest;
    return new Promise((resolve, reject) => {
      this.#requests.set(id, { resolve, reject });
      thread.ref();
      thread.postMessage({ id, request });
    });
  }

  #onAnswer({ id, value, failure }: SqliteAnswer): void {
    const request = this.#requests.get(id);
    this.#requests.delete(id);
    if (this.#requests.size === 0) this.#thread?.unref();
    if (failure) request?.reject(failure);
    else request?.resolve(value);
  }

  #onThreadEnd(message: string): void {
    const open = [...this.#requests.values()];
    this.#requests.clear();
    for (const request of open) request.reject({ code: "", message });
    if (this.#thread && open.length > 0) this.#fail({ code: "", message });
  }

  #fail(failure: { code: string; message: string }): void {
    this.#sequence.fail(
      new StorageError(
        "storage-failed",
        `cannot write to ${this.#path}: ${reasonOf(failure)}; nothing was acknowledged that is not on disk, ${adviceOf(failure)}`,
        { cause: failure },
      ),
    );
  }
}

const SQLITE_PERM = "3";
const SQLITE_BUSY = "5";
const SQLITE_READONLY = "8";
const SQLITE_CANTOPEN = "14";
const SQLITE_NOTADB = "26";

function unusable(path: string, failure: { code: string; message: string }): StorageError {
  const sentence = `cannot open the state in ${path}: ${reasonOf(failure)}; ${adviceOf(failure)}`;
  return new StorageError("storage-unusable", sentence, { cause: failure });
}

function reasonOf({ code, message }: { code: string; message: string }): string {
  if (code === SQLITE_FULL) return "the disk is full";
  if (code === SQLITE_BUSY) return "another process has it open";
  if (code === SQLITE_NOTADB) return "the file is not a SQLite database";
  return message;
}

function adviceOf({ code, message }: { code: string; message: string }): string {
  if (code === SQLITE_FULL) return "free some space and start again";
  if (code === SQLITE_BUSY) return "stop that process or choose another home";
  if (code === SQLITE_NOTADB) return "move it away or choose another home";
  if ([SQLITE_PERM, SQLITE_READONLY, SQLITE_CANTOPEN].includes(code) || /EACCES|EROFS|EPERM/.test(message))
    return "make it and its folder writable for this user or choose another home";
  return "check the disk and start again";
}

function rowOf({ revision, key, type, json }: Revision): Row {
  return { revision, ...key, deleted: type === "delete" ? 1 : 0, json };
}

function entryOf(row: Row): Entry {
  const { collection, namespace, name, revision, json } = row;
  return { key: { collection, namespace, name }, revision, json };
}
