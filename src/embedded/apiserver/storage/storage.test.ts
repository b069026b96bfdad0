import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { chmodSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, test } from "node:test";
import { asUser, skipAsRoot } from "../../../../test/support/permissions.ts";
import { MemoryStorage } from "./memory-storage.ts";
import { SqliteStorage } from "./sqlite-storage.ts";
import { type Revision, type Storage, StorageError, type StorageKey } from "./storage.ts";

const key = (name: string, namespace = "default"): StorageKey => ({ collection: "pods", namespace, name });

function put(storage: Storage, name: string, expected = storage.revisionOf(key(name))): Revision | undefined {
  return storage.append({
    key: key(name),
    expected,
    type: "put",
    render: (revision) => JSON.stringify({ name, revision }),
  });
}

function remove(storage: Storage, name: string): Revision | undefined {
  const expected = storage.revisionOf(key(name));
  return storage.append({ key: key(name), expected, type: "delete", render: () => `{"gone":"${name}"}` });
}

interface Case {
  readonly name: string;
  make(): { storage: Storage; reopen(): Promise<Storage>; dispose(): void };
}

const memory: Case = {
  name: "memory storage",
  make() {
    const storage = new MemoryStorage();
    const reopen = async () => {
      storage.crash();
      return storage;
    };
    return { storage, reopen, dispose() {} };
  },
};

const sqlite: Case = {
  name: "sqlite storage",
  make() {
    const folder = mkdtempSync(join(tmpdir(), "ebb-storage-"));
    const path = join(folder, "state.db");
    let storage = new SqliteStorage({ path, recentBytes: 64 });
    const first = storage;
    const reopen = async () => {
      await storage.stop();
      storage = new SqliteStorage({ path });
      await storage.start();
      return storage;
    };
    const dispose = () => {
      rmSync(folder, { recursive: true });
    };
    return { storage: first, reopen, dispose };
  },
};

