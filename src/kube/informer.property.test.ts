import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { VirtualClock } from "../../sim/virtual-clock.ts";
import { type ConfigMap, ConfigMapKind } from "../api/config-map/kind.ts";
import { keyText, type Stored } from "../api/object.ts";
import { ApiError } from "../api/status.ts";
import { silentLog } from "../base/log.ts";
import type { KubeClient, WatchEvent, Watching } from "./client.ts";
import { Informer, labelIndex } from "./informer.ts";

const NAMES = ["a", "b", "c", "d"];
const COLOURS = ["red", "blue"];
const byColour = labelIndex("colour");

/** An API of four ConfigMaps: a plain Map, and one watch that is told of its changes or breaks. */
class PlainApi {
  readonly objects = new Map<string, Stored<ConfigMap>>();
  #version = 10;
  #watching: Watching<ConfigMap> | undefined;
  #broken: ((why: unknown) => void) | undefined;
  #late: (() => void)[] | undefined;

  readonly client = {
    list: async () => ({ items: [...this.objects.values()], resourceVersion: String(this.#version) }),
    watch: (...watching: Watching<ConfigMap>) => {
      this.#watching = watching;
      const [, , , signal] = watching;
      return new Promise<void>((resolve, reject) => {
        this.#broken = reject;
        signal.addEventListener("abort", () => resolve());
      });
    },
  } as Partial<KubeClient> as KubeClient;

  put(name: string, colour: string | undefined): Stored<ConfigMap> {
    const resourceVersion = String(++this.#version);
    const labels = colour === undefined ? {} : { colour };
    const uid = this.objects.get(name)?.metadata.uid ?? `${name} since ${resourceVersion}`;
    const metadata = { namespace: "n", name, labels, resourceVersion, uid, creationTimestamp: "" };
    const object: Stored<ConfigMap> = { metadata, data: { ключ: `${name} ${resourceVersion}`.repeat(40) } };
    const type = this.objects.has(name) ? "MODIFIED" : "ADDED";
    this.objects.set(name, object);
    this.#tell({ type, object });
    return object;
  }

  delete(name: string): void {
    const object = this.objects.get(name);
    if (!object) return;
    this.objects.delete(name);
    const metadata = { ...object.metadata, resourceVersion: String(++this.#version) };
    this.#tell({ type: "DELETED", object: { ...object, metadata } });
  }

  #tell(event: WatchEvent<ConfigMap>): void {
    const tell = () => this.#watching?.[2](event);
    if (this.#late) this.#late.push(tell);
    else tell();
  }

  /** The watch is told of what `write` does only after it; `check` looks before each event and after the last. */
  ahead(write: () => void, check: () => void): void {
    this.#late = [];
    write();
    const late = this.#late;
    this.#late = undefined;
    check();
    for (const tell of late) {
      tell();
      check();
    }
  }

  /** What happens from here on is learnt by a new list alone. */
  break(): void {
    this.#watching = undefined;
  }

  expire(): void {
    const message = "too old";
    this.#broken?.(
      new ApiError({
        kind: "Status",
        apiVersion: "v1",
        metadata: {},
        status: "Failure",
        message,
        reason: "Expired",
        code: 410,
      }),
    );
  }
}

const step = fc.oneof(
  fc.record({
    verb: fc.constant("put" as const),
    name: fc.constantFrom(...NAMES),
    colour: fc.constantFrom(...COLOURS, undefined),
  }),
  fc.record({
    verb: fc.constantFrom("absorb ahead", "absorb behind"),
    name: fc.constantFrom(...NAMES),
    colour: fc.constantFrom(...COLOURS),
    isDeleted: fc.boolean(),
  }),
  fc.record({ verb: fc.constant("delete" as const), name: fc.constantFrom(...NAMES) }),
  fc.record({
    verb: fc.constant("relist" as const),
    meanwhile: fc.array(fc.tuple(fc.constantFrom(...NAMES), fc.boolean()), { maxLength: 4 }),
  }),
  fc.record({ verb: fc.constant("rest" as const), seconds: fc.integer({ min: 5, max: 40 }) }),
);

function assertSame(informer: Informer<ConfigMap>, model: ReadonlyMap<string, Stored<ConfigMap>>): void {
  const sorted = (objects: readonly Stored<ConfigMap>[]) =>
    [...objects].sort((left, right) => (left.metadata.name < right.metadata.name ? -1 : 1));
  const all = sorted([...model.values()]);
  assert.deepEqual(sorted(informer.list()), all);
  assert.deepEqual(sorted(informer.list("n")), all);
  assert.deepEqual(informer.list("other"), []);
  assert.deepEqual(
    new Set(informer.keys("n").map(keyText)),
    new Set(all.map(({ metadata }) => `n/${metadata.name}`)),
  );
  for (const colour of COLOURS)
    assert.deepEqual(
      sorted(informer.by(byColour, `n/${colour}`)),
      all.filter(({ metadata }) => metadata.labels?.colour === colour),
    );
  for (const name of NAMES) assert.deepEqual(informer.get({ namespace: "n", name }), model.get(name));
}

test("a cache answers as a plain Map of its objects would, whether they rest or not", async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(step, { maxLength: 30 }), async (steps) => {
      const clock = new VirtualClock();
      const api = new PlainApi();
      const informer = new Informer({ client: api.client, kind: ConfigMapKind, clock, log: silentLog });
      const change = ({ name, isDeleted }: { name: string; isDeleted: boolean }) =>
        isDeleted ? api.delete(name) : api.put(name, "red");
      const told = new Map<string, Stored<ConfigMap>>();
      informer.onChange(({ type, object, previous }) => {
        assert.deepEqual(previous, told.get(object.metadata.name));
        if (type === "DELETED") told.delete(object.metadata.name);
        else told.set(object.metadata.name, object);
      });
      const ended = new AbortController();
      const running = informer.run(ended.signal);
      await clock.advance(0);
      for (const one of steps) {
        if (one.verb === "put") api.put(one.name, one.colour);
        else if (one.verb === "absorb ahead")
          api.ahead(
            () => {
              change(one);
              informer.absorb(api.put(one.name, one.colour));
            },
            () => assertSame(informer, api.objects),
          );
        else if (one.verb === "absorb behind") {
          const written = api.put(one.name, one.colour);
          change(one);
          informer.absorb(written);
        } else if (one.verb === "delete") api.delete(one.name);
        else if (one.verb === "rest") await clock.advance(one.seconds * 1000);
        else if (one.verb === "relist") {
          api.break();
          for (const [name, isDeleted] of one.meanwhile) change({ name, isDeleted });
          api.expire();
          await clock.advance(0);
        }
        if (one.verb !== "rest") assertSame(informer, api.objects);
        assert.deepEqual(told, api.objects);
      }
      await clock.advance(60_000);
      assert.equal(clock.pending, 0, "a cache at rest has no timer");
      assertSame(informer, api.objects);
      ended.abort();
      await running;
      assert.equal(clock.pending, 0);
    }),
    { numRuns: 60 },
  );
});
