import assert from "node:assert/strict";
import { test } from "node:test";
import { configMapRefusal } from "./admit-config-map.ts";
import { parseConfig } from "./config.ts";
import { defaultConfigMaps } from "./default-config-maps.ts";

test("the ConfigMaps of a first start pass their own admission", () => {
  const refusals = defaultConfigMaps().map(configMapRefusal);
  assert.ok(refusals.every((refusal) => refusal === undefined));
});

test("the ConfigMaps of a first start route to ebb's gateway under localhost", () => {
  const maps = defaultConfigMaps();
  const config = parseConfig(
    Object.fromEntries(maps.map((map) => [map.metadata.name ?? "", map.data ?? {}])),
  );
  assert.equal(config.network.ingressClass, "ebb.ingress.networking.knative.dev");
  assert.deepEqual([...config.domain.domains.keys()], ["localhost"]);
});

test("a changed example is refused until its checksum follows", () => {
  const [map] = defaultConfigMaps();
  assert.ok(map?.data !== undefined);
  map.data._example += "more: true\n";
  assert.match(configMapRefusal(map) ?? "", /modifies a key in "_example"/);
});
