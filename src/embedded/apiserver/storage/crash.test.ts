import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { mkdtempSync, rmSync, writeSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { fileURLToPath } from "node:url";
import { SqliteFile } from "./sqlite-file.ts";
import { SqliteStorage } from "./sqlite-storage.ts";
import { StorageError, type StorageKey } from "./storage.ts";

const ROUNDS = 20;
const WRITERS = 8;
const keyOf = (name: string): StorageKey => ({ collection: "pods", namespace: "default", name });

/** The killed program: writes for ever, and says what it saw (`seen`) and what is promised (`ack`). */
async function writeForEver(path: string): Promise<void> {
  const storage = new SqliteStorage({ path });
  await storage.start();
  const writer = async (name: string) => {
    for (;;) {
      const revision = storage.append({
        key: keyOf(name),
        expected: storage.revisionOf(keyOf(name)),
        type: "put",
        render: (number) => JSON.stringify({ name, number, filling: "x".repeat(number % 3000) }),
      });
      assert.ok(revision);
      writeSync(1, `seen ${name} ${revision.revision}\n`);
      await storage.whenDurable(revision.revision);
      writeSync(1, `ack ${name} ${revision.revision}\n`);
    }
  };
  await Promise.all(Array.from({ length: WRITERS }, (_, index) => writer(`w${index}`)));
}

interface Witness {
  readonly acknowledged: Map<string, number>;
  seen: number;
}

/** Lets the program run until it has acknowledged `count` writes, then kills it. */
function killAfter(path: string, count: number): Promise<Witness> {
  const child = spawn(process.execPath, [fileURLToPath(import.meta.url), "writer", path], {
    stdio: ["ignore", "pipe", "inherit"],
  });
  const witness: Witness = { acknowledged: new Map(), seen: 0 };
  let rest = "";
  let acknowledgements = 0;
  child.stdout.setEncoding("utf8");
  child.stdout.on("data", (text: string) => {
    const lines = (rest + text).split("\n");
    rest = lines.pop() ?? "";
    for (const line of lines) {
      const [what, name = "", revision] = line.split(" ");
      witness.seen = Math.max(witness.seen, Number(revision));
      if (what !== "ack") continue;
      witness.acknowledged.set(name, Number(revision));
      if (++acknowledgements === count) child.kill("SIGKILL");
    }
  });
  return new Promise((resolve) => child.on("close", () => resolve(witness)));
}

async function surviveKills(): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), "ebb-crash-"));
  const path = join(folder, "state.db");
  let newest = 0;
  for (let round = 1; round <= ROUNDS; round++) {
    const witness = await killAfter(path, 5 + round * 7);
    assert.ok(witness.acknowledged.size > 0);
    const storage = new SqliteStorage({ path });
    await storage.start();
    assert.ok(storage.sequenced >= witness.seen, `round ${round}: revisions went back`);
    assert.ok(storage.sequenced >= newest);
    for (const [name, revision] of witness.acknowledged) {
      const entry = await storage.get(keyOf(name));
      assert.ok(entry && entry.revision >= revision, `round ${round}: ${name} at ${revision} is lost`);
      assert.equal(JSON.parse(entry.json).number, entry.revision);
    }
    newest = storage.sequenced;
    await storage.stop();
  }
  rmSync(folder, { recursive: true });
}

function openFile(): { file: SqliteFile; folder: string } {
  const folder = mkdtempSync(join(tmpdir(), "ebb-crash-"));
  return { file: new SqliteFile(join(folder, "state.db")), folder };
}

if (process.argv[2] === "writer") await writeForEver(process.argv[3] ?? "");
else {
  test(`no acknowledged write is lost over ${ROUNDS} kill -9, and no revision comes twice`, surviveKills);

  test("every commit is synced by the disk before it returns: WAL with synchronous=FULL", () => {
    const { file, folder } = openFile();
    assert.deepEqual(file.durability(), { journalMode: "wal", synchronous: 2 });
    file.close(0);
    rmSync(folder, { recursive: true });
  });

  test("a disk that fills up ends the store with one sentence, and what it acknowledged stays", async () => {
    const folder = mkdtempSync(join(tmpdir(), "ebb-crash-"));
    const path = join(folder, "state.db");
    const storage = new SqliteStorage({ path, pagesMax: 30 });
    await storage.start();
    const failures: StorageError[] = [];
    storage.onFailure((failure) => failures.push(failure));
    let acknowledged = 0;
    const fill = async () => {
      for (let count = 0; count < 1000; count++) {
        const key = keyOf(`n${count}`);
        const render = () => "x".repeat(2000);
        const revision = storage.append({ key, expected: 0, type: "put", render });
        await storage.whenDurable(revision?.revision ?? 0);
        acknowledged++;
      }
    };
    await assert.rejects(fill(), (thrown) => {
      assert.ok(thrown instanceof StorageError);
      assert.equal(
        thrown.message,
        `cannot write to ${path}: the disk is full; nothing was acknowledged that is not on disk, ` +
          "free some space and start again",
      );
      return true;
    });
    assert.equal(failures.length, 1);
    await storage.stop();
    const again = new SqliteStorage({ path });
    await again.start();
    assert.equal(await again.count({ collection: "pods", at: again.sequenced }), acknowledged);
    await again.stop();
    rmSync(folder, { recursive: true });
  });
}
