import assert from "node:assert/strict";
import { test } from "node:test";
import { ConfigMapKind } from "../../api/config-map/kind.ts";
import { CoreServiceKind } from "../../api/core-service/kind.ts";
import { KINDS } from "../../api/kinds.ts";
import { isApiError } from "../../api/status.ts";
import { systemClock } from "../../base/clock.ts";
import { silentLog } from "../../base/log.ts";
import { seededRandom } from "../../base/random.ts";
import { ApiServer } from "./api-server.ts";
import { bootstrap } from "./bootstrap.ts";
import { knativeWebhook } from "./knative-webhook.ts";
import { SchemaAdmission } from "./schema-admission.ts";
import { MemoryStorage } from "./storage/memory-storage.ts";
import { SystemConfig } from "./system-config.ts";

async function started() {
  const config = new SystemConfig({}, silentLog);
  const common = { clock: systemClock, random: seededRandom(1), log: silentLog };
  const admission = new SchemaAdmission(knativeWebhook(() => config.current));
  const server = new ApiServer({ ...common, storage: new MemoryStorage(), kinds: KINDS, admission });
  await server.start();
  const client = server.clientFor("test");
  await bootstrap({ client, gatewayPorts: { http: 8080, https: undefined } });
  const stop = new AbortController();
  await config.follow(client, stop.signal);
  const end = () => {
    stop.abort();
    return server.stop();
  };
  return { client, config, end };
}

const autoscaler = { namespace: "knative-serving", name: "config-autoscaler" };
const merge = (data: Record<string, string>) => ({ type: "merge", body: { data } }) as const;

test("a first start makes namespaces, the twelve ConfigMaps and the gateway's Service; a second one moves its ports", async () => {
  const { client, end } = await started();
  assert.equal((await client.list(ConfigMapKind, { namespace: "knative-serving" })).items.length, 12);
  await client.patch(ConfigMapKind, autoscaler, merge({ "stable-window": "30s" }));
  await bootstrap({ client, gatewayPorts: { http: 9090, https: 9443 } });
  const gateway = await client.get(CoreServiceKind, { namespace: "knative-serving", name: "gateway" });
  assert.deepEqual(
    gateway.spec?.ports?.map(({ name, nodePort }) => [name, nodePort]),
    [
      ["http2", 9090],
      ["https", 9443],
    ],
  );
  assert.equal((await client.get(ConfigMapKind, autoscaler)).data?.["stable-window"], "30s");
  await end();
});

test("who signs the gateway's certificates is published as a trust bundle, and published anew when it changes", async () => {
  const { client, end } = await started();
  const bundles = async () => {
    const labelSelector = "networking.knative.dev/trust-bundle=true";
    const { items } = await client.list(ConfigMapKind, { namespace: "knative-serving", labelSelector });
    return items.map(({ data, metadata }) => [data?.["ca.crt"], metadata.resourceVersion]);
  };
  await bootstrap({ client, gatewayPorts: undefined, issuer: { authority: "one" } });
  const [first] = await bundles();
  assert.equal(first?.[0], "one");
  await bootstrap({ client, gatewayPorts: undefined, issuer: { authority: "one" } });
  assert.deepEqual(await bundles(), [first]);
  await bootstrap({ client, gatewayPorts: undefined, issuer: { authority: "other" } });
  assert.equal((await bundles())[0]?.[0], "other");
  await end();
});

test("a change of a ConfigMap is in force at once, one that cannot be read is refused", async () => {
  const { client, config, end } = await started();
  await client.patch(ConfigMapKind, autoscaler, merge({ "stable-window": "30s" }));
  await new Promise((resolve) => setImmediate(resolve));
  assert.equal(config.current.autoscaler.stableWindowMs, 30_000);
  await assert.rejects(
    client.patch(ConfigMapKind, autoscaler, merge({ "stable-window": "nonsense" })),
    (thrown) => isApiError(thrown, "BadRequest"),
  );
  assert.equal(config.current.autoscaler.stableWindowMs, 30_000);
  await end();
});
