import assert from "node:assert/strict";
import { test } from "node:test";
import { ApiError, isApiError } from "../../api/status.ts";
import type { Clock } from "../../base/clock.ts";
import { silentLog } from "../../base/log.ts";
import { seededRandom } from "../../base/random.ts";
import type { KubeClient, WatchEvent } from "../../kube/client.ts";
import { ApiServer, type ApiServerOptions } from "./api-server.ts";
import { MemoryStorage } from "./storage/memory-storage.ts";
import {
  ConfigMapTestKind,
  DeploymentTestKind,
  NamespaceTestKind,
  PodTestKind,
  RouteTestKind,
  type Thing,
  testKinds,
} from "./test-kinds.ts";

/** A clock that stands still and runs nothing by itself. */
function stillClock(): Clock {
  return { wall: () => Date.UTC(2030, 0, 1), monotonic: () => 0, schedule: () => ({ cancel() {} }) };
}

async function serverWith(more: Partial<ApiServerOptions> = {}) {
  const storage = new MemoryStorage();
  const clock = stillClock();
  const server = new ApiServer({
    freezesObjects: true,
    clock,
    random: seededRandom(1),
    log: silentLog,
    storage,
    kinds: testKinds,
    ...more,
  });
  await server.start();
  const client = server.clientFor("tester");
  await client.create(NamespaceTestKind, { metadata: { name: "default" } });
  return { server, client, storage };
}

const named = (name: string, more: Partial<Thing> = {}): Thing => ({
  metadata: { name, namespace: "default" },
  ...more,
});
const at = (name: string) => ({ namespace: "default", name });

/** Collects a watch's events as `TYPE name` until stopped. */
function collect(client: KubeClient, selection: Parameters<KubeClient["watch"]>[1]) {
  const events: string[] = [];
  const objects: WatchEvent<Thing>[] = [];
  const controller = new AbortController();
  const done = client.watch(
    RouteTestKind,
    selection,
    (event) => {
      objects.push(event);
      events.push(event.type === "BOOKMARK" ? "BOOKMARK" : `${event.type} ${event.object.metadata.name}`);
    },
    controller.signal,
  );
  return { events, objects, done, stop: () => controller.abort() };
}

async function settled(): Promise<void> {
  for (let turn = 0; turn < 20; turn++) await Promise.resolve();
}

test("a new object gets uid, times, generation and a resourceVersion; what a writer gets back is read only", async () => {
  const { client } = await serverWith();
  const created = await client.create(
    RouteTestKind,
    named("a", { spec: { size: 1 }, status: { phase: "mine" } }),
  );
  assert.equal(created.kind, "Route");
  assert.equal(created.apiVersion, "serving.knative.dev/v1");
  assert.equal(created.metadata.generation, 1);
  assert.equal(created.metadata.creationTimestamp, "2030-01-01T00:00:00Z");
  assert.match(created.metadata.uid, /^[0-9a-f-]{36}$/);
  assert.equal(created.status, undefined);
  assert.throws(() => Object.assign(created, { spec: { size: 99 } }), TypeError);
  assert.deepEqual((await client.get(RouteTestKind, at("a"))).spec, { size: 1 });
});

test("an object needs an existing namespace and a free, valid name", async () => {
  const { client } = await serverWith();
  await client.create(RouteTestKind, named("a"));
  await assert.rejects(client.create(RouteTestKind, named("a")), {
    message: 'routes.serving.knative.dev "a" already exists',
  });
  await assert.rejects(client.create(RouteTestKind, { metadata: { name: "a", namespace: "none" } }), {
    message: 'namespaces "none" not found',
  });
  await assert.rejects(client.create(RouteTestKind, named("A b")), (thrown) => isApiError(thrown, "Invalid"));
});

test("generateName appends five characters of its alphabet", async () => {
  const { client } = await serverWith();
  const created = await client.create(RouteTestKind, {
    metadata: { generateName: "a-", namespace: "default" },
  });
  assert.match(created.metadata.name, /^a-[bcdfghjklmnpqrstvwxz2456789]{5}$/);
});

