import assert from "node:assert/strict";
import { test } from "node:test";
import { defaultConfig } from "../src/api/config/config.ts";
import { AutoscalingWorld } from "./support/autoscaling-world.ts";

/** The autoscaler and its controllers together, over the real API, on virtual time. */

async function withWorld(body: (world: AutoscalingWorld) => Promise<void>): Promise<void> {
  const world = await AutoscalingWorld.start(defaultConfig());
  try {
    await world.addActivator();
    await body(world);
  } finally {
    await world.stop();
  }
}

const NAME = "hello-00001";

function conditionOf(
  object: { status?: { conditions?: { type: string; status: string; reason?: string }[] } },
  type: string,
) {
  const found = object.status?.conditions?.find((one) => one.type === type);
  return found && `${found.status} ${found.reason ?? ""}`.trim();
}

test("a new revision becomes active with its first pod, and steady state writes nothing", () =>
  withWorld(async (world) => {
    world.podConcurrency = () => 1;
    await world.addRevision(NAME);
    await world.clock.advance(5_000);
    const autoscaler = await world.autoscalerOf(NAME);
    for (const type of ["Active", "Ready", "SKSReady", "ScaleTargetInitialized"])
      assert.equal(conditionOf(autoscaler, type), "True", type);
    assert.equal(autoscaler.status?.actualScale, 1);
    assert.equal(autoscaler.status?.desiredScale, 1);
    await world.watchWrites();
    await world.clock.advance(120_000);
    assert.deepEqual(world.writes, []);
    assert.ok(world.isIdle);
  }));

test("without traffic: inactive after the stable window, then zero after the grace period", () =>
  withWorld(async (world) => {
    await world.addRevision(NAME, { "autoscaling.knative.dev/target-burst-capacity": "0" });
    await world.clock.advance(20_000);
    assert.equal((await world.serviceOf(NAME)).spec.mode, "Serve");
    assert.equal((await world.endpointsOf(NAME)).subsets?.[0]?.addresses?.[0]?.ip, "10.1.0.1");
    await world.clock.advance(48_000);
    assert.equal(conditionOf(await world.autoscalerOf(NAME), "Active"), "False NoTraffic");
    assert.equal((await world.serviceOf(NAME)).spec.mode, "Proxy");
    assert.equal((await world.endpointsOf(NAME)).subsets?.[0]?.addresses?.[0]?.ip, "10.9.0.1");
    assert.equal(await world.replicasOf(NAME), 1, "the pod stays for the grace period");
    await world.clock.advance(40_000);
    assert.equal(await world.replicasOf(NAME), 0);
    assert.deepEqual(
      world.scales.map(({ from, to }) => [from, to]),
      [[1, 0]],
    );
    assert.equal((await world.autoscalerOf(NAME)).status?.desiredScale, 0);
    await world.clock.advance(120_000);
    assert.equal(world.autoscaler.awake, 0, "a revision at zero has no timer");
  }));

test("no pod is taken while the activator does not answer at the revision's Service", () =>
  withWorld(async (world) => {
    world.activatorInPath = false;
    await world.addRevision(NAME);
    await world.clock.advance(600_000);
    assert.equal(await world.replicasOf(NAME), 1);
    world.activatorInPath = true;
    await world.clock.advance(60_000);
    assert.equal(await world.replicasOf(NAME), 0);
  }));

test("a revision at zero is asked about no longer, even when its activator goes away", () =>
  withWorld(async (world) => {
    await world.addRevision(NAME);
    await world.clock.advance(200_000);
    assert.equal(await world.replicasOf(NAME), 0);
    world.activatorInPath = false;
    await world.touch(NAME);
    await world.clock.advance(1_000);
    assert.equal(world.autoscaler.awake, 0);
    const probesBefore = world.probes;
    await world.clock.advance(120_000);
    assert.equal(world.probes, probesBefore);
  }));

test("a request at zero is scaled before any time passes", () =>
  withWorld(async (world) => {
    await world.addRevision(NAME);
    await world.clock.advance(200_000);
    assert.equal(await world.replicasOf(NAME), 0);
    world.scales.length = 0;
    const startedMs = world.clock.monotonic();
    world.podConcurrency = () => 1;
    world.request(NAME);
    await world.clock.advance(0);
    assert.equal(await world.replicasOf(NAME), 1);
    assert.deepEqual(world.scales, [
      { namespace: "default", revision: NAME, from: 0, to: 1, atMs: startedMs },
    ]);
    assert.equal(conditionOf(await world.autoscalerOf(NAME), "Active"), "Unknown Queued");
    await world.clock.advance(200);
    assert.equal(conditionOf(await world.autoscalerOf(NAME), "Active"), "True");
  }));

test("a burst is answered within seconds and the pods leave once it has passed, without flapping", () =>
  withWorld(async (world) => {
    const burst = (atMs: number) => (atMs > 60_000 && atMs < 80_000 ? 1_400 : 20);
    world.podConcurrency = (atMs, pods) => burst(atMs) / Math.max(1, pods);
    await world.addRevision(NAME);
    await world.clock.advance(70_000);
    const peak = await world.replicasOf(NAME);
    assert.ok(peak >= 15, `only ${peak} pods 10 s into the burst`);
    await world.clock.advance(400_000);
    assert.equal(await world.replicasOf(NAME), 1);
    const turns = world.scales.filter(
      ({ from, to }, index) =>
        index > 0 &&
        Math.sign(to - from) !==
          Math.sign((world.scales[index - 1]?.to ?? 0) - (world.scales[index - 1]?.from ?? 0)),
    );
    assert.equal(turns.length, 1, JSON.stringify(world.scales));
  }));

test("pods that never get ready: the revision is given up after the progress deadline", () =>
  withWorld(async (world) => {
    world.podStartMs = 3_600_000;
    await world.addRevision(NAME, { "serving.knative.dev/progress-deadline": "20s" });
    await world.clock.advance(45_000);
    assert.equal(conditionOf(await world.autoscalerOf(NAME), "Active"), "Unknown Queued");
    assert.equal(await world.replicasOf(NAME), 1);
    await world.clock.advance(10_000);
    assert.equal(conditionOf(await world.autoscalerOf(NAME), "Active"), "False TimedOut");
    assert.equal(await world.replicasOf(NAME), 0);
  }));

test("min-scale keeps pods without traffic and initial-scale is reached first", () =>
  withWorld(async (world) => {
    await world.addRevision(NAME, {
      "autoscaling.knative.dev/min-scale": "2",
      "autoscaling.knative.dev/initial-scale": "3",
    });
    await world.clock.advance(1_000);
    assert.equal(await world.replicasOf(NAME), 3);
    await world.clock.advance(300_000);
    assert.equal(await world.replicasOf(NAME), 2);
  }));
