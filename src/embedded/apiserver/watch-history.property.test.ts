import assert from "node:assert/strict";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { setTimeout as delay } from "node:timers/promises";
import { isDeepStrictEqual } from "node:util";
import fc from "fast-check";
import { isApiError } from "../../api/status.ts";
import { systemClock } from "../../base/clock.ts";
import { silentLog } from "../../base/log.ts";
import { systemRandom } from "../../base/random.ts";
import type { KubeClient } from "../../kube/client.ts";
import { administrator } from "./access/identity.ts";
import { ApiServer } from "./api-server.ts";
import { SqliteStorage } from "./storage/sqlite-storage.ts";
import { ConfigMapTestKind, NamespaceTestKind, testKinds } from "./test-kinds.ts";

/**
 * Watch history against a model: whatever clients write, however many watch from whenever, through compactions and
 * restarts, each watcher sees each change after its start exactly once and in order, or is told that it is too late.
 */

type Op =
  | { readonly do: "put" | "delete"; readonly name: string }
  | { readonly do: "watch"; readonly back: number; readonly inside: boolean }
  | { readonly do: "watch-all"; readonly inside: boolean }
  | { readonly do: "compact"; readonly back: number }
  | { readonly do: "restart" }
  | { readonly do: "settle" };

const name = fc.constantFrom("a", "b", "c");
const op: fc.Arbitrary<Op> = fc.oneof(
  { weight: 8, arbitrary: fc.record({ do: fc.constant("put" as const), name }) },
  { weight: 3, arbitrary: fc.record({ do: fc.constant("delete" as const), name }) },
  {
    weight: 3,
    arbitrary: fc.record({ do: fc.constant("watch" as const), back: fc.nat(12), inside: fc.boolean() }),
  },
  { weight: 1, arbitrary: fc.record({ do: fc.constant("watch-all" as const), inside: fc.boolean() }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant("compact" as const), back: fc.nat(4) }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant("restart" as const) }) },
  { weight: 2, arbitrary: fc.record({ do: fc.constant("settle" as const) }) },
);

interface Seen {
  readonly type: string;
  readonly name: string;
  readonly revision: number;
  readonly x: string;
}

class Watcher {
  readonly from: number;
  readonly inside: boolean;
  readonly seen: Seen[] = [];
  isTooLate = false;
  #stop = new AbortController();
  #ended: Promise<void> = Promise.resolve();

  constructor(from: number, inside: boolean) {
    this.from = from;
    this.inside = inside;
  }

  /** A client that comes back goes on from the last change that it saw. */
  get position(): number {
    return this.seen.reduce((newest, { revision }) => Math.max(newest, revision), this.from);
  }

  start(apiServer: ApiServer): void {
    if (this.isTooLate) return;
    this.#stop = new AbortController();
    this.#ended = this.inside ? this.#inside(apiServer) : this.#outside(apiServer);
  }

  async stop(): Promise<void> {
    this.#stop.abort();
    await this.#ended;
  }

  async #inside(apiServer: ApiServer): Promise<void> {
    const selection = { resourceVersion: String(this.position) };
    const client = apiServer.clientFor("watcher");
    try {
      await client.watch(
        ConfigMapTestKind,
        selection,
        (event) => {
          if (event.type !== "BOOKMARK") this.#take(event.type, event.object);
        },
        this.#stop.signal,
      );
    } catch (thrown) {
      if (!isApiError(thrown, "Expired")) throw thrown;
      this.isTooLate = true;
    }
  }

  async #outside(apiServer: ApiServer): Promise<void> {
    const url = `/api/v1/configmaps?watch=true&resourceVersion=${this.position}`;
    const request = { method: "GET", url, headers: {}, body: new Uint8Array(0), signal: this.#stop.signal };
    const response = await apiServer.handle(request, administrator("watcher"));
    assert.equal(response.status, 200);
    assert.ok(typeof response.body !== "string");
    let rest = "";
    for await (const chunk of response.body) {
      const lines = (rest + chunk).split("\n");
      rest = lines.pop() ?? "";
      for (const line of lines) {
        const { type, object } = JSON.parse(line);
        if (type === "ERROR") {
          assert.equal(object.reason, "Expired");
          this.isTooLate = true;
        } else if (type !== "BOOKMARK") this.#take(type, object);
      }
    }
  }

  #take(
    type: string,
    object: { metadata: { name?: string; resourceVersion?: string }; data?: object },
  ): void {
    const { name = "", resourceVersion = "" } = object.metadata;
    const { x = "" } = (object.data ?? {}) as { x?: string };
    this.seen.push({ type, name, revision: Number(resourceVersion), x });
  }
}