test("spec E-201: only a change of the spec raises the generation", async () => {
  const { client } = await serverWith();
  const created = await client.create(RouteTestKind, named("a", { spec: { size: 1 } }));
  const labelled = await client.update(RouteTestKind, {
    ...created,
    metadata: { ...created.metadata, labels: { x: "y" } },
  });
  assert.equal(labelled.metadata.generation, 1);
  const resized = await client.update(RouteTestKind, { ...labelled, spec: { size: 2 } });
  assert.equal(resized.metadata.generation, 2);
  const status = await client.updateStatus(RouteTestKind, {
    ...resized,
    spec: { size: 9 },
    status: { phase: "ok" },
  });
  assert.equal(status.metadata.generation, 2);
  assert.deepEqual([status.spec, status.status], [{ size: 2 }, { phase: "ok" }]);
  const updated = await client.update(RouteTestKind, { ...status, status: { phase: "no" } });
  assert.deepEqual(updated.status, { phase: "ok" });
});

test("spec E-200: a stale resourceVersion is a conflict, a write that changes nothing no new revision", async () => {
  const { client, storage } = await serverWith();
  const created = await client.create(RouteTestKind, named("a", { spec: { size: 1 } }));
  const before = storage.sequenced;
  assert.equal(
    (await client.update(RouteTestKind, created)).metadata.resourceVersion,
    created.metadata.resourceVersion,
  );
  assert.equal(storage.sequenced, before);
  await client.update(RouteTestKind, { ...created, spec: { size: 2 } });
  await assert.rejects(client.update(RouteTestKind, { ...created, spec: { size: 3 } }), (thrown) =>
    isApiError(thrown, "Conflict"),
  );
});

test("patches of all types change the stored object; concurrent ones all count", async () => {
  const { client } = await serverWith();
  await client.create(ConfigMapTestKind, named("a", { data: { one: "1", two: "2" } }));
  const merge = { type: "merge", body: { data: { one: null, three: "3" } } } as const;
  assert.deepEqual((await client.patch(ConfigMapTestKind, at("a"), merge)).data, { two: "2", three: "3" });
  const json = { type: "json", body: [{ op: "replace", path: "/data/two", value: "22" }] } as const;
  assert.deepEqual((await client.patch(ConfigMapTestKind, at("a"), json)).data, { two: "22", three: "3" });
  const many = Array.from({ length: 8 }, (_, index) =>
    client.patch(ConfigMapTestKind, at("a"), { type: "strategic", body: { data: { [`n${index}`]: "x" } } }),
  );
  await Promise.all(many);
  assert.equal(Object.keys((await client.get(ConfigMapTestKind, at("a"))).data ?? {}).length, 10);
});

test("a patch through scale sets replicas alone", async () => {
  const { client } = await serverWith();
  const labels = { app: "a" };
  const template = { metadata: { labels }, spec: { containers: [{ name: "c", image: "i" }] } };
  await client.create(
    DeploymentTestKind,
    named("a", { spec: { selector: { matchLabels: labels }, template } }),
  );
  const patch = {
    type: "json",
    body: [{ op: "add", path: "/spec/replicas", value: 3 }],
    subresource: "scale",
  } as const;
  const scaled = await client.patch(DeploymentTestKind, at("a"), patch);
  assert.equal(scaled.spec?.replicas, 3);
  assert.deepEqual(scaled.spec?.selector, { matchLabels: labels });
  assert.equal(scaled.metadata.generation, 2);
});

test("a watch sees every change once, in order, and an object that leaves its selection as deleted", async () => {
  const { client } = await serverWith();
  const { resourceVersion } = await client.list(RouteTestKind);
  const all = collect(client, { resourceVersion });
  const blue = collect(client, { resourceVersion, labelSelector: "color=blue" });
  const created = await client.create(RouteTestKind, {
    metadata: { name: "a", namespace: "default", labels: { color: "blue" } },
  });
  await client.update(RouteTestKind, {
    ...created,
    metadata: { ...created.metadata, labels: { color: "red" } },
  });
  await client.delete(RouteTestKind, at("a"));
  await settled();
  assert.deepEqual(all.events, ["ADDED a", "MODIFIED a", "DELETED a"]);
  assert.deepEqual(blue.events, ["ADDED a", "DELETED a"]);
  const late = collect(client, { resourceVersion });
  const fromStart = collect(client, { resourceVersion: "0" });
  await settled();
  assert.deepEqual(late.events, all.events);
  assert.deepEqual(fromStart.events, []);
  for (const watch of [all, blue, late, fromStart]) watch.stop();
  await Promise.all([all.done, blue.done, late.done, fromStart.done]);
});

test("a watch from a compacted revision is expired", async () => {
  const { client, storage } = await serverWith();
  await client.create(RouteTestKind, named("a"));
  await storage.compact(storage.sequenced);
  const watch = collect(client, { resourceVersion: "1" });
  await assert.rejects(watch.done, (thrown) => isApiError(thrown, "Expired"));
});

