import assert from "node:assert/strict";
import { test } from "node:test";
import { ConfigMapKind } from "../src/api/config-map/kind.ts";
import { CoreServiceKind } from "../src/api/core-service/kind.ts";
import { type Deployment, DeploymentKind } from "../src/api/deployment/kind.ts";
import { EndpointSliceKind } from "../src/api/endpoint-slice/kind.ts";
import { EndpointsKind } from "../src/api/endpoints/kind.ts";
import { NamespaceKind } from "../src/api/namespace/kind.ts";
import type { OwnerReference } from "../src/api/object.ts";
import { PodKind } from "../src/api/pod/kind.ts";
import { ReplicaSetKind } from "../src/api/replica-set/kind.ts";
import { ResourceQuotaKind } from "../src/api/resource-quota/kind.ts";
import { isApiError } from "../src/api/status.ts";
import { isPodReady } from "../src/embedded/workloads/pods.ts";
import { embeddedWorld } from "./support/embedded-world.ts";

function deployment(replicas: number, more: Partial<Deployment["spec"]> = {}): Deployment {
  return {
    metadata: { name: "web", namespace: "default" },
    spec: {
      replicas,
      selector: { matchLabels: { app: "web" } },
      strategy: { type: "RollingUpdate", rollingUpdate: { maxSurge: "25%", maxUnavailable: 0 } },
      revisionHistoryLimit: 0,
      template: {
        metadata: { labels: { app: "web" } },
        spec: {
          containers: [{ name: "main", image: "hello", ports: [{ containerPort: 8080, name: "web" }] }],
          terminationGracePeriodSeconds: 5,
        },
      },
      ...more,
    },
  };
}

const web = { namespace: "default", name: "web" };

test("a deployment becomes a replica set and ready pods, in Kubernetes' words", async () => {
  const world = await embeddedWorld();
  const { client, clock } = world;
  await clock.until(world.newAgent().start());
  await client.create(DeploymentKind, deployment(2));
  await clock.advance(2_000);
  const stored = await client.get(DeploymentKind, web);
  const [set] = (await client.list(ReplicaSetKind)).items;
  assert.ok(set);
  assert.match(set.metadata.name, /^web-[bcdfghjklmnpqrstvwxz2456789]+$/);
  assert.equal(set.metadata.name, `web-${set.metadata.labels?.["pod-template-hash"]}`);
  const { conditions = [], ...counts } = stored.status ?? {};
  assert.deepEqual(counts, {
    observedGeneration: 1,
    replicas: 2,
    updatedReplicas: 2,
    readyReplicas: 2,
    availableReplicas: 2,
  });
  assert.deepEqual(
    conditions.map(({ type, status, reason, message }) => [type, status, reason, message]),
    [
      ["Available", "True", "MinimumReplicasAvailable", "Deployment has minimum availability."],
      [
        "Progressing",
        "True",
        "NewReplicaSetAvailable",
        `ReplicaSet "${set.metadata.name}" has successfully progressed.`,
      ],
    ],
  );
  const { items: pods } = await client.list(PodKind);
  assert.equal(pods.length, 2);
  for (const pod of pods) {
    assert.match(pod.metadata.name, new RegExp(`^${set.metadata.name}-[bcdfghjklmnpqrstvwxz2456789]{5}$`));
    assert.equal(pod.metadata.ownerReferences?.[0]?.uid, set.metadata.uid);
    assert.equal(pod.spec.nodeName, "ebb");
  }
});

test("scaling creates and deletes exactly the difference, and zero leaves no program", async () => {
  const world = await embeddedWorld();
  const { client, clock, runtime } = world;
  await clock.until(world.newAgent().start());
  await client.create(DeploymentKind, deployment(1));
  await clock.advance(1_000);
  for (const replicas of [5, 2, 0, 3]) {
    await client.patch(DeploymentKind, web, { type: "merge", body: { spec: { replicas } } });
    await clock.advance(10_000);
    assert.equal((await client.list(PodKind)).items.length, replicas);
    assert.equal(runtime.alive.length, replicas);
  }
});

test("a rollout never has fewer ready pods than wanted, and drops the old set", async () => {
  for (const replicas of [1, 2, 4, 7]) {
    const world = await embeddedWorld();
    const { client, clock } = world;
    await clock.until(world.newAgent().start());
    await client.create(DeploymentKind, deployment(replicas));
    await clock.advance(2_000);
    const container = { name: "main", image: "hello", env: [{ name: "VERSION", value: "2" }] };
    const body = { spec: { template: { spec: { containers: [container] } } } };
    await client.patch(DeploymentKind, web, { type: "merge", body });
    let readyMin = Number.POSITIVE_INFINITY;
    for (let round = 0; round < 200; round++) {
      await clock.advance(50);
      const { items } = await client.list(PodKind);
      const ready = items.filter((pod) => isPodReady(pod) && !pod.metadata.deletionTimestamp);
      readyMin = Math.min(readyMin, ready.length);
    }
    assert.equal(readyMin, replicas);
    assert.equal((await client.list(ReplicaSetKind)).items.length, 1);
    const { items } = await client.list(PodKind);
    assert.ok(items.every((pod) => pod.spec.containers[0]?.env?.[0]?.value === "2"));
  }
});

