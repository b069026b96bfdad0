import assert from "node:assert/strict";
import { test } from "node:test";
import { VirtualClock } from "../sim/virtual-clock.ts";
import { ConfigMapKind } from "../src/api/config-map/kind.ts";
import { EventKind } from "../src/api/event/kind.ts";
import { KINDS } from "../src/api/kinds.ts";
import { NamespaceKind } from "../src/api/namespace/kind.ts";
import { type Route, RouteKind, type RouteStatus } from "../src/api/route/kind.ts";
import { failure } from "../src/api/status.ts";
import { silentLog } from "../src/base/log.ts";
import { seededRandom } from "../src/base/random.ts";
import { ApiServer } from "../src/embedded/apiserver/api-server.ts";
import { SchemaAdmission } from "../src/embedded/apiserver/schema-admission.ts";
import { MemoryStorage } from "../src/embedded/apiserver/storage/memory-storage.ts";
import type { KubeClient } from "../src/kube/client.ts";
import { ConfigWatch } from "../src/kube/config-watch.ts";
import type { Controller } from "../src/kube/controller.ts";
import { Informers } from "../src/kube/informers.ts";
import { startReconcileLoop } from "../src/kube/reconcile-loop.ts";

/** The loop that all controllers share, with one odd controller (spec C-001, A-045, A-172). */

const key = { namespace: "default", name: "hello" };
const HOUR_MS = 3_600_000;

interface World {
  readonly clock: VirtualClock;
  readonly client: KubeClient;
  /** Starts the loop on Routes; `client` is what it writes with. */
  run(
    decide: () => RouteStatus,
    client?: (real: KubeClient) => KubeClient,
    more?: Partial<Controller<Route, undefined, unknown>>,
  ): void;
}

async function inWorld(body: (world: World) => Promise<void>): Promise<void> {
  const clock = new VirtualClock();
  const ended = new AbortController();
  const common = { clock, random: seededRandom(1), log: silentLog };
  const admission = new SchemaAdmission();
  const server = new ApiServer({ ...common, storage: new MemoryStorage(), kinds: KINDS, admission });
  await clock.until(server.start());
  const client = server.clientFor("admin");
  for (const name of ["default", "knative-serving"])
    await client.create(NamespaceKind, { metadata: { name }, spec: {} });
  await client.create(RouteKind, { metadata: key, spec: {} });
  const run: World["run"] = (decide, wrap = (real) => real, more = {}) => {
    const informers = new Informers({ client: server.clientFor("informers"), clock, log: silentLog });
    const config = new ConfigWatch({ informers, log: silentLog });
    config.start();
    const controller: Controller<Route, undefined, unknown> = {
      name: "odd-controller",
      kind: RouteKind,
      watches: [],
      observe: () => undefined,
      desired: () => ({ children: [], status: decide() }),
      ...more,
    };
    const clientFor = (actor: string) => wrap(server.clientFor(actor));
    startReconcileLoop({ ...common, controller, clientFor, informers, config, signal: ended.signal });
    informers.start(ended.signal);
  };
  await body({ clock, client, run });
  ended.abort();
  await clock.advance(1);
  await server.stop();
}

/** The real client but for some calls. */
function differing(real: KubeClient, calls: Partial<KubeClient>): KubeClient {
  return new Proxy(real, {
    get(target, name: keyof KubeClient) {
      return calls[name] ?? target[name].bind(target);
    },
  });
}

test("a status that the API refuses is told in one Event, however often it is tried (A-045)", () =>
  inWorld(async ({ clock, client, run }) => {
    run(() => ({ url: 5 }) as unknown as RouteStatus);
    await clock.advance(2_000);
    const events = (await client.list(EventKind)).items;
    assert.equal(events.length, 1);
    assert.equal(events[0]?.reason, "UpdateFailed");
    assert.match(
      events[0]?.message ?? "",
      /^Failed to update status for "hello": .*status\.url: Invalid value/,
    );
    assert.ok((events[0]?.count ?? 0) > 1);
  }));

test("a finalizer that cannot be written is told in an Event, and nothing is done without it", () =>
  inWorld(async ({ clock, client, run }) => {
    const refuse = () => Promise.reject(failure(403, "Forbidden", "not today"));
    run(
      () => ({ url: "http://hello" }),
      (real) =>
        differing(real, {
          patch: (kind, ...rest) => (kind.kind === "Route" ? refuse() : real.patch(kind, ...rest)),
        }),
      { finalizer: "odd.example.org" },
    );
    await clock.advance(2_000);
    const told = (await client.list(EventKind)).items.map(({ reason, message }) => [reason, message]);
    assert.deepEqual(told, [["FinalizerUpdateFailed", 'Failed to update finalizers for "hello": not today']]);
    assert.equal((await client.get(RouteKind, key)).status?.url, undefined);
  }));

test("a reconcile whose API does not answer gives up after 30 s, and what it tried is tried again", () =>
  inWorld(async ({ clock, client, run }) => {
    let calls = 0;
    run(
      () => ({ url: "http://hello" }),
      (real) =>
        differing(real, {
          updateStatus: (kind, object) => {
            calls += 1;
            return calls === 1 ? new Promise<never>(() => {}) : real.updateStatus(kind, object);
          },
        }),
    );
    await clock.advance(29_000);
    assert.equal(calls, 1);
    await clock.advance(2_000);
    assert.equal(calls, 2);
    assert.equal((await client.get(RouteKind, key)).status?.url, "http://hello");
  }));

test("everything is looked at again every ten hours, though nothing has changed", () =>
  inWorld(async ({ clock, run }) => {
    let looks = 0;
    run(() => {
      looks += 1;
      return {};
    });
    await clock.advance(HOUR_MS);
    const settled = looks;
    await clock.advance(8 * HOUR_MS);
    assert.equal(looks, settled);
    await clock.advance(2 * HOUR_MS);
    assert.equal(looks, settled + 1);
    await clock.advance(10 * HOUR_MS);
    assert.equal(looks, settled + 2);
  }));

test("nothing acts while a ConfigMap cannot be read at the start; once mended, one that breaks changes nothing (A-172)", () =>
  inWorld(async ({ clock, client, run }) => {
    const mapKey = { namespace: "knative-serving", name: "config-network" };
    const write = async (data: Record<string, string>) => {
      await client.patch(ConfigMapKind, mapKey, { type: "merge", body: { data } });
      await clock.advance(1_000);
    };
    await client.create(ConfigMapKind, { metadata: mapKey, data: { "rollout-duration": "soon" } });
    let looks = 0;
    run(() => {
      looks += 1;
      return {};
    });
    await clock.advance(60_000);
    assert.equal(looks, 0);
    await write({ "rollout-duration": "5" });
    assert.ok(looks > 0);
    const before = looks;
    await write({ "rollout-duration": "later" });
    assert.ok(looks > before);
  }));