for (const variant of [memory, sqlite]) {
  describe(variant.name, () => {
    const withStorage = (name: string, body: (storage: Storage, reopen: () => Promise<Storage>) => unknown) =>
      test(name, async () => {
        const { storage, reopen, dispose } = variant.make();
        await storage.start();
        try {
          await body(storage, reopen);
        } finally {
          await storage.stop();
          dispose();
        }
      });

    withStorage(
      "gives every write its own rising number and answers with the newest text",
      async (storage) => {
        const first = put(storage, "a");
        const second = put(storage, "a");
        assert.equal(second?.revision, (first?.revision ?? 0) + 1);
        assert.equal((await storage.get(key("a")))?.json, second?.json);
        await storage.whenDurable(second?.revision ?? 0);
        put(storage, "b");
        assert.equal((await storage.get(key("a")))?.json, second?.json);
        assert.equal(await storage.get(key("c")), undefined);
      },
    );

    withStorage("gives many who read in one turn each its own object, or none", async (storage) => {
      const names = Array.from({ length: 150 }, (_, index) => `pod-${index}`);
      for (const name of names) put(storage, name);
      await storage.whenDurable(storage.sequenced);
      remove(storage, "pod-7");
      const entries = await Promise.all([...names, "nobody"].map((name) => storage.get(key(name))));
      const found = entries.map((entry) => entry && (JSON.parse(entry.json) as { name: string }).name);
      assert.deepEqual(found, [...names.map((name) => (name === "pod-7" ? undefined : name)), undefined]);
    });

    withStorage("refuses a write that has not seen the present revision", async (storage) => {
      const first = put(storage, "a");
      assert.equal(put(storage, "a", 0), undefined);
      assert.ok(put(storage, "a", first?.revision));
      assert.equal(put(storage, "a", first?.revision), undefined);
      remove(storage, "a");
      assert.equal(await storage.get(key("a")), undefined);
      assert.equal(storage.revisionOf(key("a")), 0);
      assert.ok(put(storage, "a", 0));
    });

    withStorage("tells listeners of each revision in order, with the text before", async (storage) => {
      const seen: string[] = [];
      storage.onSequenced((revision) =>
        seen.push(`${revision.type} ${revision.key.name} ${!!revision.previous}`),
      );
      put(storage, "a");
      put(storage, "a");
      remove(storage, "a");
      put(storage, "a");
      assert.deepEqual(seen, ["put a false", "put a true", "delete a true", "put a false"]);
    });

    withStorage("becomes durable in order and says so", async (storage) => {
      const durable: number[] = [];
      storage.onDurable((revision) => durable.push(revision));
      for (let count = 0; count < 50; count++) put(storage, `n${count}`);
      await storage.whenDurable(storage.sequenced);
      assert.equal(storage.durable, storage.sequenced);
      assert.deepEqual(
        durable,
        durable.toSorted((a, b) => a - b),
      );
    });

    withStorage("lists a snapshot in pages in key order while writes go on", async (storage) => {
      for (const name of ["c", "a", "e", "b", "d"]) put(storage, name);
      const at = storage.sequenced;
      put(storage, "aa");
      remove(storage, "c");
      const first = await storage.list({ collection: "pods", at, limit: 2 });
      assert.deepEqual(names(first.entries), ["a", "b"]);
      assert.equal(first.more, true);
      const after = first.entries.at(-1)?.key;
      assert.ok(after);
      const rest = await storage.list({ collection: "pods", namespace: "default", at, after, limit: 9 });
      assert.deepEqual(names(rest.entries), ["c", "d", "e"]);
      assert.equal(rest.more, false);
      const now = await storage.list({ collection: "pods", at: storage.sequenced, limit: 9 });
      assert.deepEqual(names(now.entries), ["a", "aa", "b", "d", "e"]);
      assert.equal(await storage.count({ collection: "pods", at, after }), 3);
      const other = await storage.list({ collection: "pods", namespace: "other", at, limit: 9 });
      assert.deepEqual(other.entries, []);
    });

    withStorage("reads back the changes after a revision, with the text before each", async (storage) => {
      const first = put(storage, "a");
      put(storage, "b");
      put(storage, "a");
      remove(storage, "b");
      const after = first?.revision ?? 0;
      const query = { collection: "pods", after, upTo: storage.sequenced };
      const changes = await storage.changes({ ...query, limit: 10 });
      assert.deepEqual(
        changes.map((change) => [change.type, change.key.name, change.revision - after, !!change.previous]),
        [
          ["put", "b", 1, false],
          ["put", "a", 2, true],
          ["delete", "b", 3, true],
        ],
      );
      assert.equal((await storage.changes({ ...query, limit: 2 })).length, 2);
      assert.equal((await storage.changes({ ...query, collection: "nodes", limit: 2 })).length, 0);
    });

    withStorage(
      "forgets what was superseded up to a compaction and calls older reads too old",
      async (storage) => {
        put(storage, "a");
        const old = storage.sequenced;
        put(storage, "a");
        put(storage, "b");
        remove(storage, "b");
        const compacted = storage.sequenced;
        await storage.whenDurable(compacted);
        put(storage, "a");
        await storage.compact(compacted);
        assert.equal(storage.compacted, compacted);
        const isExpired = (thrown: unknown) =>
          thrown instanceof StorageError && thrown.code === "storage-expired";
        const upTo = storage.sequenced;
        await assert.rejects(storage.changes({ collection: "pods", after: old, upTo, limit: 9 }), isExpired);
        await assert.rejects(storage.list({ collection: "pods", at: old, limit: 9 }), isExpired);
        const kept = await storage.changes({ collection: "pods", after: compacted, upTo, limit: 9 });
        assert.deepEqual(
          kept.map((change) => !!change.previous),
          [true],
        );
        const then = await storage.list({ collection: "pods", at: compacted, limit: 9 });
        assert.deepEqual(names(then.entries), ["a"]);
      },
    );

    withStorage("keeps everything durable over a restart and never goes back", async (storage, reopen) => {
      put(storage, "a");
      put(storage, "b");
      remove(storage, "a");
      await storage.whenDurable(storage.sequenced);
      const before = storage.sequenced;
      const again = await reopen();
      assert.ok(again.sequenced >= before);
      assert.equal(await again.get(key("a")), undefined);
      assert.ok(await again.get(key("b")));
      const next = put(again, "c");
      assert.ok((next?.revision ?? 0) > before);
      await again.whenDurable(again.sequenced);
    });
  });
}

