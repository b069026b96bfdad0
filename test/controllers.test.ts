import assert from "node:assert/strict";
import { test } from "node:test";
import { ConfigurationKind } from "../src/api/configuration/kind.ts";
import { CoreServiceKind } from "../src/api/core-service/kind.ts";
import { DeploymentKind } from "../src/api/deployment/kind.ts";
import { EventKind } from "../src/api/event/kind.ts";
import { keyOf } from "../src/api/object.ts";
import { RevisionKind } from "../src/api/revision/kind.ts";
import { RouteKind } from "../src/api/route/kind.ts";
import { type Service, ServiceKind } from "../src/api/service/kind.ts";
import { ControllersWorld, type ControllersWorldOptions } from "./support/controllers-world.ts";

/** All controllers together on virtual time, where the recorded cases say nothing. */

const key = { namespace: "default", name: "hello" };

async function inWorld(
  options: ControllersWorldOptions,
  body: (world: ControllersWorld) => Promise<void>,
): Promise<void> {
  const world = await ControllersWorld.start(options);
  try {
    await body(world);
  } finally {
    await world.stop();
  }
}

function hello(image = "dev.local/hello"): Service {
  return { metadata: key, spec: { template: { spec: { containers: [{ name: "user-container", image }] } } } };
}

async function readyOf(world: ControllersWorld) {
  const service = await world.client.get(ServiceKind, key);
  return service.status?.conditions?.find(({ type }) => type === "Ready");
}

test("a settled Service is written no more, not once in a minute", () =>
  inWorld({}, async (world) => {
    await world.client.create(ServiceKind, hello());
    await world.clock.advance(10_000);
    assert.equal((await readyOf(world))?.status, "True");
    await world.watchWrites();
    await world.clock.advance(60_000);
    assert.deepEqual(world.writes, []);
    assert.ok(world.isIdle);
  }));

test("a missing image is told in Ready within seconds, and the Service recovers when it comes", () => {
  const store = new Set<string>();
  const resolver = {
    async resolve(image: string) {
      if (!store.has(image)) throw new Error(`no image ${image}: ebb image add ${image} PATH`);
      return `${image}@sha256:0123`;
    },
  };
  return inWorld({ resolver }, async (world) => {
    await world.client.create(ServiceKind, hello("registry.example/hello:1"));
    await world.clock.advance(1_000);
    const told = await readyOf(world);
    assert.equal(told?.status, "False");
    const revision = (await world.client.list(RevisionKind)).items[0];
    const healthy = revision?.status?.conditions?.find(({ type }) => type === "ContainerHealthy");
    assert.equal(healthy?.reason, "ContainerMissing");
    assert.match(healthy?.message ?? "", /ebb image add registry.example\/hello:1 PATH/);
    store.add("registry.example/hello:1");
    await world.clock.advance(10_000);
    assert.equal((await readyOf(world))?.status, "True");
    const deployment = (await world.client.list(DeploymentKind)).items[0];
    assert.equal(deployment?.spec.template.spec.containers[0]?.image, "registry.example/hello:1@sha256:0123");
  });
});

test("a program that ends at once is told with its exit code and last words", () =>
  inWorld({ pods: "crash" }, async (world) => {
    await world.client.create(ServiceKind, hello());
    await world.clock.advance(2_000);
    const configuration = await world.client.get(ConfigurationKind, key);
    const message = configuration.status?.conditions?.[0]?.message ?? "";
    assert.match(message, /failed with message: Container failed with: boom: no config/);
    assert.equal((await readyOf(world))?.status, "False");
  }));

test("pods that get ready late make the Service ready then", () =>
  inWorld({ pods: "notready" }, async (world) => {
    await world.client.create(ServiceKind, hello());
    await world.clock.advance(5_000);
    assert.equal((await readyOf(world))?.status, "Unknown");
    await world.makePodsReady();
    await world.clock.advance(5_000);
    assert.equal((await readyOf(world))?.status, "True");
  }));

test("a program that runs without getting ready is told in Ready within seconds, and no more once it is ready", () =>
  inWorld({ pods: "notready" }, async (world) => {
    await world.client.create(ServiceKind, hello());
    await world.clock.advance(8_000);
    assert.equal((await readyOf(world))?.reason, "RevisionMissing");
    await world.clock.advance(4_000);
    const told = await readyOf(world);
    assert.equal(told?.status, "Unknown");
    assert.equal(told?.reason, "NotReadyYet");
    assert.match(told?.message ?? "", /"user-container" has run for more than 10 s and its readiness probe/);
    await world.watchWrites();
    await world.clock.advance(30_000);
    assert.deepEqual(world.writes, []);
    await world.makePodsReady();
    await world.clock.advance(5_000);
    assert.equal((await readyOf(world))?.status, "True");
  }));

