import assert from "node:assert/strict";
import { test } from "node:test";
import { type Configuration, ConfigurationKind } from "../src/api/configuration/kind.ts";
import { CoreServiceKind } from "../src/api/core-service/kind.ts";
import { DeploymentKind } from "../src/api/deployment/kind.ts";
import { HorizontalPodAutoscalerKind } from "../src/api/horizontal-pod-autoscaler/kind.ts";
import type { Kind } from "../src/api/kind.ts";
import type { ApiObject, Condition } from "../src/api/object.ts";
import { PodAutoscalerKind } from "../src/api/pod-autoscaler/kind.ts";
import { type Revision, RevisionKind } from "../src/api/revision/kind.ts";
import { type Route, RouteKind } from "../src/api/route/kind.ts";
import { ServerlessServiceKind } from "../src/api/serverless-service/kind.ts";
import { type Service, ServiceKind } from "../src/api/service/kind.ts";
import { ControllersWorld, type ControllersWorldOptions } from "./support/controllers-world.ts";

/** Rows of spec §5 that no recorded case shows: given names, roll-back, foreign objects, what a Revision hands on. */

const key = { namespace: "default", name: "hello" };
const at = (name: string) => ({ namespace: "default", name });

async function inWorld(
  body: (world: ControllersWorld) => Promise<void>,
  options: ControllersWorldOptions = {},
): Promise<void> {
  const world = await ControllersWorld.start(options);
  try {
    await body(world);
  } finally {
    await world.stop();
  }
}

function template(name: string | undefined, value: string) {
  const container = { name: "user-container", image: "dev.local/hello", env: [{ name: "V", value }] };
  // Said in full: it is defaulted at creation alone, so that a template without it is another one later.
  const spec = { containers: [container], enableServiceLinks: false };
  return { ...(name === undefined ? {} : { metadata: { name } }), spec };
}

async function put(world: ControllersWorld, name: string | undefined, value: string): Promise<void> {
  const spec = { template: template(name, value) };
  const existing = await world.client.get(ServiceKind, key).catch(() => undefined);
  if (!existing) await world.client.create(ServiceKind, { metadata: key, spec } as Service);
  else await world.client.update(ServiceKind, { ...existing, spec: { ...existing.spec, ...spec } } as never);
  await world.clock.advance(3_000);
}

async function conditionOf(world: ControllersWorld, kind: Kind, type = "Ready"): Promise<string> {
  const object = (await world.client.get(kind, key)) as { status?: { conditions?: Condition[] } };
  const found = object.status?.conditions?.find((one) => one.type === type);
  return [found?.status, found?.reason, found?.message].filter((text) => text !== undefined).join(" ");
}

async function latest(world: ControllersWorld): Promise<(string | undefined)[]> {
  const { status } = await world.client.get(ConfigurationKind, key);
  return [status?.latestCreatedRevisionName, status?.latestReadyRevisionName];
}

test("a Revision gets the name of its template, and naming the older one again rolls back to it (C-011, C-015)", () =>
  inWorld(async (world) => {
    await put(world, "hello-a", "1");
    assert.deepEqual(await latest(world), ["hello-a", "hello-a"]);
    await put(world, "hello-b", "2");
    assert.deepEqual(await latest(world), ["hello-b", "hello-b"]);
    await put(world, "hello-a", "1");
    assert.deepEqual(await latest(world), ["hello-a", "hello-a"]);
    assert.equal(await conditionOf(world, ServiceKind), "True");
    const route = await world.client.get(RouteKind, key);
    assert.deepEqual(
      route.status?.traffic?.map(({ revisionName, percent }) => [revisionName, percent]),
      [["hello-a", 100]],
    );
  }));

test("a name that another owner's Revision has is told, and traffic stays where it is (C-011, C-016)", () =>
  inWorld(async (world) => {
    const foreign = { metadata: at("hello-taken"), spec: template(undefined, "x").spec };
    await world.client.create(RevisionKind, foreign as Revision);
    await put(world, "hello-a", "1");
    await put(world, "hello-taken", "2");
    assert.match(
      await conditionOf(world, ConfigurationKind),
      /^False RevisionFailed Revision creation failed with message: .*"hello-taken" already exists\.$/,
    );
    assert.match(
      await conditionOf(world, ServiceKind, "RoutesReady"),
      /^False RevisionNameTaken .*"hello-taken"/,
    );
    const route = await world.client.get(RouteKind, key);
    assert.equal(route.status?.traffic?.[0]?.revisionName, "hello-a");
    assert.equal(await conditionOf(world, RouteKind), "True");
  }));

test("a newer Revision that fails moves neither the latest ready one nor traffic (C-017)", () =>
  inWorld(async (world) => {
    await put(world, undefined, "1");
    world.podMode = "crash";
    await put(world, undefined, "2");
    assert.deepEqual(await latest(world), ["hello-00002", "hello-00001"]);
    assert.match(await conditionOf(world, ServiceKind), /^False RevisionFailed /);
    const route = await world.client.get(RouteKind, key);
    assert.equal(route.status?.traffic?.[0]?.revisionName, "hello-00001");
    world.podMode = "ready";
    await put(world, undefined, "3");
    assert.deepEqual(await latest(world), ["hello-00003", "hello-00003"]);
    assert.equal(await conditionOf(world, ServiceKind), "True");
  }));