test("a projection delivers type, metadata and the wanted fields alone", async () => {
  const { client } = await serverWith();
  await client.create(RouteTestKind, named("a", { spec: { size: 1, nodeName: "n" } }));
  const { items } = await client.list(RouteTestKind, { fields: ["spec.size", "status"] });
  assert.deepEqual(items[0]?.spec, { size: 1 });
  const watch = collect(client, { resourceVersion: "0", fields: ["status.phase"] });
  await settled();
  const [event] = watch.objects;
  assert.ok(event?.type === "ADDED");
  assert.equal(event.object.spec, undefined);
  assert.equal(event.object.kind, "Route");
  watch.stop();
});

test("spec E-209: finalizers hold an object until the last one is taken off", async () => {
  const { client } = await serverWith();
  const held = { metadata: { name: "a", namespace: "default", finalizers: ["x/y"] } };
  await client.create(RouteTestKind, held);
  await client.delete(RouteTestKind, at("a"), { propagationPolicy: "Foreground" });
  const marked = await client.get(RouteTestKind, at("a"));
  assert.deepEqual(marked.metadata.finalizers, ["x/y", "foregroundDeletion"]);
  assert.equal(marked.metadata.deletionTimestamp, "2030-01-01T00:00:00Z");
  assert.equal(marked.metadata.generation, 2);
  await client.patch(RouteTestKind, at("a"), { type: "merge", body: { metadata: { finalizers: null } } });
  await assert.rejects(client.get(RouteTestKind, at("a")), (thrown) => isApiError(thrown, "NotFound"));
});

test("spec E-209: a pod on a node ends gracefully and goes when the node says so", async () => {
  const { client } = await serverWith();
  const containers = [{ name: "c", image: "i" }];
  await client.create(PodTestKind, named("bound", { spec: { nodeName: "ebb", containers } }));
  await client.create(PodTestKind, named("free", { spec: { containers } }));
  await client.delete(PodTestKind, at("free"));
  await assert.rejects(client.get(PodTestKind, at("free")), (thrown) => isApiError(thrown, "NotFound"));
  await client.delete(PodTestKind, at("bound"));
  const ending = await client.get(PodTestKind, at("bound"));
  assert.equal(ending.metadata.deletionGracePeriodSeconds, 30);
  assert.equal(ending.metadata.deletionTimestamp, "2030-01-01T00:00:30Z");
  await client.delete(PodTestKind, at("bound"), { gracePeriodSeconds: 0 });
  await assert.rejects(client.get(PodTestKind, at("bound")), (thrown) => isApiError(thrown, "NotFound"));
});

test("a namespace that is going takes no new objects and waits for its finalizer", async () => {
  const { client } = await serverWith();
  await client.delete(NamespaceTestKind, { namespace: "", name: "default" });
  assert.equal(
    (await client.get(NamespaceTestKind, { namespace: "", name: "default" })).status?.phase,
    "Terminating",
  );
  await assert.rejects(client.create(RouteTestKind, named("a")), /because it is being terminated/);
});

test("a status field of another writer is refused where a table is given", async () => {
  const owners: Record<string, string> = { phase: "route", "conditions[Ready]": "route" };
  const writers = { ownerOf: (_: string, field: string) => owners[field] };
  const { server, client } = await serverWith({ writers });
  const created = await client.create(RouteTestKind, named("a"));
  const wanted = { ...created, status: { conditions: [{ type: "Ready", status: "True" }] } };
  await assert.rejects(client.updateStatus(RouteTestKind, wanted), (thrown) => {
    assert.ok(thrown instanceof ApiError);
    assert.match(thrown.message, /tester may not write status.conditions\[Ready\] of Route default\/a/);
    return true;
  });
  await server.clientFor("route").updateStatus(RouteTestKind, wanted);
});

test("what a component writes is parsed once for itself and for all that watch inside the engine", async () => {
  const { client } = await serverWith();
  const { resourceVersion } = await client.list(RouteTestKind);
  const watches = [collect(client, { resourceVersion }), collect(client, { resourceVersion })];
  await settled();
  const created = await client.create(RouteTestKind, named("a"));
  await settled();
  for (const { objects, stop } of watches) {
    stop();
    const [event] = objects;
    assert.ok(event && event.type !== "BOOKMARK");
    assert.equal(event.object, created);
  }
});
