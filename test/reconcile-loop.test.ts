import assert from "node:assert/strict";
import { test } from "node:test";
import { VirtualClock } from "../sim/virtual-clock.ts";
import { EventKind } from "../src/api/event/kind.ts";
import { KINDS } from "../src/api/kinds.ts";
import { NamespaceKind } from "../src/api/namespace/kind.ts";
import { type Route, RouteKind, type RouteStatus } from "../src/api/route/kind.ts";
import { silentLog } from "../src/base/log.ts";
import { seededRandom } from "../src/base/random.ts";
import { ApiServer } from "../src/embedded/apiserver/api-server.ts";
import { SchemaAdmission } from "../src/embedded/apiserver/schema-admission.ts";
import { MemoryStorage } from "../src/embedded/apiserver/storage/memory-storage.ts";
import { ConfigWatch } from "../src/kube/config-watch.ts";
import type { Controller } from "../src/kube/controller.ts";
import { Informers } from "../src/kube/informers.ts";
import { startReconcileLoop } from "../src/kube/reconcile-loop.ts";

test("a status that the API refuses is told in one Event, however often it is tried (A-045)", async () => {
  const clock = new VirtualClock();
  const ended = new AbortController();
  const common = { clock, random: seededRandom(1), log: silentLog };
  const admission = new SchemaAdmission();
  const server = new ApiServer({ ...common, storage: new MemoryStorage(), kinds: KINDS, admission });
  await clock.until(server.start());
  const informers = new Informers({ client: server.clientFor("informers"), clock, log: silentLog });
  const config = new ConfigWatch({ informers, log: silentLog });
  config.start();
  const status = { url: 5 } as unknown as RouteStatus;
  const controller: Controller<Route, undefined, unknown> = {
    name: "odd-controller",
    kind: RouteKind,
    watches: [],
    observe: () => undefined,
    desired: () => ({ children: [], status }),
  };
  const clientFor = (actor: string) => server.clientFor(actor);
  startReconcileLoop({ ...common, controller, clientFor, informers, config, signal: ended.signal });
  informers.start(ended.signal);
  const client = server.clientFor("admin");
  await client.create(NamespaceKind, { metadata: { name: "default" }, spec: {} });
  await client.create(RouteKind, { metadata: { namespace: "default", name: "hello" }, spec: {} });
  await clock.advance(2_000);
  const events = (await client.list(EventKind)).items;
  assert.equal(events.length, 1);
  assert.equal(events[0]?.reason, "UpdateFailed");
  assert.match(
    events[0]?.message ?? "",
    /^Failed to update status for "hello": .*status\.url: Invalid value/,
  );
  assert.ok((events[0]?.count ?? 0) > 1);
  ended.abort();
  await clock.advance(1);
  await server.stop();
});
