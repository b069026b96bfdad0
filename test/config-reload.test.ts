import assert from "node:assert/strict";
import { test } from "node:test";
import { ConfigMapKind } from "../src/api/config-map/kind.ts";
import { DeploymentKind } from "../src/api/deployment/kind.ts";
import { IngressKind } from "../src/api/ingress/kind.ts";
import { MetricKind } from "../src/api/metric/kind.ts";
import { RevisionKind } from "../src/api/revision/kind.ts";
import { type Service, ServiceKind } from "../src/api/service/kind.ts";
import { ControllersWorld } from "./support/controllers-world.ts";

/** Each ConfigMap is obeyed from the moment it changes, without a restart (spec §5.9). */

const key = { namespace: "default", name: "hello" };
const revision = { namespace: "default", name: "hello-00001" };

function hello(name: string): Service {
  const container = { name: "user-container", image: "dev.local/hello" };
  return {
    metadata: { namespace: "default", name },
    spec: { template: { spec: { containers: [container] } } },
  };
}

async function inWorld(body: (world: ControllersWorld) => Promise<void>): Promise<void> {
  const world = await ControllersWorld.start();
  try {
    await world.client.create(ServiceKind, hello("hello"));
    await world.clock.advance(3_000);
    await body(world);
  } finally {
    await world.stop();
  }
}

async function deployment(world: ControllersWorld) {
  const found = await world.client.get(DeploymentKind, { ...key, name: "hello-00001-deployment" });
  const containers = found.spec.template.spec.containers;
  const queue = containers.find(({ name }) => name === "queue-proxy");
  const envOf = (name: string) => queue?.env?.find((one) => one.name === name)?.value;
  return { found, queue, envOf };
}

interface Row {
  readonly map: string;
  readonly rows: string;
  readonly data: Readonly<Record<string, string>>;
  /** What the change is seen by. */
  see(world: ControllersWorld): Promise<unknown>;
  readonly before: unknown;
  readonly after: unknown;
}

/** Made after the change as well: what a new Service's defaults are. */
async function timeoutOfNewService(world: ControllersWorld): Promise<unknown> {
  const name = `new-${world.clock.monotonic()}`;
  const created = await world.client.create(ServiceKind, hello(name));
  return created.spec.template.spec.timeoutSeconds;
}

const ROWS: readonly Row[] = [
  {
    map: "config-defaults",
    rows: "C-076",
    data: { "revision-timeout-seconds": "17" },
    see: timeoutOfNewService,
    before: 300,
    after: 17,
  },
  {
    map: "config-deployment",
    rows: "C-088, C-033",
    data: { "queue-sidecar-image": "dev.local/queue:next" },
    see: async (world) => (await deployment(world)).queue?.image,
    before: "dev.local/queue:latest",
    after: "dev.local/queue:next",
  },
  {
    map: "config-domain",
    rows: "C-139",
    data: { "example.com": "" },
    see: async (world) => (await world.client.get(ServiceKind, key)).status?.url,
    before: "http://hello.default.svc.cluster.local",
    after: "http://hello.default.example.com",
  },
  {
    map: "config-network",
    rows: "C-112",
    data: { "http-protocol": "Redirected" },
    see: async (world) => (await world.client.get(IngressKind, key)).spec.httpOption,
    before: "Enabled",
    after: "Redirected",
  },
  {
    map: "config-observability",
    rows: "C-120, C-032",
    data: { "logging.revision-url-template": "http://logs/$" + "{REVISION_UID}" },
    see: async (world) => {
      const { metadata, status } = await world.client.get(RevisionKind, revision);
      return status?.logUrl?.replace(metadata.uid, "UID");
    },
    before: undefined,
    after: "http://logs/UID",
  },
  {
    map: "config-autoscaler",
    rows: "C-133",
    data: { "stable-window": "90s" },
    see: async (world) => (await world.client.get(MetricKind, revision)).spec.stableWindow,
    before: 60_000_000_000,
    after: 90_000_000_000,
  },
  {
    map: "config-features",
    rows: "C-134, F-002",
    data: { "multi-container-probing": "Enabled" },
    see: async (world) => (await deployment(world)).envOf("ENABLE_MULTI_CONTAINER_PROBES"),
    before: "false",
    after: "true",
  },
  {
    map: "config-logging",
    rows: "C-144",
    data: { "loglevel.queueproxy": "debug" },
    see: async (world) => (await deployment(world)).envOf("SERVING_LOGGING_LEVEL"),
    before: undefined,
    after: "debug",
  },
];

for (const { map, rows, data, see, before, after } of ROWS)
  test(`${map} is obeyed when it changes, and no more when it goes (${rows})`, () =>
    inWorld(async (world) => {
      assert.deepEqual(await see(world), before);
      await world.setConfig(map, data);
      await world.clock.advance(3_000);
      assert.deepEqual(await see(world), after);
      await world.client.delete(ConfigMapKind, { namespace: "knative-serving", name: map });
      await world.clock.advance(3_000);
      assert.deepEqual(await see(world), before);
    }));