test("annotations for the autoscaler follow the Revision, and leave with it but for class and metric (C-029)", () =>
  inWorld(async (world) => {
    await put(world, undefined, "1");
    const revision = at("hello-00001");
    const annotate = async (annotations: Record<string, string | null>) => {
      await world.client.patch(RevisionKind, revision, {
        type: "merge",
        body: { metadata: { annotations } },
      });
      await world.clock.advance(3_000);
      return (await world.client.get(PodAutoscalerKind, revision)).metadata.annotations ?? {};
    };
    const name = "autoscaling.knative.dev/min-scale";
    assert.equal((await annotate({ [name]: "3" }))[name], "3");
    const after = await annotate({ [name]: null });
    assert.ok(!(name in after));
    assert.equal(after["autoscaling.knative.dev/class"], "kpa.autoscaling.knative.dev");
    assert.equal(after["autoscaling.knative.dev/metric"], "concurrency");
  }));

test("a tag whose placeholder the user makes local is local, and public again without the label (C-048)", () =>
  inWorld(async (world) => {
    await world.setConfig("config-domain", { "example.com": "" });
    await put(world, "hello-a", "1");
    const traffic = [{ revisionName: "hello-a", percent: 100, tag: "blue" }];
    await world.client.patch(ServiceKind, key, { type: "merge", body: { spec: { traffic } } });
    await world.clock.advance(3_000);
    const urls = async () => {
      const { status } = await world.client.get(RouteKind, key);
      return [status?.url, status?.traffic?.[0]?.url];
    };
    const main = "http://hello.default.example.com";
    assert.deepEqual(await urls(), [main, "http://blue-hello.default.example.com"]);
    const label = async (value: string | null) => {
      const labels = { "networking.knative.dev/visibility": value };
      await world.client.patch(CoreServiceKind, at("blue-hello"), {
        type: "merge",
        body: { metadata: { labels } },
      });
      await world.clock.advance(3_000);
    };
    await label("cluster-local");
    assert.deepEqual(await urls(), [main, "http://blue-hello.default.svc.cluster.local"]);
    await label(null);
    assert.deepEqual(await urls(), [main, "http://blue-hello.default.example.com"]);
  }));

test("a Route that goes leaves no mark on what it used (C-061)", () =>
  inWorld(async (world) => {
    const configuration = { metadata: key, spec: { template: template(undefined, "1") } } as Configuration;
    await world.client.create(ConfigurationKind, configuration);
    await world.client.create(RouteKind, {
      metadata: key,
      spec: { traffic: [{ configurationName: "hello", latestRevision: true, percent: 100 }] },
    } as Route);
    await world.clock.advance(3_000);
    const marks = async () => {
      const { metadata } = await world.client.get(RevisionKind, at("hello-00001"));
      const owner = await world.client.get(ConfigurationKind, key);
      return [
        metadata.labels?.["serving.knative.dev/routingState"],
        metadata.annotations?.["serving.knative.dev/routes"],
        owner.metadata.annotations?.["serving.knative.dev/routes"],
      ];
    };
    assert.deepEqual(await marks(), ["active", "hello", "hello"]);
    await world.client.delete(RouteKind, key);
    await world.clock.advance(3_000);
    assert.deepEqual(await marks(), ["reserve", undefined, undefined]);
    assert.equal((await world.client.list(RouteKind)).items.length, 0);
  }));

const FOREIGN: readonly (readonly [Kind, ApiObject, Kind, string, string])[] = [
  [
    ConfigurationKind as Kind,
    { metadata: key, spec: { template: template(undefined, "x") } } as Configuration,
    ServiceKind as Kind,
    "ConfigurationsReady",
    'There is an existing Configuration "hello" that we do not own.',
  ],
  [
    RouteKind as Kind,
    {
      metadata: key,
      spec: { traffic: [{ configurationName: "hello", latestRevision: true, percent: 100 }] },
    } as Route,
    ServiceKind as Kind,
    "RoutesReady",
    'There is an existing Route "hello" that we do not own.',
  ],
];

for (const [kind, foreign, parent, type, message] of FOREIGN)
  test(`a ${kind.kind} of somebody else is left alone and told in ${type} (C-007)`, () =>
    inWorld(async (world) => {
      await world.client.create(kind, foreign);
      await put(world, undefined, "1");
      assert.equal(await conditionOf(world, parent, type), `False NotOwned ${message}`);
      const left = await world.client.get(kind, key);
      assert.equal(left.metadata.ownerReferences, undefined);
    }));

