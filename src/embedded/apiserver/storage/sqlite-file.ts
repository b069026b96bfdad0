import { DatabaseSync, type StatementSync } from "node:sqlite";
import {
  type ChangeRow,
  type Opened,
  PAGE_TEXT_MAX,
  type Row,
  type SqliteRequest,
} from "./sqlite-messages.ts";

/**
 * The SQLite file itself, used inside the store's thread. WAL with synchronous=FULL: `commit` returns after the
 * disk's fdatasync, never before. Numbers are promised ahead (`ceiling`), so that a number which was seen but not
 * yet durable at a crash is never given out again.
 */
const SCHEMA = `
  CREATE TABLE IF NOT EXISTS revision (
    revision INTEGER PRIMARY KEY,
    collection TEXT NOT NULL,
    namespace TEXT NOT NULL,
    name TEXT NOT NULL,
    deleted INTEGER NOT NULL,
    json TEXT NOT NULL
  );
  CREATE INDEX IF NOT EXISTS revision_by_key ON revision (collection, namespace, name, revision);
  CREATE TABLE IF NOT EXISTS meta (name TEXT PRIMARY KEY, value INTEGER NOT NULL) WITHOUT ROWID;
`;

const CEILING_STEP = 100_000;
const COMPACT_BATCH = 500;

const PRESENT_SQL = `
  SELECT r.revision, r.collection, r.namespace, r.name FROM
    (SELECT MAX(revision) AS newest FROM revision GROUP BY collection, namespace, name)
    JOIN revision r ON r.revision = newest WHERE r.deleted = 0`;

/**
 * The newest revision up to :at of each living object, straight along the index: a page stops where it is full, so a
 * list costs what it shows, whatever comes behind it.
 */
const STATE_SQL = (where: string) => `FROM revision r
    WHERE r.collection = :collection AND ${where} AND r.revision <= :at AND r.deleted = 0
      AND NOT EXISTS (SELECT 1 FROM revision n WHERE n.collection = r.collection AND n.namespace = r.namespace
        AND n.name = r.name AND n.revision > r.revision AND n.revision <= :at)`;

const IN_ALL = STATE_SQL("(r.namespace, r.name) > (:afterNamespace, :afterName)");
const IN_NAMESPACE = STATE_SQL("r.namespace = :namespace AND r.name > :afterName");

const CHANGES_SQL = `
  SELECT r.*, (SELECT CASE p.deleted WHEN 0 THEN p.json END FROM revision p
      WHERE p.collection = r.collection AND p.namespace = r.namespace AND p.name = r.name AND p.revision < r.revision
      ORDER BY p.revision DESC LIMIT 1) AS previous
    FROM revision r
    WHERE r.revision > :after AND r.revision <= :upTo AND r.collection = :collection
    ORDER BY r.revision LIMIT :limit`;

type ListRequest = Extract<SqliteRequest, { op: "list" | "count" }>;

export class SqliteFile {
  readonly #database: DatabaseSync;
  readonly #insert: StatementSync;
  readonly #setMeta: StatementSync;
  readonly #listAll: StatementSync;
  readonly #listNamespace: StatementSync;
  readonly #changes: StatementSync;
  readonly #get: StatementSync;
  #ceiling = 0;

