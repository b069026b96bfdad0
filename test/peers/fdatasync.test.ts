import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { fileURLToPath } from "node:url";
import { SqliteStorage } from "../../src/embedded/apiserver/storage/sqlite-storage.ts";

/** The system calls of a writing store, as strace sees them: the disk syncs between a write and its acknowledgement. */

const WRITES = 20;

async function write(path: string): Promise<void> {
  const storage = new SqliteStorage({ path });
  await storage.start();
  for (let count = 1; count <= WRITES; count++) {
    const key = { collection: "pods", namespace: "default", name: `n${count}` };
    const revision = storage.append({ key, expected: 0, type: "put", render: () => "{}" });
    await storage.whenDurable(revision?.revision ?? 0);
    writeSync(1, `ack ${count}\n`);
  }
  await storage.stop();
}

const hasStrace = spawnSync("strace", ["-V"]).status === 0;

if (process.argv[2] === "write") await write(process.argv[3] ?? "");
else
  test("fdatasync comes between every write and its acknowledgement", {
    skip: hasStrace ? false : "no strace",
  }, () => {
    const folder = mkdtempSync(join(tmpdir(), "ebb-strace-"));
    const trace = join(folder, "trace");
    const calls = "trace=pwrite64,fdatasync,fsync,write";
    const program = [process.execPath, fileURLToPath(import.meta.url), "write", join(folder, "state.db")];
    const run = spawnSync("strace", ["-f", "-y", "-o", trace, "-e", calls, ...program], { timeout: 60_000 });
    assert.equal(run.status, 0, String(run.stderr));
    let written = false;
    let synced = false;
    let acknowledged = 0;
    for (const line of readFileSync(trace, "utf8").split("\n")) {
      if (/pwrite64\(.*-wal>/.test(line)) {
        written = true;
        synced = false;
      } else if (/(fdatasync|fsync)(\(.*-wal>| resumed).*= 0/.test(line)) synced = written;
      else if (/write\(1.*"ack \d+/.test(line)) {
        acknowledged++;
        assert.ok(written && synced, `acknowledgement ${acknowledged} came before the disk had synced`);
        written = false;
        synced = false;
      }
    }
    assert.equal(acknowledged, WRITES);
    rmSync(folder, { recursive: true });
  });
