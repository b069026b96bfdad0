import assert from "node:assert/strict";
import { test } from "node:test";
import { defaultConfig } from "../../api/config/config.ts";
import { KINDS } from "../../api/kinds.ts";
import { NamespaceKind } from "../../api/namespace/kind.ts";
import { type Service, ServiceKind } from "../../api/service/kind.ts";
import { systemClock } from "../../base/clock.ts";
import { silentLog } from "../../base/log.ts";
import { systemRandom } from "../../base/random.ts";
import { ApiServer } from "./api-server.ts";
import { knativeWebhook } from "./knative-webhook.ts";
import { SchemaAdmission } from "./schema-admission.ts";
import { MemoryStorage } from "./storage/memory-storage.ts";

function service(namespace: string, template: object): Service {
  return { metadata: { namespace, name: "hello" }, spec: { template: { spec: template } } } as Service;
}

test("a namespace that opts out is neither defaulted nor validated by Knative's rules, yet held to the schema (A-081)", async () => {
  const config = defaultConfig();
  const admission = new SchemaAdmission(knativeWebhook(() => config));
  const common = { clock: systemClock, random: systemRandom, log: silentLog, storage: new MemoryStorage() };
  const server = new ApiServer({ ...common, kinds: KINDS, admission });
  await server.start();
  const client = server.clientFor("test");
  const labels = { "webhooks.knative.dev/exclude": "" };
  await client.create(NamespaceKind, { metadata: { name: "in" }, spec: {} });
  await client.create(NamespaceKind, { metadata: { name: "out", labels }, spec: {} });

  const container = { image: "example.com/app", readinessProbe: { httpGet: {}, exec: {} } };
  const odd = { containers: [container], timeoutSeconds: 9999 };
  await assert.rejects(client.create(ServiceKind, service("in", odd)), /timeoutSeconds/);
  const stored = await client.create(ServiceKind, service("out", odd));
  assert.equal(stored.spec.template.spec.timeoutSeconds, 9999);
  assert.equal(stored.metadata.annotations?.["serving.knative.dev/creator"], undefined);
  const wrong = { containers: [{ image: "example.com/app" }], timeoutSeconds: "x" };
  await assert.rejects(client.create(ServiceKind, service("out", wrong)), /must be of type integer/);
  await server.stop();
});
