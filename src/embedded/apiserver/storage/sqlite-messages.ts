/** What the store and its thread say to each other. Plain data: it is copied by structured clone. */

export type SqliteRequest =
  | { readonly op: "open"; readonly path: string; readonly pagesMax: number | undefined }
  | { readonly op: "commit"; readonly rows: PackedRows }
  /** Answered with a row or undefined for each. */
  | { readonly op: "get"; readonly keys: readonly RowKey[] }
  | {
      readonly op: "list" | "count";
      readonly collection: string;
      /** null = all namespaces. */
      readonly namespace: string | null;
      readonly at: number;
      readonly afterNamespace: string;
      readonly afterName: string;
      readonly limit: number;
    }
  | {
      readonly op: "changes";
      readonly collection: string;
      readonly after: number;
      readonly upTo: number;
      readonly limit: number;
    }
  /** Keep the disk reserve whole; answered with whether it is. */
  | { readonly op: "reserve" }
  | { readonly op: "compact"; readonly revision: number }
  | { readonly op: "close"; readonly revision: number };

export interface RowKey {
  readonly collection: string;
  readonly namespace: string;
  readonly name: string;
}

/** A row of the log. */
export interface Row extends RowKey {
  readonly revision: number;
  readonly deleted: 0 | 1;
  readonly json: string;
}

/** Rows one after the other, field by field: names of fields would cost a clone for each row. */
export type PackedRows = readonly (number | string)[];

const FIELDS = 6;

export function packRows(rows: readonly Row[]): PackedRows {
  const packed: (number | string)[] = [];
  for (const { revision, collection, namespace, name, deleted, json } of rows)
    packed.push(revision, collection, namespace, name, deleted, json);
  return packed;
}

export function unpackRows(packed: PackedRows): Row[] {
  return Array.from({ length: packed.length / FIELDS }, (_, index) => {
    const [revision, collection, namespace, name, deleted, json] = packed.slice(
      index * FIELDS,
      (index + 1) * FIELDS,
    );
    return { revision, collection, namespace, name, deleted, json } as Row;
  });
}

export interface ChangeRow extends Row {
  readonly previous: string | null;
}

export interface Opened {
  /** Numbers up to this one may have been seen by somebody before a crash. */
  readonly start: number;
  readonly ceiling: number;
  readonly compacted: number;
  /** Of each living object. */
  readonly present: readonly Omit<Row, "json" | "deleted">[];
}

export interface Committed {
  readonly ceiling: number;
  /** There was room only after the reserve had been given up. */
  readonly isFull: boolean;
}

/** SQLite's result code for a disk without room. */
export const SQLITE_FULL = "13";

export interface SqliteAnswer {
  readonly id: number;
  readonly value?: unknown;
  readonly failure?: { readonly code: string; readonly message: string };
}

/** A page is also cut at this much text: what a list does with a page, it does in one slice. */
export const PAGE_TEXT_MAX = 256 * 1024;