test("a crash loses what was only sequenced, and its numbers are not used again", async () => {
  const storage = new MemoryStorage({ durability: "manual" });
  put(storage, "kept");
  storage.commit();
  const lost = put(storage, "lost");
  storage.crash();
  assert.equal(await storage.get(key("lost")), undefined);
  assert.ok(await storage.get(key("kept")));
  assert.ok((put(storage, "next")?.revision ?? 0) > (lost?.revision ?? 0));
});

test("a write is not acknowledged before its commit, nor after a failed one", async () => {
  const storage = new MemoryStorage({ durability: "manual" });
  const written = put(storage, "a")?.revision ?? 0;
  let acknowledged = false;
  const acknowledgement = storage.whenDurable(written).then(() => {
    acknowledged = true;
  });
  await Promise.resolve();
  assert.equal(acknowledged, false);
  storage.fail("the disk is full");
  await assert.rejects(acknowledgement, /disk is full/);
  assert.throws(() => put(storage, "b"), /disk is full/);
});

function names(entries: readonly { key: StorageKey }[]): string[] {
  return entries.map((entry) => entry.key.name);
}

test("a file that is no database is named in one sentence", async () => {
  const folder = mkdtempSync(join(tmpdir(), "ebb-storage-"));
  const path = join(folder, "state.db");
  writeFileSync(path, "this is not a database, though it is long enough to be taken for one\n".repeat(100));
  await assert.rejects(new SqliteStorage({ path }).start(), {
    code: "storage-unusable",
    message: `cannot open the state in ${path}: the file is not a SQLite database; move it away or choose another home`,
  });
  rmSync(folder, { recursive: true });
});

test("a folder without permission is named in one sentence", { skip: skipAsRoot }, () => {
  const folder = mkdtempSync(join(tmpdir(), "ebb-storage-"));
  chmodSync(folder, 0o500);
  const path = join(folder, "home", "state.db");
  const script = `
    import { SqliteStorage } from ${JSON.stringify(new URL("./sqlite-storage.ts", import.meta.url))};
    new SqliteStorage({ path: ${JSON.stringify(path)} }).start().catch(({ code, message }) => console.log(code, message));
  `;
  const node = [process.execPath, "--input-type=module-typescript", "-e", script];
  const [program = "", ...args] = [...(asUser ?? []), ...node];
  const { stdout, stderr } = spawnSync(program, args, { encoding: "utf8" });
  assert.match(
    stdout,
    /^storage-unusable [^\n]* make it and its folder writable for this user or choose another home\n$/,
    stderr,
  );
  rmSync(folder, { recursive: true });
});

test("a read that the store's thread refuses is an error with a text, not the thread's bare data", async () => {
  const folder = mkdtempSync(join(tmpdir(), "ebb-storage-"));
  const storage = new SqliteStorage({ path: join(folder, "state.db") });
  await storage.start();
  const refused = storage.list({ collection: "pods", at: 0, limit: "many" as unknown as number });
  await assert.rejects(refused, (thrown) => {
    assert.ok(thrown instanceof StorageError);
    assert.match(thrown.message, /^cannot read \S+state\.db: datatype mismatch; check the disk/);
    return true;
  });
  await storage.stop();
  rmSync(folder, { recursive: true });
});

test("a second engine on the same file is told that another process has it", async () => {
  const folder = mkdtempSync(join(tmpdir(), "ebb-storage-"));
  const path = join(folder, "state.db");
  const first = new SqliteStorage({ path });
  await first.start();
  await assert.rejects(new SqliteStorage({ path }).start(), /another process has it open; stop that process/);
  await first.stop();
  rmSync(folder, { recursive: true });
});
