import { createWriteStream, mkdirSync } from "node:fs";
import { dirname } from "node:path";
import type { Clock } from "../base/clock.ts";
import { messageOf } from "../base/errors.ts";
import type { Log } from "../base/log.ts";
import type { LineSink } from "../data-plane/queue-proxy/host.ts";
import { LineWriter } from "./line-writer.ts";

/** A disk that cannot follow costs lines, not memory. */
const WAITING_BYTES_MAX = 8 * 1024 * 1024;

/** Appends lines to a file; what cannot be written is told in the log, once. */
export function openLineFile(path: string, { clock, log }: { clock: Clock; log: Log }): LineSink {
  mkdirSync(dirname(path), { recursive: true });
  const stream = createWriteStream(path, { flags: "a" });
  let isTold = false;
  const tell = (why: string) => {
    if (!isTold) log.warn("lines of a request log are lost", { path, why });
    isTold = true;
  };
  stream.on("error", (error) => tell(messageOf(error)));
  const lines = new LineWriter(clock, (text) => {
    if (stream.destroyed) return;
    if (stream.writableLength > WAITING_BYTES_MAX) tell("the disk is too slow");
    else stream.write(text);
  });
  return {
    write: lines.add,
    close() {
      lines.flush();
      stream.end();
    },
  };
}
