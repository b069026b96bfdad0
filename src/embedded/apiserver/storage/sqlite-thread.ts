import { parentPort } from "node:worker_threads";
import { assert } from "../../../base/assert.ts";
import { messageOf } from "../../../base/errors.ts";
import { SqliteFile } from "./sqlite-file.ts";
import type { SqliteAnswer, SqliteRequest } from "./sqlite-messages.ts";

/** Entry of the store's thread: `node:sqlite` blocks while the disk works, so it does that here. */
let file: SqliteFile | undefined;

function answer(request: SqliteRequest): unknown {
  if (request.op === "open") {
    file = new SqliteFile(request.path, request.pagesMax);
    return file.open();
  }
  assert(file, "the store is opened first");
  switch (request.op) {
    case "commit":
      return file.commit(request.rows);
    case "get":
      return file.get(request);
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

const port = parentPort;
assert(port, "runs as a thread of sqlite-storage.ts");
port.on("message", ({ id, request }: { id: number; request: SqliteRequest }) => {
  let reply: SqliteAnswer;
  try {
    reply = { id, value: answer(request) };
  } catch (thrown) {
    const code = (thrown as { errcode?: number }).errcode;
    reply = {
      id,
      failure: { code: code === undefined ? "" : String(code & 0xff), message: messageOf(thrown) },
    };
  }
  port.postMessage(reply);
  if (request.op === "close") port.close();
});