test("a Deployment of somebody else keeps a Revision from being ready, and is told (C-007)", () =>
  inWorld(async (world) => {
    const labels = { app: "theirs" };
    const pod = { metadata: { labels }, spec: { containers: [{ name: "c", image: "theirs" }] } };
    await world.client.create(DeploymentKind, {
      metadata: at("hello-00001-deployment"),
      spec: { replicas: 0, selector: { matchLabels: labels }, template: pod },
    });
    await put(world, undefined, "1");
    const { status } = await world.client.get(RevisionKind, at("hello-00001"));
    const found = status?.conditions?.find((one) => one.type === "ResourcesAvailable");
    assert.deepEqual(
      [found?.status, found?.reason, found?.message],
      ["False", "NotOwned", 'There is an existing Deployment "hello-00001-deployment" that we do not own.'],
    );
    const theirs = await world.client.get(DeploymentKind, at("hello-00001-deployment"));
    assert.deepEqual(theirs.spec.selector.matchLabels, labels);
  }));

test("a template that differs in an annotation alone makes a Revision, as kn's time of an update does (A-079)", () =>
  inWorld(async (world) => {
    await put(world, undefined, "1");
    const { spec } = await world.client.get(ServiceKind, key);
    const annotations = { "client.knative.dev/updateTimestamp": "2030-01-01T00:00:00Z" };
    await world.client.patch(ServiceKind, key, {
      type: "merge",
      body: { spec: { template: { ...spec.template, metadata: { annotations } } } },
    });
    await world.clock.advance(3_000);
    assert.deepEqual(await latest(world), ["hello-00002", "hello-00002"]);
    const made = await world.client.get(RevisionKind, at("hello-00002"));
    assert.equal(made.metadata.annotations?.["client.knative.dev/updateTimestamp"], "2030-01-01T00:00:00Z");
  }));

test("a Revision of another autoscaler's class is left to that one (A-075)", () =>
  inWorld(async (world) => {
    const annotations = { "autoscaling.knative.dev/class": "other.example.com" };
    const spec = { template: { metadata: { annotations }, ...template(undefined, "1") } };
    await world.client.create(ServiceKind, { metadata: key, spec } as Service);
    await world.clock.advance(3_000);
    const autoscaler = await world.client.get(PodAutoscalerKind, at("hello-00001"));
    assert.equal(autoscaler.metadata.annotations?.["autoscaling.knative.dev/class"], "other.example.com");
    assert.equal(autoscaler.status, undefined);
    assert.deepEqual((await world.client.list(ServerlessServiceKind)).items, []);
  }));

test("a revision of class hpa gets a HorizontalPodAutoscaler, pods that serve at once, and no way to zero", () =>
  inWorld(async (world) => {
    const annotations = {
      "autoscaling.knative.dev/class": "hpa.autoscaling.knative.dev",
      "autoscaling.knative.dev/metric": "cpu",
      "autoscaling.knative.dev/target": "70.5",
      "autoscaling.knative.dev/min-scale": "2",
      "autoscaling.knative.dev/max-scale": "3",
      "autoscaling.knative.dev/window": "2m",
    };
    const { client, clock } = world;
    const { spec } = template(undefined, "1");
    await client.create(ServiceKind, {
      metadata: key,
      spec: { template: { metadata: { annotations }, spec } },
    });
    await clock.advance(30_000);
    const [autoscaler] = (await client.list(PodAutoscalerKind)).items;
    const [horizontal] = (await client.list(HorizontalPodAutoscalerKind)).items;
    assert.ok(autoscaler && horizontal);
    const { behavior, ...wanted } = horizontal.spec;
    assert.deepEqual(wanted, {
      scaleTargetRef: { apiVersion: "apps/v1", kind: "Deployment", name: "hello-00001-deployment" },
      minReplicas: 2,
      maxReplicas: 3,
      metrics: [
        {
          type: "Resource",
          resource: { name: "cpu", target: { type: "Utilization", averageUtilization: 71 } },
        },
      ],
    });
    assert.equal(behavior?.scaleDown?.stabilizationWindowSeconds, 120);
    assert.equal(horizontal.metadata.ownerReferences?.[0]?.uid, autoscaler.metadata.uid);
    const [service] = (await client.list(ServerlessServiceKind)).items;
    assert.deepEqual([service?.spec.mode, service?.spec.numActivators], ["Serve", undefined]);
    const states = autoscaler.status?.conditions?.map(({ type, status }) => `${type} ${status}`);
    assert.deepEqual(states, ["Active True", "Ready True", "SKSReady True", "ScaleTargetInitialized True"]);
    assert.deepEqual([autoscaler.status?.desiredScale, autoscaler.status?.actualScale], [2, 2]);
    assert.deepEqual(
      horizontal.status?.conditions?.map(({ type, status, reason }) => `${type} ${status} ${reason}`),
      ["AbleToScale True ReadyForNewScale", "ScalingActive False FailedGetResourceMetric"],
    );
    assert.equal(
      (await client.get(ServiceKind, key)).status?.conditions?.find(({ type }) => type === "Ready")?.status,
      "True",
    );
    await world.watchWrites();
    await clock.advance(300_000);
    assert.deepEqual(world.writes, []);
  }));
