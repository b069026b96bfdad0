import { parentPort } from "node:worker_threads";
import { assert } from "../../../base/assert.ts";
import { messageOf } from "../../../base/errors.ts";
import { DiskReserve } from "./disk-reserve.ts";
import { SqliteFile } from "./sqlite-file.ts";
import {
  type Committed,
  type Row,
  SQLITE_FULL,
  type SqliteAnswer,
  type SqliteRequest,
  unpackRows,
} from "./sqlite-messages.ts";

/** Entry of the store's thread: `node:sqlite` blocks while the disk works, so it does that here. */
let file: SqliteFile | undefined;
let reserve: DiskReserve | undefined;

const RESERVE_BYTES = 4 * 1024 * 1024;

function answer(request: SqliteRequest): unknown {
  if (request.op === "open") {
    file = new SqliteFile(request.path, request.pagesMax);
    reserve = new DiskReserve(`${request.path}-reserve`, RESERVE_BYTES);
    return file.open();
  }
  assert(file && reserve, "the store is opened first");
  switch (request.op) {
    case "commit":
      return commit(file, reserve, unpackRows(request.rows));
    case "reserve":
      return reserve.fill();
    case "get":
      return request.keys.map((key) => file?.get(key));
    case "list":
      return file.list(request);
    case "count":
      return file.count(request);
    case "changes":
      return file.changes(request);
    case "compact":
      return file.compact(request.revision);
    case "close":
      return file.close(request.revision);
  }
}

function commit(file: SqliteFile, reserve: DiskReserve, rows: readonly Row[]): Committed {
  try {
    return { ...file.commit(rows), isFull: false };
  } catch (thrown) {
    if (codeOf(thrown) !== SQLITE_FULL || !reserve.release()) throw thrown;
    return { ...file.commit(rows), isFull: true };
  }
}

/** SQLite's primary result code. */
function codeOf(thrown: unknown): string {
  const code = (thrown as { errcode?: number }).errcode;
  return code === undefined ? "" : String(code & 0xff);
}

const port = parentPort;
assert(port, "runs as a thread of sqlite-storage.ts");
port.on("message", ({ id, request }: { id: number; request: SqliteRequest }) => {
  let reply: SqliteAnswer;
  try {
    reply = { id, value: answer(request) };
  } catch (thrown) {
    reply = { id, failure: { code: codeOf(thrown), message: messageOf(thrown) } };
  }
  port.postMessage(reply);
  if (request.op === "close") port.close();
});
