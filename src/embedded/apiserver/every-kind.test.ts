import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import { defaultConfig } from "../../api/config/config.ts";
import { apiVersionOf, collectionOf, type Kind } from "../../api/kind.ts";
import { KINDS } from "../../api/kinds.ts";
import { VIEWS } from "../../api/views.ts";
import { systemClock } from "../../base/clock.ts";
import { silentLog } from "../../base/log.ts";
import { systemRandom } from "../../base/random.ts";
import { administrator } from "./access/identity.ts";
import { ApiServer } from "./api-server.ts";
import { knativeWebhook } from "./knative-webhook.ts";
import { decodeProtobuf } from "./rest/protobuf.ts";
import { SchemaAdmission } from "./schema-admission.ts";
import { MemoryStorage } from "./storage/memory-storage.ts";

/** Each kind that is served goes there and back in every form; a kind without a line here fails. */

const config = defaultConfig();
const admission = new SchemaAdmission(knativeWebhook(() => config));
const common = { clock: systemClock, random: systemRandom, log: silentLog, storage: new MemoryStorage() };
const server = new ApiServer({ ...common, kinds: KINDS, admission });

const container = { name: "c", image: "example.com/app" };
const selector = { matchLabels: { a: "b" } };
const template = { metadata: { labels: { a: "b" } }, spec: { containers: [container] } };
const rules = [{ verbs: ["get"], apiGroups: [""], resources: ["pods"] }];
const binding = {
  roleRef: { apiGroup: "rbac.authorization.k8s.io", kind: "ClusterRole", name: "view" },
  subjects: [{ kind: "User", apiGroup: "rbac.authorization.k8s.io", name: "jane" }],
};
const webhooks = [
  {
    name: "a.example.com",
    clientConfig: { url: "https://example.com/hook" },
    rules: [{ operations: ["CREATE"], apiGroups: ["none"], apiVersions: ["v1"], resources: ["none"] }],
    sideEffects: "None",
    admissionReviewVersions: ["v1"],
  },
];
const revision = { spec: { template: { spec: { containers: [{ image: "example.com/app" }] } } } };
const scaled = { scaleTargetRef: { apiVersion: "apps/v1", kind: "Deployment", name: "d" }, maxReplicas: 2 };

/** What of an object each kind needs beside its name; undefined = clients cannot make any. */
const BODIES: Readonly<Record<string, object | undefined>> = {
  configmaps: { data: { k: "v" }, binaryData: { b: "AAE=" } },
  endpoints: { subsets: [{ addresses: [{ ip: "192.0.2.1" }], ports: [{ port: 80 }] }] },
  events: { involvedObject: { kind: "Pod", namespace: "ns", name: "p" }, reason: "R", type: "Normal" },
  namespaces: {},
  pods: { spec: { containers: [container] } },
  persistentvolumeclaims: {
    spec: { accessModes: ["ReadWriteOnce"], resources: { requests: { storage: "1Gi" } } },
  },
  resourcequotas: { spec: { hard: { pods: "10" } } },
  secrets: { stringData: { k: "v" } },
  serviceaccounts: {},
  services: { spec: { ports: [{ port: 80, targetPort: "http" }] } },
  "deployments.apps": { spec: { selector, template } },
  "replicasets.apps": { spec: { selector, template } },
  "horizontalpodautoscalers.autoscaling": { spec: scaled },
  "poddisruptionbudgets.policy": { spec: { minAvailable: "50%", selector } },
  "clusterrolebindings.rbac.authorization.k8s.io": binding,
  "clusterroles.rbac.authorization.k8s.io": { rules },
  "rolebindings.rbac.authorization.k8s.io": binding,
  "roles.rbac.authorization.k8s.io": { rules },
  "mutatingwebhookconfigurations.admissionregistration.k8s.io": { webhooks },
  "validatingwebhookconfigurations.admissionregistration.k8s.io": { webhooks },
  "customresourcedefinitions.apiextensions.k8s.io": undefined,
  "leases.coordination.k8s.io": { spec: { holderIdentity: "me", renewTime: "2026-01-02T03:04:05.000006Z" } },
  "endpointslices.discovery.k8s.io": { addressType: "IPv4", endpoints: [{ addresses: ["192.0.2.1"] }] },
  "configurations.serving.knative.dev": revision,
  "domainmappings.serving.knative.dev": {
    spec: { ref: { apiVersion: "serving.knative.dev/v1", kind: "Service", name: "s" } },
  },
  "revisions.serving.knative.dev": { spec: { containers: [{ image: "example.com/app" }] } },
  "routes.serving.knative.dev": { spec: { traffic: [{ configurationName: "c", percent: 100 }] } },
  "services.serving.knative.dev": revision,
  "metrics.autoscaling.internal.knative.dev": {
    spec: { stableWindow: 60e9, panicWindow: 6e9, scrapeTarget: "s" },
  },
  "podautoscalers.autoscaling.internal.knative.dev": {
    spec: { scaleTargetRef: scaled.scaleTargetRef, protocolType: "http1" },
  },
  "certificates.networking.internal.knative.dev": { spec: { dnsNames: ["a.example.com"], secretName: "s" } },
  "clusterdomainclaims.networking.internal.knative.dev": { spec: { namespace: "ns" } },
  "ingresses.networking.internal.knative.dev": {
    spec: {
      rules: [
        {
          hosts: ["a.example.com"],
          http: { paths: [{ splits: [{ serviceName: "s", serviceNamespace: "ns", servicePort: 80 }] }] },
        },
      ],
    },
  },
  "serverlessservices.networking.internal.knative.dev": {
    spec: { mode: "Serve", protocolType: "http1", objectRef: scaled.scaleTargetRef },
  },
  "images.caching.internal.knative.dev": { spec: { image: "example.com/app" } },
};