class World {
  readonly #folder = mkdtempSync(join(tmpdir(), "ebb-watch-"));
  readonly history: Seen[] = [];
  readonly watchers: Watcher[] = [];
  readonly #present = new Set<string>();
  #storage = new SqliteStorage({ path: join(this.#folder, "state.db") });
  #apiServer: ApiServer | undefined;
  #first = 0;
  #written = 0;

  async start(): Promise<void> {
    this.#storage = new SqliteStorage({ path: join(this.#folder, "state.db") });
    const common = { clock: systemClock, random: systemRandom, log: silentLog };
    this.#apiServer = new ApiServer({ ...common, storage: this.#storage, kinds: testKinds });
    await this.#apiServer.start();
    if (this.#first > 0) return;
    const made = await this.#client.create(NamespaceTestKind, { metadata: { name: "default" } });
    this.#first = Number(made.metadata.resourceVersion);
  }

  get #server(): ApiServer {
    assert.ok(this.#apiServer);
    return this.#apiServer;
  }

  get #client(): KubeClient {
    return this.#server.clientFor("writer");
  }

  async run(op: Op): Promise<void> {
    switch (op.do) {
      case "put":
        return this.#put(op.name);
      case "delete":
        return this.#delete(op.name);
      case "watch":
        return this.#watch(this.#revisionBack(op.back), op.inside);
      case "watch-all":
        return this.#watch(0, op.inside);
      case "compact":
        return this.#storage.compact(this.#revisionBack(op.back));
      case "restart":
        await Promise.all(this.watchers.map((watcher) => watcher.stop()));
        await this.#server.stop();
        await this.start();
        for (const watcher of this.watchers) watcher.start(this.#server);
        return;
      case "settle":
        return this.#settle();
    }
  }

  async end(): Promise<void> {
    await this.#settle();
    await Promise.all(this.watchers.map((watcher) => watcher.stop()));
    await this.#server.stop();
    rmSync(this.#folder, { recursive: true });
  }

  #revisionBack(back: number): number {
    return this.history.at(-1 - back)?.revision ?? this.#first;
  }

  async #put(name: string): Promise<void> {
    const isNew = !this.#present.has(name);
    const x = String(++this.#written);
    const object = { metadata: { namespace: "default", name }, data: { x } };
    const stored = isNew
      ? await this.#client.create(ConfigMapTestKind, object)
      : await this.#client.update(ConfigMapTestKind, object);
    this.#present.add(name);
    const revision = Number(stored.metadata.resourceVersion);
    this.history.push({ type: isNew ? "ADDED" : "MODIFIED", name, revision, x });
  }

  async #delete(name: string): Promise<void> {
    if (!this.#present.delete(name)) return;
    const x = this.history.findLast((change) => change.name === name)?.x ?? "";
    await this.#client.delete(ConfigMapTestKind, { namespace: "default", name });
    this.history.push({ type: "DELETED", name, revision: this.#storage.sequenced, x });
  }

  #watch(from: number, inside: boolean): Promise<void> {
    const watcher = new Watcher(from, inside);
    this.watchers.push(watcher);
    watcher.start(this.#server);
    return Promise.resolve();
  }

  /** Until every watcher has seen the last change or is over; no longer than a few seconds. */
  async #settle(): Promise<void> {
    const last = this.history.at(-1)?.revision ?? 0;
    const state = replayed(this.history);
    const isBehind = (watcher: Watcher) => {
      if (watcher.isTooLate || watcher.position >= last) return false;
      return watcher.from > 0 || !isDeepStrictEqual(replayed(watcher.seen), state);
    };
    for (let round = 0; round < 400 && this.watchers.some(isBehind); round++) await delay(5);
  }
}

/** The state after replaying what was seen: name → revision. */
function replayed(seen: readonly Seen[]): Map<string, string> {
  const state = new Map<string, string>();
  for (const { type, name, x } of seen) {
    if (type === "DELETED") state.delete(name);
    else state.set(name, x);
  }
  return state;
}

function checkWatcher(watcher: Watcher, history: readonly Seen[]): void {
  if (watcher.from > 0) {
    const expected = history.filter(({ revision }) => revision > watcher.from);
    // Whoever was told to be too late has seen a part of the history without a gap.
    const seen = watcher.isTooLate ? expected.slice(0, watcher.seen.length) : expected;
    assert.deepEqual(watcher.seen, seen);
    return;
  }
  if (watcher.isTooLate) return;
  assert.deepEqual(replayed(watcher.seen), replayed(history));
}

test("every watcher sees every change once and in order, through compactions and restarts", async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(op, { maxLength: 40 }), async (ops) => {
      const world = new World();
      await world.start();
      for (const one of ops) await world.run(one);
      await world.end();
      for (const watcher of world.watchers) checkWatcher(watcher, world.history);
    }),
    { numRuns: 25, endOnFailure: true },
  );
});