test("a deployment tells its revision without raising its generation", async () => {
  const world = await embeddedWorld();
  const { client, clock } = world;
  await client.create(DeploymentKind, deployment(1));
  await clock.advance(1_000);
  const { metadata } = await client.get(DeploymentKind, web);
  assert.equal(metadata.annotations?.["deployment.kubernetes.io/revision"], "1");
  assert.equal(metadata.generation, 1);
});

test("pods that cannot be ready time the deployment out", async () => {
  const world = await embeddedWorld();
  const { client, clock } = world;
  await client.create(DeploymentKind, deployment(1, { progressDeadlineSeconds: 5 }));
  await clock.advance(4_000);
  const reasons = async () =>
    (await client.get(DeploymentKind, web)).status?.conditions?.map(({ reason }) => reason);
  assert.deepEqual(await reasons(), ["MinimumReplicasUnavailable", "ReplicaSetUpdated"]);
  await clock.advance(4_000);
  assert.deepEqual(await reasons(), ["MinimumReplicasUnavailable", "ProgressDeadlineExceeded"]);
});

test("endpoints and slices follow the pods' readiness", async () => {
  const world = await embeddedWorld();
  const { client, clock } = world;
  await clock.until(world.newAgent().start());
  await client.create(CoreServiceKind, {
    metadata: { name: "web", namespace: "default", labels: { team: "a" } },
    spec: { selector: { app: "web" }, ports: [{ name: "http", port: 80, targetPort: "web" }] },
  });
  await clock.advance(100);
  assert.equal((await client.get(EndpointsKind, web)).subsets, undefined);
  await client.create(DeploymentKind, deployment(2));
  await clock.advance(2_000);
  const endpoints = await client.get(EndpointsKind, web);
  assert.equal(endpoints.subsets?.length, 1);
  assert.deepEqual(endpoints.subsets?.[0]?.ports, [{ name: "http", port: 8080, protocol: "TCP" }]);
  assert.equal(endpoints.subsets?.[0]?.addresses?.length, 2);
  assert.equal(endpoints.metadata.labels?.["endpoints.kubernetes.io/managed-by"], "endpoint-controller");
  const slices = (await client.list(EndpointSliceKind)).items;
  assert.equal(slices.length, 1);
  assert.deepEqual(
    slices[0]?.endpoints.map(({ conditions }) => conditions),
    Array(2).fill({ ready: true, serving: true, terminating: false }),
  );
  assert.equal(slices[0]?.metadata.ownerReferences?.[0]?.kind, "Service");
  await client.delete(CoreServiceKind, web);
  await clock.advance(1_000);
  await assert.rejects(client.get(EndpointsKind, web), (thrown) => isApiError(thrown, "NotFound"));
  assert.deepEqual((await client.list(EndpointSliceKind)).items, []);
});

test("a pod is found by each Service whose whole selector it has, and leaves with its label", async () => {
  const world = await embeddedWorld();
  const { client, clock } = world;
  await clock.until(world.newAgent().start());
  const selectors = { one: { app: "web" }, both: { app: "web", tier: "a" }, all: {}, other: { app: "web2" } };
  for (const [name, selector] of Object.entries(selectors))
    await client.create(CoreServiceKind, {
      metadata: { name, namespace: "default" },
      spec: { selector, ports: [{ port: 80 }] },
    });
  const template = deployment(1).spec.template;
  const labels = { app: "web", tier: "a" };
  await client.create(DeploymentKind, deployment(1, { template: { ...template, metadata: { labels } } }));
  await clock.advance(2_000);
  const counts = async () =>
    Object.fromEntries(
      (await client.list(EndpointsKind)).items.map(({ metadata, subsets }) => [
        metadata.name,
        subsets?.[0]?.addresses?.length ?? 0,
      ]),
    );
  assert.deepEqual(await counts(), { one: 1, both: 1, all: 1, other: 0 });
  const [pod] = (await client.list(PodKind)).items;
  assert.ok(pod);
  const key = { namespace: "default", name: pod.metadata.name };
  await client.patch(PodKind, key, { type: "merge", body: { metadata: { labels: { tier: "b" } } } });
  await clock.advance(1_000);
  assert.deepEqual(await counts(), { one: 1, both: 0, all: 1, other: 0 });
});

