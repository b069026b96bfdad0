import assert from "node:assert/strict";
import { test } from "node:test";
import { CustomResourceDefinitionKind } from "../../api/custom-resource-definition/kind.ts";
import { KINDS } from "../../api/kinds.ts";
import { systemClock } from "../../base/clock.ts";
import { silentLog } from "../../base/log.ts";
import { systemRandom } from "../../base/random.ts";
import { ApiServer } from "./api-server.ts";
import { publishDefinitions } from "./definitions.ts";
import { MemoryStorage } from "./storage/memory-storage.ts";

async function definitionsOfServer() {
  const storage = new MemoryStorage();
  const server = new ApiServer({
    clock: systemClock,
    random: systemRandom,
    log: silentLog,
    storage,
    kinds: KINDS,
  });
  await server.start();
  const client = server.clientFor("test");
  return { client, server, items: (await client.list(CustomResourceDefinitionKind)).items };
}

test("definitions tell which kinds have an address and which have pods, as Knative's do (A-001…A-004)", async () => {
  const { items, server } = await definitionsOfServer();
  const ducksOf = (name: string) =>
    Object.keys(items.find(({ metadata }) => metadata.name === name)?.metadata.labels ?? {})
      .filter((label) => label.startsWith("duck.knative.dev/"))
      .sort();
  assert.deepEqual(ducksOf("services.serving.knative.dev"), [
    "duck.knative.dev/addressable",
    "duck.knative.dev/podspecable",
  ]);
  assert.deepEqual(ducksOf("configurations.serving.knative.dev"), ["duck.knative.dev/podspecable"]);
  assert.deepEqual(ducksOf("routes.serving.knative.dev"), ["duck.knative.dev/addressable"]);
  assert.deepEqual(ducksOf("revisions.serving.knative.dev"), []);
  await server.stop();
});

test("each definition has one stored version, a status and no scale (A-014)", async () => {
  const { items, server } = await definitionsOfServer();
  assert.equal(items.length, KINDS.filter(({ custom }) => custom).length);
  for (const { spec, status } of items) {
    const versions = spec.versions ?? [];
    assert.deepEqual(
      versions.map(({ name, storage }) => [name, storage]),
      [[status?.storedVersions?.[0], true]],
    );
    assert.deepEqual(versions[0]?.subresources, { status: {} });
  }
  await server.stop();
});

test("an older definition gets what is new and keeps the labels that were put on it", async () => {
  const { client, server } = await definitionsOfServer();
  const key = { namespace: "", name: "routes.serving.knative.dev" };
  const old = await client.get(CustomResourceDefinitionKind, key);
  const { "duck.knative.dev/addressable": _, ...labels } = old.metadata.labels ?? {};
  await client.update(CustomResourceDefinitionKind, {
    ...old,
    metadata: { ...old.metadata, labels: { ...labels, team: "a" } },
  });
  await publishDefinitions(client, KINDS, 0);
  const { metadata } = await client.get(CustomResourceDefinitionKind, key);
  assert.equal(metadata.labels?.["duck.knative.dev/addressable"], "true");
  assert.equal(metadata.labels?.team, "a");
  await server.stop();
});
