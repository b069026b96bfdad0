import assert from "node:assert/strict";
import { type TestContext, test } from "node:test";
import { VirtualClock } from "../sim/virtual-clock.ts";
import { type CoreService, CoreServiceKind } from "../src/api/core-service/kind.ts";
import { type Endpoints, EndpointsKind } from "../src/api/endpoints/kind.ts";
import { ingressHash } from "../src/api/ingress/hash.ts";
import { type Ingress, IngressKind } from "../src/api/ingress/kind.ts";
import { KINDS } from "../src/api/kinds.ts";
import { NamespaceKind } from "../src/api/namespace/kind.ts";
import { type Revision, RevisionKind } from "../src/api/revision/kind.ts";
import { silentLog } from "../src/base/log.ts";
import { seededRandom } from "../src/base/random.ts";
import { Activator } from "../src/data-plane/activator/activator.ts";
import { RevisionWatch } from "../src/data-plane/activator/revision-watch.ts";
import { Gateway } from "../src/data-plane/gateway/gateway.ts";
import { RouteWatch } from "../src/data-plane/gateway/route-watch.ts";
import { ApiServer } from "../src/embedded/apiserver/api-server.ts";
import { MemoryStorage } from "../src/embedded/apiserver/storage/memory-storage.ts";
import { HeaderBlock } from "../src/http/header-block.ts";
import { TimerWheel } from "../src/http/timer-wheel.ts";
import type { KubeClient } from "../src/kube/client.ts";

/** The data plane's watches against the real API server, on virtual time. */

const CLASS = "ebb.ingress.networking.knative.dev";
const SPLIT = { serviceNamespace: "default", serviceName: "hello-00001", servicePort: 80, percent: 100 };

async function world(context: TestContext) {
  const clock = new VirtualClock();
  const log = silentLog;
  const random = seededRandom(3);
  const server = new ApiServer({ clock, random, log, storage: new MemoryStorage(), kinds: KINDS });
  const ended = new AbortController();
  context.after(async () => {
    ended.abort();
    await server.stop();
  });
  const client: KubeClient = server.clientFor("data-plane");
  await clock.until(server.start());
  await clock.until(client.create(NamespaceKind, { metadata: { name: "default" }, spec: {} }));
  const upstreamFor = () => assert.fail("nothing is forwarded here");
  const gateway = new Gateway({ random, log, upstreamFor });
  const activator = new Activator({
    clock,
    random,
    log,
    upstreamFor: () => ({ send: (_request, observer) => void observer }),
    timers: new TimerWheel(clock),
    podName: "activator",
    report: () => {},
  });
  context.after(() => activator.close());
  const routes = new RouteWatch({ client, clock, log, gateway, ingressClass: CLASS });
  const revisions = new RevisionWatch({ client, clock, log, revisions: activator.revisions });
  void routes.run(ended.signal);
  void revisions.run(ended.signal);
  await clock.until(Promise.all([routes.synced, revisions.synced]));
  const settle = () => clock.advance(50);
  return { clock, client, gateway, activator, settle, random };
}

const ingress = (annotations: Record<string, string>): Ingress => ({
  metadata: { name: "hello", namespace: "default", annotations },
  spec: {
    rules: [
      {
        hosts: ["hello.default.localhost"],
        visibility: "ExternalIP",
        http: { paths: [{ splits: [SPLIT] }] },
      },
      {
        hosts: ["hello.default.svc.cluster.local"],
        visibility: "ClusterLocal",
        http: { paths: [{ splits: [SPLIT] }] },
      },
    ],
  },
});

test("rules of our class are in force under the hash that the controller computes, those of others are not", async (t) => {
  const { clock, client, gateway, settle } = await world(t);
  const find = (listener: "public" | "private", host: string) =>
    gateway.routes.find(listener, { host, target: "/", headers: new HeaderBlock() });
  const made = await clock.until(
    client.create(IngressKind, ingress({ "networking.knative.dev/ingress.class": CLASS })),
  );
  await settle();
  const found = find("public", "hello.default.localhost");
  assert.ok(typeof found !== "string");
  assert.equal(found.hash, ingressHash(made));
  assert.equal(find("public", "hello.default.svc.cluster.local"), "unknown-host");
  assert.ok(typeof find("private", "hello.default") !== "string");
  const key = { namespace: "default", name: "hello" };
  await clock.until(client.delete(IngressKind, key));
  await settle();
  assert.equal(find("public", "hello.default.localhost"), "unknown-host");
  await clock.until(
    client.create(IngressKind, ingress({ "networking.knative.dev/ingress.class": "another" })),
  );
  await settle();
  assert.equal(find("public", "hello.default.localhost"), "unknown-host");
});

test("a removed address gets no further request, a missing port none at all", async (t) => {
  const { clock, client, gateway, settle, random } = await world(t);
  const target = { namespace: "default", service: "hello-00001", port: 80 };
  const service: CoreService = {
    metadata: { name: "hello-00001", namespace: "default" },
    spec: { ports: [{ name: "http", port: 80, targetPort: 8012 }] },
  };
  await clock.until(client.create(CoreServiceKind, service));
  const endpoints = (ip: string): Endpoints => ({
    metadata: { name: "hello-00001", namespace: "default" },
    subsets: [
      {
        addresses: [{ ip, targetRef: { kind: "Pod", uid: `uid-${ip}` } }],
        ports: [{ name: "http", port: 8012 }],
      },
    ],
  });
  await clock.until(client.create(EndpointsKind, endpoints("10.0.0.1")));
  await settle();
  assert.deepEqual(gateway.backends.pick(target, random), {
    ip: "10.0.0.1",
    port: 8012,
    podUid: "uid-10.0.0.1",
  });
  await clock.until(client.update(EndpointsKind, endpoints("10.0.0.2")));
  await settle();
  assert.equal(gateway.backends.pick(target, random)?.ip, "10.0.0.2");
  assert.equal(gateway.backends.pick({ ...target, port: 81 }, random), undefined);
});

test("a revision's limits, time-outs and failure reach the activator", async (t) => {
  const { clock, client, activator, settle } = await world(t);
  const revision: Revision = {
    metadata: { name: "hello-00001", namespace: "default" },
    spec: { containerConcurrency: 7, timeoutSeconds: 20, containers: [{ name: "user", image: "hello" }] },
  };
  const stored = await clock.until(client.create(RevisionKind, revision));
  await settle();
  const view = () => activator.revisions.get("default", "hello-00001")?.view;
  assert.equal(view()?.containerConcurrency, 7);
  assert.deepEqual(view()?.limits.totalMs, 20_000);
  assert.equal(view()?.trustsProbes, true);
  const conditions = [
    { type: "Ready", status: "False" as const, reason: "ContainerMissing", message: "no such image" },
  ];
  await clock.until(client.updateStatus(RevisionKind, { ...stored, status: { conditions } }));
  await settle();
  assert.deepEqual(view()?.failure, { reason: "ContainerMissing", message: "no such image", final: true });
  await clock.until(client.delete(RevisionKind, { namespace: "default", name: "hello-00001" }));
  await settle();
  assert.equal(view(), undefined);
});