test("endpoints made by hand are mirrored", async () => {
  const world = await embeddedWorld();
  const { client, clock } = world;
  const ports = [{ name: "http", port: 80 }];
  await client.create(CoreServiceKind, { metadata: web, spec: { ports } });
  await client.create(EndpointsKind, {
    metadata: { ...web, labels: { a: "b" }, annotations: { c: "d" } },
    subsets: [{ addresses: [{ ip: "10.0.0.1" }], ports: [{ name: "http", port: 8012, protocol: "TCP" }] }],
  });
  await clock.advance(100);
  const [slice] = (await client.list(EndpointSliceKind)).items;
  assert.deepEqual(slice?.endpoints, [{ addresses: ["10.0.0.1"], conditions: { ready: true } }]);
  assert.deepEqual(slice?.metadata.labels, {
    a: "b",
    "endpointslice.kubernetes.io/managed-by": "endpointslicemirroring-controller.k8s.io",
    "kubernetes.io/service-name": "web",
  });
  assert.deepEqual(slice?.metadata.annotations, { c: "d" });
  assert.equal(slice?.metadata.ownerReferences?.[0]?.kind, "Endpoints");
});

test("background deletion takes the dependents along, foreground waits for them, orphan leaves them", async () => {
  for (const policy of ["Background", "Foreground", "Orphan"] as const) {
    const world = await embeddedWorld();
    const { client, clock, runtime } = world;
    await clock.until(world.newAgent().start());
    await client.create(DeploymentKind, deployment(2));
    await clock.advance(2_000);
    await client.delete(DeploymentKind, web, { propagationPolicy: policy });
    const gone = await client.get(DeploymentKind, web).then(
      () => false,
      () => true,
    );
    assert.equal(gone, policy === "Background");
    await clock.advance(60_000);
    await assert.rejects(client.get(DeploymentKind, web), policy);
    const left = policy === "Orphan" ? 1 : 0;
    const { items } = await client.list(ReplicaSetKind);
    assert.equal(items.length, left, policy);
    assert.equal(items[0]?.metadata.ownerReferences, undefined);
    assert.equal(runtime.alive.length, 2 * left, policy);
  }
});

test("an object whose owner never existed is collected, one with another live owner is kept", async () => {
  const world = await embeddedWorld();
  const { client, clock } = world;
  const owner = await client.create(ConfigMapKind, { metadata: { name: "owner", namespace: "default" } });
  const live: OwnerReference = {
    apiVersion: "v1",
    kind: "ConfigMap",
    name: "owner",
    uid: owner.metadata.uid,
  };
  const dead = { ...live, name: "ghost", uid: "no-such-uid" };
  const create = (name: string, ownerReferences: OwnerReference[]) =>
    client.create(ConfigMapKind, { metadata: { name, namespace: "default", ownerReferences } });
  await create("orphan", [dead]);
  await create("kept", [dead, live]);
  await clock.advance(1_000);
  const names = (await client.list(ConfigMapKind)).items.map(({ metadata }) => metadata.name);
  assert.deepEqual(names.sort(), ["kept", "owner"]);
  const kept = await client.get(ConfigMapKind, { namespace: "default", name: "kept" });
  assert.deepEqual(kept.metadata.ownerReferences, [live]);
});

test("a deleted namespace empties itself and goes", async () => {
  const world = await embeddedWorld();
  const { client, clock, runtime } = world;
  await clock.until(world.newAgent().start());
  const { metadata, spec } = deployment(2);
  await client.create(DeploymentKind, { metadata: { ...metadata, namespace: "other" }, spec });
  await clock.advance(2_000);
  assert.equal(runtime.alive.length, 2);
  await client.delete(NamespaceKind, { namespace: "", name: "other" });
  await clock.advance(30_000);
  await assert.rejects(client.get(NamespaceKind, { namespace: "", name: "other" }));
  assert.equal(runtime.alive.length, 0);
});

test("a quota's status tells what its namespace uses of all that it limits, and follows", async () => {
  const { client, clock } = await embeddedWorld();
  const key = { namespace: "default", name: "q" };
  const hard = { "count/deployments.apps": "5", configmaps: "9", pods: "9" };
  await client.create(ResourceQuotaKind, { metadata: key, spec: { hard } });
  await client.create(DeploymentKind, deployment(1));
  await client.create(ConfigMapKind, { metadata: { namespace: "default", name: "a" } });
  await clock.advance(2_000);
  const used = async () => (await client.get(ResourceQuotaKind, key)).status?.used;
  assert.deepEqual(await used(), { "count/deployments.apps": "1", configmaps: "1", pods: "1" });
  await client.delete(ConfigMapKind, { namespace: "default", name: "a" });
  await clock.advance(1_000);
  assert.deepEqual(await used(), { "count/deployments.apps": "1", configmaps: "0", pods: "1" });
});
