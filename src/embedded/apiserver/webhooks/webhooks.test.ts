import assert from "node:assert/strict";
import { after, test } from "node:test";
import { ConfigMapKind } from "../../../api/config-map/kind.ts";
import { KINDS } from "../../../api/kinds.ts";
import { NamespaceKind } from "../../../api/namespace/kind.ts";
import { type Pod, PodKind } from "../../../api/pod/kind.ts";
import { ResourceQuotaKind } from "../../../api/resource-quota/kind.ts";
import { SecretKind } from "../../../api/secret/kind.ts";
import {
  MutatingWebhookConfigurationKind,
  ValidatingWebhookConfigurationKind,
  type Webhook,
} from "../../../api/webhook-configuration/kind.ts";
import { systemClock } from "../../../base/clock.ts";
import { silentLog } from "../../../base/log.ts";
import { systemRandom } from "../../../base/random.ts";
import type { KubeClient } from "../../../kube/client.ts";
import { ApiServer } from "../api-server.ts";
import { MemoryStorage } from "../storage/memory-storage.ts";
import type { WebhookCaller } from "./caller.ts";

type Answer = (request: { readonly uid: string; readonly object: Pod; readonly operation: string }) => object;

const servers: ApiServer[] = [];
after(() => Promise.all(servers.map((server) => server.stop())));

/** A server whose webhooks are functions of this test, by the path of their URL. */
async function serverWith(answers: Readonly<Record<string, Answer>>): Promise<KubeClient> {
  const webhookCaller: WebhookCaller = {
    async call({ url = "" }, body) {
      const answer = answers[new URL(url).pathname];
      if (!answer) throw new Error(`Post "${url}": connection refused`);
      const { request } = JSON.parse(body) as { request: Parameters<Answer>[0] };
      return JSON.stringify({ response: { uid: request.uid, ...answer(request) } });
    },
  };
  const common = { clock: systemClock, random: systemRandom, log: silentLog, webhookCaller };
  const server = new ApiServer({ ...common, storage: new MemoryStorage(), kinds: KINDS });
  servers.push(server);
  await server.start();
  const client = server.clientFor("test");
  await client.create(NamespaceKind, { metadata: { name: "ns", labels: { team: "a" } }, spec: {} });
  return client;
}

function podWebhook(path: string, more: Partial<Webhook> = {}): Webhook {
  return {
    name: `${path}.example.com`,
    clientConfig: { url: `https://example.com/${path}` },
    rules: [{ operations: ["CREATE"], apiGroups: [""], apiVersions: ["v1"], resources: ["pods"] }],
    sideEffects: "None",
    admissionReviewVersions: ["v1"],
    ...more,
  };
}

const pod = (name: string, labels = {}): Pod => ({
  metadata: { namespace: "ns", name, labels },
  spec: { containers: [{ name: "c", image: "example.com/app" }] },
});

const patch = (operations: object[]) => ({
  allowed: true,
  patchType: "JSONPatch",
  patch: Buffer.from(JSON.stringify(operations)).toString("base64"),
});

test("a mutating webhook's patch is stored, with the defaults of what it added", async () => {
  const sidecar = {
    op: "add",
    path: "/spec/containers/-",
    value: { name: "side", image: "example.com/side" },
  };
  const client = await serverWith({ "/add": () => patch([sidecar]) });
  await client.create(MutatingWebhookConfigurationKind, {
    metadata: { name: "w" },
    webhooks: [podWebhook("add")],
  });
  const { spec } = await client.create(PodKind, pod("p"));
  assert.deepEqual(
    spec.containers.map(({ name, imagePullPolicy }) => [name, imagePullPolicy]),
    [
      ["c", "Always"],
      ["side", "Always"],
    ],
  );
});

