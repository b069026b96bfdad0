import assert from "node:assert/strict";
import { test } from "node:test";
import { ConfigMapKind } from "../src/api/config-map/kind.ts";
import { DeploymentKind } from "../src/api/deployment/kind.ts";
import { RevisionKind } from "../src/api/revision/kind.ts";
import { ServiceKind } from "../src/api/service/kind.ts";
import { ControllersWorld } from "./support/controllers-world.ts";

/** Garbage collection of Revisions with everything around it, config-gc changing while the engine runs (spec C-063). */

const key = { namespace: "default", name: "hello" };
const DISABLED = "disabled";
const AT_ONCE = {
  "retain-since-create-time": DISABLED,
  "retain-since-last-active-time": DISABLED,
  "min-non-active-revisions": "0",
  "max-non-active-revisions": "0",
};

async function inWorld(body: (world: ControllersWorld) => Promise<void>): Promise<void> {
  const world = await ControllersWorld.start();
  try {
    const container = { name: "user-container", image: "dev.local/hello" };
    await world.client.create(ServiceKind, {
      metadata: key,
      spec: { template: { spec: { containers: [container] } } },
    });
    await world.clock.advance(3_000);
    for (const value of ["2", "3"]) await nextRevision(world, value);
    await body(world);
  } finally {
    await world.stop();
  }
}

async function nextRevision(world: ControllersWorld, value: string): Promise<void> {
  const container = { name: "user-container", image: "dev.local/hello", env: [{ name: "V", value }] };
  const spec = { template: { spec: { containers: [container] } } };
  await world.client.patch(ServiceKind, key, { type: "merge", body: { spec } });
  await world.clock.advance(3_000);
}

async function revisions(world: ControllersWorld): Promise<string[]> {
  const { items } = await world.client.list(RevisionKind);
  return items.map(({ metadata }) => metadata.name).sort();
}

test("with immediate collection replaced Revisions and all that is theirs are gone within a minute", () =>
  inWorld(async (world) => {
    assert.equal((await revisions(world)).length, 3);
    await world.setConfig("config-gc", AT_ONCE);
    await world.clock.advance(30_000);
    assert.deepEqual(await revisions(world), ["hello-00003"]);
    const deployments = (await world.client.list(DeploymentKind)).items;
    assert.deepEqual(
      deployments.map(({ metadata }) => metadata.name),
      ["hello-00003-deployment"],
    );
    await nextRevision(world, "4");
    await world.clock.advance(30_000);
    assert.deepEqual(await revisions(world), ["hello-00004"]);
  }));

test("a Revision goes when its time is over, without anybody touching its Configuration", () =>
  inWorld(async (world) => {
    await world.setConfig("config-gc", {
      "retain-since-create-time": "2h",
      "retain-since-last-active-time": "1h",
      "min-non-active-revisions": "1",
    });
    await world.clock.advance(3_600_000);
    assert.equal((await revisions(world)).length, 3);
    await world.clock.advance(3_700_000);
    assert.deepEqual(await revisions(world), ["hello-00002", "hello-00003"]);
  }));

test("one that a tag holds stays, and goes after the tag", () =>
  inWorld(async (world) => {
    const tagged = [
      { revisionName: "hello-00001", percent: 0, tag: "old" },
      { latestRevision: true, percent: 100 },
    ];
    const setTraffic = (traffic: object[]) =>
      world.client.patch(ServiceKind, key, { type: "merge", body: { spec: { traffic } } });
    await setTraffic(tagged);
    await world.clock.advance(3_000);
    await world.setConfig("config-gc", AT_ONCE);
    await world.clock.advance(30_000);
    assert.deepEqual(await revisions(world), ["hello-00001", "hello-00003"]);
    await setTraffic(tagged.slice(1));
    await world.clock.advance(30_000);
    assert.deepEqual(await revisions(world), ["hello-00003"]);
    const data = { ...AT_ONCE, "min-non-active-revisions": "5", "max-non-active-revisions": "5" };
    const configKey = { namespace: "knative-serving", name: "config-gc" };
    await world.client.patch(ConfigMapKind, configKey, { type: "merge", body: { data } });
    await nextRevision(world, "5");
    assert.equal((await revisions(world)).length, 2);
  }));