test("pods that never get ready are given up after the progress deadline, with a message", () =>
  inWorld({ pods: "notready" }, async (world) => {
    const service = hello();
    service.spec.template.metadata = { annotations: { "serving.knative.dev/progress-deadline": "20s" } };
    await world.client.create(ServiceKind, service);
    await world.clock.advance(60_000);
    const revision = (await world.client.list(RevisionKind)).items[0];
    const ready = revision?.status?.conditions?.find(({ type }) => type === "Ready");
    assert.equal(ready?.status, "False");
    assert.equal(ready?.reason, "ProgressDeadlineExceeded");
    assert.equal((await readyOf(world))?.status, "False");
  }));

test("a placeholder Service of somebody else is left alone and told", () =>
  inWorld({}, async (world) => {
    const foreign = { metadata: key, spec: { ports: [{ port: 80 }] } };
    const before = await world.client.create(CoreServiceKind, foreign);
    await world.client.create(ServiceKind, hello());
    await world.clock.advance(5_000);
    assert.equal((await readyOf(world))?.reason, "NotOwned");
    const after = await world.client.get(CoreServiceKind, key);
    assert.equal(after.metadata.resourceVersion, before.metadata.resourceVersion);
  }));

test("a tag that goes takes its placeholder along", () =>
  inWorld({}, async (world) => {
    const service = hello();
    service.spec.traffic = [{ latestRevision: true, percent: 100, tag: "blue" }];
    await world.client.create(ServiceKind, service);
    await world.clock.advance(5_000);
    const route = await world.client.get(RouteKind, key);
    assert.match(route.status?.traffic?.[0]?.url ?? "", /^http:\/\/blue-hello\.default\./);
    await world.client.get(CoreServiceKind, { ...key, name: "blue-hello" });
    const current = await world.client.get(ServiceKind, key);
    current.spec.traffic = [{ latestRevision: true, percent: 100 }];
    await world.client.update(ServiceKind, current);
    await world.clock.advance(5_000);
    await assert.rejects(world.client.get(CoreServiceKind, { ...key, name: "blue-hello" }));
  }));

test("a label change on a Service reaches its Configuration and makes no Revision", () =>
  inWorld({}, async (world) => {
    await world.client.create(ServiceKind, hello());
    await world.clock.advance(5_000);
    const body = { metadata: { labels: { team: "a" } } };
    await world.client.patch(ServiceKind, key, { type: "merge", body });
    await world.clock.advance(5_000);
    const configuration = await world.client.get(ConfigurationKind, key);
    assert.equal(configuration.metadata.labels?.team, "a");
    assert.equal((await world.client.list(RevisionKind)).items.length, 1);
  }));

test("with config-domain the Route answers under its public name and port too", () =>
  inWorld({ urlPorts: { http: 8080 } }, async (world) => {
    await world.setConfig("config-domain", { localhost: "" });
    await world.client.create(ServiceKind, hello());
    await world.clock.advance(5_000);
    assert.equal(
      (await world.client.get(ServiceKind, key)).status?.url,
      "http://hello.default.localhost:8080",
    );
    const rules = (await world.ingresses())[0]?.spec.rules ?? [];
    assert.deepEqual(
      rules.map(({ visibility, hosts }) => [visibility, hosts?.at(-1)]),
      [
        ["ClusterLocal", "hello.default.svc.cluster.local"],
        ["ExternalIP", "hello.default.localhost"],
      ],
    );
  }));

test("what controllers do is told in Events, once", () =>
  inWorld({}, async (world) => {
    await world.client.create(ServiceKind, hello());
    await world.clock.advance(5_000);
    const events = (await world.client.list(EventKind)).items;
    const texts = events.map(({ involvedObject, message }) => `${involvedObject.kind}: ${message}`);
    for (const text of ['Service: Created Configuration "hello"', 'Service: Created Route "hello"'])
      assert.equal(texts.filter((known) => known === text).length, 1, text);
    assert.ok(events.every((event) => keyOf(event).namespace === "default"));
  }));

test("labels and annotations of a Service reach its placeholder Service and stay there, as the user's own word does", () =>
  inWorld({}, async (world) => {
    await world.client.create(ServiceKind, hello());
    await world.clock.advance(3_000);
    const change = (metadata: object, kind: typeof ServiceKind | typeof CoreServiceKind = ServiceKind) =>
      world.client.patch(kind as typeof ServiceKind, key, { type: "merge", body: { metadata } });
    await change({ labels: { "networking.knative.dev/visibility": "cluster-local" } }, CoreServiceKind);
    await change({ labels: { team: "blue" }, annotations: { note: "mine" } });
    await world.clock.advance(3_000);
    const added = await world.client.get(CoreServiceKind, key);
    assert.equal(added.metadata.labels?.team, "blue");
    assert.equal(added.metadata.annotations?.note, "mine");
    await change({ labels: { team: null }, annotations: { note: null } });
    await world.clock.advance(3_000);
    const { labels = {}, annotations = {} } = (await world.client.get(CoreServiceKind, key)).metadata;
    assert.deepEqual([labels.team, annotations.note], ["blue", "mine"]);
    assert.equal(labels["networking.knative.dev/visibility"], "cluster-local");
    const route = await world.client.get(RouteKind, key);
    assert.ok(!("team" in (route.metadata.labels ?? {})));
    assert.equal(route.status?.url, "http://hello.default.svc.cluster.local");
  }));