test("a validating webhook refuses in its own words, and is asked only about what it selects", async () => {
  const status = { code: 403, reason: "Forbidden", message: "no such pods" };
  const client = await serverWith({ "/no": () => ({ allowed: false, status }) });
  const objectSelector = { matchLabels: { guarded: "yes" } };
  await client.create(ValidatingWebhookConfigurationKind, {
    metadata: { name: "w" },
    webhooks: [podWebhook("no", { objectSelector })],
  });
  await client.create(PodKind, pod("free"));
  await assert.rejects(client.create(PodKind, pod("p", { guarded: "yes" })), {
    message: 'admission webhook "no.example.com" denied the request: no such pods',
  });
});

test("a webhook that cannot be reached blocks under Fail and is passed over under Ignore", async () => {
  const client = await serverWith({});
  const webhooks = [podWebhook("gone", { failurePolicy: "Ignore" })];
  const metadata = { name: "w" };
  const stored = await client.create(MutatingWebhookConfigurationKind, { metadata, webhooks });
  await client.create(PodKind, pod("p"));
  await client.update(MutatingWebhookConfigurationKind, { ...stored, webhooks: [podWebhook("gone")] });
  await assert.rejects(client.create(PodKind, pod("q")), {
    message:
      'Internal error occurred: failed calling webhook "gone.example.com": failed to call webhook: ' +
      'Post "https://example.com/gone": connection refused',
  });
  const namespaceSelector = { matchLabels: { team: "b" } };
  const elsewhere = [podWebhook("gone", { namespaceSelector })];
  const now = await client.get(MutatingWebhookConfigurationKind, { namespace: "", name: "w" });
  await client.update(MutatingWebhookConfigurationKind, { ...now, webhooks: elsewhere });
  await client.create(PodKind, pod("r"));
});

test("a quota lets as many pods in as it says, and wants to know what they ask for", async () => {
  const client = await serverWith({});
  const metadata = { namespace: "ns", name: "q" };
  await client.create(ResourceQuotaKind, { metadata, spec: { hard: { pods: 1, "requests.cpu": "1" } } });
  await assert.rejects(client.create(PodKind, pod("p")), {
    message: 'pods "p" is forbidden: failed quota: q: must specify requests.cpu for: c',
  });
  const sized = (name: string, cpu: string): Pod => ({
    metadata: { namespace: "ns", name },
    spec: { containers: [{ name: "c", image: "example.com/app", resources: { requests: { cpu } } }] },
  });
  await client.create(PodKind, sized("p", "500m"));
  await assert.rejects(client.create(PodKind, sized("q", "600m")), {
    message:
      'pods "q" is forbidden: exceeded quota: q, requested: pods=1,requests.cpu=600m, ' +
      "used: pods=1,requests.cpu=500m, limited: pods=1,requests.cpu=1",
  });
});

test("a webhook with an expression is refused with its field, not asked without it", async () => {
  const client = await serverWith({});
  const matchConditions = [{ name: "mine", expression: "object.metadata.name == 'x'" }];
  const webhooks = [podWebhook("no", { matchConditions })];
  await assert.rejects(
    client.create(ValidatingWebhookConfigurationKind, { metadata: { name: "w" }, webhooks }),
    /webhooks\[0\]\.matchConditions\[0\]: Forbidden: expressions \(CEL\) are not evaluated here/,
  );
});

test("a quota counts other kinds too, and two who come at once do not share the last place", async () => {
  const client = await serverWith({});
  const hard = { "count/configmaps": "2", secrets: "0" };
  await client.create(ResourceQuotaKind, { metadata: { namespace: "ns", name: "q" }, spec: { hard } });
  const make = (name: string) => client.create(ConfigMapKind, { metadata: { namespace: "ns", name } });
  const made = await Promise.allSettled(["a", "b", "c", "d"].map(make));
  assert.equal(made.filter(({ status }) => status === "fulfilled").length, 2);
  await assert.rejects(client.create(SecretKind, { metadata: { namespace: "ns", name: "s" } }), {
    message:
      'secrets "s" is forbidden: exceeded quota: q, requested: secrets=1, used: secrets=0, limited: secrets=0',
  });
  await client.delete(ConfigMapKind, { namespace: "ns", name: made[0]?.status === "fulfilled" ? "a" : "b" });
  await make("e");
});
