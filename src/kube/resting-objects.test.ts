import assert from "node:assert/strict";
import { test } from "node:test";
import { VirtualClock } from "../../sim/virtual-clock.ts";
import type { ConfigMap } from "../api/config-map/kind.ts";
import type { Stored } from "../api/object.ts";
import { RestingObjects } from "./resting-objects.ts";

function mapOf(name: string): Stored<ConfigMap> {
  return { metadata: { name, uid: name, resourceVersion: "1", creationTimestamp: "" }, data: { name } };
}

test("of more objects than may be whole the ones not used for longest rest, and all are there", () => {
  const objects = new RestingObjects<ConfigMap>("configmaps", new VirtualClock());
  const all = Array.from({ length: 3500 }, (_, index) => mapOf(`m${index}`));
  for (const one of all) objects.set(one.metadata.name, one);
  const [oldest, newest] = [all[0], all[3499]];
  assert.notEqual(objects.get("m0"), oldest, "it was packed, so it is another object");
  assert.equal(objects.get("m3499"), newest);
  assert.deepEqual(
    [...objects.entries()].map(([, object]) => object),
    all,
  );
});

test("an object that is used stays whole, one that is not rests after two periods at most", async () => {
  const clock = new VirtualClock();
  const objects = new RestingObjects<ConfigMap>("configmaps", clock);
  const [used, unused] = [mapOf("used"), mapOf("unused")];
  objects.set("used", used);
  objects.set("unused", unused);
  for (let second = 0; second < 25; second++) {
    await clock.advance(1000);
    assert.equal(objects.get("used"), used);
  }
  const found = objects.get("unused");
  assert.notEqual(found, unused);
  assert.deepEqual(found, unused);
});

test("a cache that has stopped leaves no timer behind, whatever it is still asked for", async () => {
  const clock = new VirtualClock();
  const objects = new RestingObjects<ConfigMap>("configmaps", clock);
  objects.set("one", mapOf("one"));
  await clock.advance(30_000);
  objects.stop();
  assert.deepEqual(objects.get("one"), mapOf("one"));
  objects.set("two", mapOf("two"));
  assert.equal(clock.pending, 0);
});