  /** `pagesMax` bounds the file, as a disk without space would. */
  constructor(path: string, pagesMax?: number) {
    this.#database = new DatabaseSync(path);
    // EXCLUSIVE: no other process may write beside us, and the WAL index then lives in memory.
    this.#database.exec("PRAGMA locking_mode = EXCLUSIVE");
    this.#database.exec("PRAGMA journal_mode = WAL");
    this.#database.exec("PRAGMA synchronous = FULL");
    this.#database.exec("PRAGMA cache_size = -2048");
    if (pagesMax !== undefined) this.#database.exec(`PRAGMA max_page_count = ${pagesMax}`);
    this.#database.exec(SCHEMA);
    this.#insert = this.#database.prepare("INSERT INTO revision VALUES (?, ?, ?, ?, ?, ?)");
    this.#setMeta = this.#database.prepare("INSERT OR REPLACE INTO meta VALUES (?, ?)");
    const page = (state: string, order: string) =>
      this.#database.prepare(`SELECT r.* ${state} ORDER BY ${order} LIMIT :limit`);
    this.#listAll = page(IN_ALL, "r.namespace, r.name");
    this.#listNamespace = page(IN_NAMESPACE, "r.name");
    this.#changes = this.#database.prepare(CHANGES_SQL);
    this.#get = this.#database.prepare(
      `SELECT revision, deleted, json FROM revision
        WHERE collection = ? AND namespace = ? AND name = ? ORDER BY revision DESC LIMIT 1`,
    );
  }

  /** What the file promises: `synchronous` 2 is FULL. */
  durability(): { journalMode: string; synchronous: number } {
    const journalMode = String(this.#database.prepare("PRAGMA journal_mode").get()?.journal_mode);
    return {
      journalMode,
      synchronous: Number(this.#database.prepare("PRAGMA synchronous").get()?.synchronous),
    };
  }

  open(): Opened {
    const newest = this.#number("SELECT COALESCE(MAX(revision), 0) AS value FROM revision");
    const start = Math.max(newest, this.#meta("ceiling"));
    this.#ceiling = start + CEILING_STEP;
    this.#setMeta.run("ceiling", this.#ceiling);
    const present = this.#database.prepare(PRESENT_SQL).all() as unknown as Opened["present"];
    return { start, ceiling: this.#ceiling, compacted: this.#meta("compacted"), present };
  }

  /** One transaction, durable when this returns. */
  commit(rows: readonly Row[]): { ceiling: number } {
    this.#transaction(() => {
      for (const row of rows)
        this.#insert.run(row.revision, row.collection, row.namespace, row.name, row.deleted, row.json);
      const newest = rows.at(-1)?.revision ?? 0;
      if (newest + CEILING_STEP / 2 > this.#ceiling) {
        this.#ceiling = newest + CEILING_STEP;
        this.#setMeta.run("ceiling", this.#ceiling);
      }
    });
    return { ceiling: this.#ceiling };
  }

  get(key: { collection: string; namespace: string; name: string }): Row | undefined {
    const row = this.#get.get(key.collection, key.namespace, key.name) as Row | undefined;
    return row === undefined || row.deleted === 1 ? undefined : { ...key, ...row };
  }

  list(query: ListRequest): { rows: Row[]; more: boolean } {
    const { limit, namespace } = query;
    const where = { ...positionOf(query), limit: limit + 1 };
    const rows = namespace === null ? this.#listAll.iterate(where) : this.#listNamespace.iterate(where);
    return cut(rows as Iterable<unknown> as Iterable<Row>, limit);
  }

  count(query: ListRequest): number {
    const state = query.namespace === null ? IN_ALL : IN_NAMESPACE;
    return Number(this.#database.prepare(`SELECT COUNT(*) AS count ${state}`).get(positionOf(query))?.count);
  }

  changes(query: Extract<SqliteRequest, { op: "changes" }>): ChangeRow[] {
    const { op: _, ...where } = query;
    return cut(this.#changes.iterate(where) as Iterable<unknown> as Iterable<ChangeRow>, query.limit).rows;
  }

  /** Walks the newly old revisions and drops what each of them superseded; in small transactions. */
  compact(target: number): void {
    const walk = this.#database.prepare(
      "SELECT revision, collection, namespace, name, deleted FROM revision WHERE revision > ? AND revision <= ? ORDER BY revision LIMIT ?",
    );
    const dropOlder = this.#database.prepare(
      "DELETE FROM revision WHERE collection = ? AND namespace = ? AND name = ? AND revision < ?",
    );
    const drop = this.#database.prepare("DELETE FROM revision WHERE revision = ?");
    let cursor = this.#meta("compacted");
    while (cursor < target) {
      const rows = walk.all(cursor, target, COMPACT_BATCH) as unknown as Row[];
      cursor = rows.length < COMPACT_BATCH ? target : (rows.at(-1)?.revision ?? target);
      this.#transaction(() => {
        for (const row of rows) {
          dropOlder.run(row.collection, row.namespace, row.name, row.revision);
          if (row.deleted === 1) drop.run(row.revision);
        }
        this.#setMeta.run("compacted", cursor);
      });
    }
  }

  /** After a clean end no number behind `revision` was seen: the next start may go on right there. */
  close(revision: number): void {
    this.#setMeta.run("ceiling", revision);
    this.#database.close();
  }

  #transaction(body: () => void): void {
    this.#database.exec("BEGIN IMMEDIATE");
    try {
      body();
      this.#database.exec("COMMIT");
    } catch (thrown) {
      if (this.#database.isTransaction) this.#database.exec("ROLLBACK");
      throw thrown;
    }
  }

  #meta(name: string): number {
    const row = this.#database.prepare("SELECT value FROM meta WHERE name = ?").get(name);
    return Number(row?.value ?? 0);
  }

  #number(sql: string): number {
    return Number(this.#database.prepare(sql).get()?.value ?? 0);
  }
}

/** Where a list goes on; within one namespace the position may be named by an earlier one. */
function positionOf({
  collection,
  at,
  namespace,
  afterNamespace,
  afterName,
}: ListRequest): Record<string, string | number> {
  if (namespace === null) return { collection, at, afterNamespace, afterName };
  // A position in a later namespace leaves nothing to list; no name is above this one.
  const isPast = afterNamespace > namespace;
  const name = isPast ? "\u{10ffff}" : afterNamespace === namespace ? afterName : "";
  return { collection, at, namespace, afterName: name };
}

function cut<R extends Row>(rows: Iterable<R>, limit: number): { rows: R[]; more: boolean } {
  const taken: R[] = [];
  let text = 0;
  for (const row of rows) {
    if (taken.length === limit || text > PAGE_TEXT_MAX) return { rows: taken, more: true };
    taken.push(row);
    text += row.json.length;
  }
  return { rows: taken, more: false };
}