const NAMED_BY_DOMAIN = new Set([
  "domainmappings.serving.knative.dev",
  "clusterdomainclaims.networking.internal.knative.dev",
]);

interface Asked {
  readonly body?: unknown;
  readonly accept?: string;
}

async function call(method: string, url: string, { body, accept = "application/json" }: Asked = {}) {
  const { status, body: answer } = await server.handle(
    {
      method,
      url,
      headers: { accept, "content-type": "application/json" },
      body: Buffer.from(body === undefined ? "" : JSON.stringify(body)),
      signal: new AbortController().signal,
    },
    administrator("admin"),
  );
  const chunks: Uint8Array[] = [];
  if (typeof answer === "string") chunks.push(Buffer.from(answer));
  else for await (const chunk of answer) chunks.push(Buffer.from(chunk));
  return { status, bytes: Buffer.concat(chunks) };
}

async function json(method: string, url: string, asked?: Asked) {
  const { status, bytes } = await call(method, url, asked);
  return { status, object: JSON.parse(bytes.toString("utf8")) };
}

function pathOf(kind: Kind): string {
  const root = kind.group === "" ? `/api/${kind.version}` : `/apis/${kind.group}/${kind.version}`;
  return `${root}/${kind.namespaced ? "namespaces/ns/" : ""}${kind.plural}`;
}

describe("every kind", () => {
  before(async () => {
    await server.start();
    await json("POST", "/api/v1/namespaces", { body: { metadata: { name: "ns" } } });
  });
  after(() => server.stop());

  for (const kind of KINDS) {
    const collection = collectionOf(kind);
    test(`${collection} is made, read, replaced by itself, listed, shown and deleted`, async () => {
      assert.ok(collection in BODIES, `give ${collection} a line in BODIES`);
      const body = BODIES[collection];
      if (body === undefined) return;
      const path = pathOf(kind);
      const name = NAMED_BY_DOMAIN.has(collection) ? "a.example.com" : "a";
      const typed = { apiVersion: apiVersionOf(kind), kind: kind.kind, metadata: { name }, ...body };
      const made = await json("POST", path, { body: typed });
      assert.equal(made.status, 201, JSON.stringify(made.object));
      const { object } = await json("GET", `${path}/${name}`);
      assert.deepEqual(object, made.object);
      const replaced = await json("PUT", `${path}/${name}`, { body: object });
      assert.deepEqual(replaced.object, object, "replacing an object by itself changes nothing");
      await assertForms(kind, `${path}/${name}`, object);
      const { object: list } = await json("GET", path);
      assert.ok(list.items.some((item: { metadata: { name: string } }) => item.metadata.name === name));
      const gone = await json("DELETE", `${path}/${name}`);
      assert.equal(gone.status, 200);
    });
  }

  for (const { kind } of VIEWS)
    test(`${apiVersionOf(kind)} ${kind.kind} shows what is stored under its other name`, async () => {
      const { status, object } = await json("GET", pathOf(kind));
      assert.deepEqual([status, object.apiVersion], [200, apiVersionOf(kind)]);
    });
});

/** The same object as a Table's row, as YAML, and as protobuf where there is such a form. */
async function assertForms(kind: Kind, url: string, object: unknown): Promise<void> {
  const table = await json("GET", url, { accept: "application/json;as=Table;v=v1;g=meta.k8s.io" });
  const [row] = table.object.rows;
  assert.equal(row.cells.length, table.object.columnDefinitions.length);
  const yaml = await call("GET", url, { accept: "application/yaml" });
  assert.match(yaml.bytes.toString("utf8"), /^apiVersion: /m);
  if (kind.custom) return;
  const { bytes } = await call("GET", url, { accept: "application/vnd.kubernetes.protobuf" });
  const decoded = decodeProtobuf(bytes);
  assert.ok(decoded, `${kind.kind} has no protobuf form`);
  assert.deepEqual(withoutNothings(decoded), withoutNothings(object));
}

/** Protobuf tells no empty struct, list or null from one that is not there. */
function withoutNothings(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(withoutNothings);
  if (typeof value !== "object" || value === null) return value;
  const entries = Object.entries(value)
    .map(([name, one]) => [name, withoutNothings(one)] as const)
    .filter(
      ([, one]) =>
        one !== null && one !== "" && !(typeof one === "object" && Object.keys(one as object).length === 0),
    );
  return Object.fromEntries(entries);
}
