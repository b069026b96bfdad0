import assert from "node:assert/strict";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { ConfigMapKind } from "../../src/api/config-map/kind.ts";
import type { Container } from "../../src/api/container.ts";
import { type Pod, PodKind } from "../../src/api/pod/kind.ts";
import { ServiceKind } from "../../src/api/service/kind.ts";
import { type Ebb, start } from "../../src/programs/library.ts";
import {
  get,
  program,
  readyUrl,
  removeFolder,
  service,
  shortenWindows,
  temporaryFolder,
  until,
} from "../support/engine.ts";

/** Probes of containers beside the serving one (H-003), and a probe that is a command in the container (H-004). */

const folder = temporaryFolder("container-probes");
let ebb: Ebb;

/** Serves at $PORT; what it answers to probes is whether the file named by $READY is there. */
const WATCHING = `
const server = require("node:http").createServer((request, response) => {
  const isReady = !process.env.READY || require("node:fs").existsSync(process.env.READY);
  response.statusCode = isReady ? 200 : 503;
  response.end("watching");
});
server.listen(process.env.SIDE_PORT ?? process.env.PORT);
process.on("SIGTERM", () => process.exit(0));
`;
const SIDE_PORT = 20_000 + (process.pid % 10_000);

before(async () => {
  ebb = await start({ home: join(folder, "home") });
  const { path, command } = program(folder, WATCHING);
  await ebb.images.add("watching", path, { command });
  await shortenWindows(ebb.client("admin"));
});

after(async () => {
  await ebb.stop();
  removeFolder(folder);
});

async function podOf(name: string): Promise<Pod | undefined> {
  const labelSelector = `serving.knative.dev/service=${name}`;
  return (await ebb.client("admin").list(PodKind, { namespace: "default", labelSelector })).items[0];
}

const isReady = (pod: Pod | undefined) =>
  pod?.status?.conditions?.some(({ type, status }) => type === "Ready" && status === "True") === true;

/** The pod once its user containers run. */
function running(name: string): Promise<Pod> {
  return until(`containers of ${name}`, async () => {
    const pod = await podOf(name);
    const statuses = pod?.status?.containerStatuses ?? [];
    return statuses.length > 1 && statuses.every(({ state }) => state?.running) ? pod : undefined;
  });
}

const KUBELET = { "user-agent": "kube-probe/1.34", "k-network-probe": "queue" };

test("with multi-container-probing a pod is ready when the container beside is, too (H-003)", async () => {
  const admin = ebb.client("admin");
  const features = { namespace: "knative-serving", name: "config-features" };
  await admin.patch(ConfigMapKind, features, {
    type: "merge",
    body: { data: { "multi-container-probing": "enabled" } },
  });
  const ready = join(folder, "side-is-ready");
  const side = {
    name: "side",
    image: "watching",
    env: [
      { name: "READY", value: ready },
      { name: "SIDE_PORT", value: String(SIDE_PORT) },
    ],
    readinessProbe: { periodSeconds: 1, httpGet: { path: "/", port: SIDE_PORT } },
  };
  const wanted = service("two", { image: "watching", container: { ports: [{ containerPort: 8080 }] } });
  wanted.spec.template?.spec?.containers?.push(side as Container);
  await until("the flag", () => admin.create(ServiceKind, wanted).catch(() => undefined));
  const { status } = await running("two");
  const at = `http://${status?.podIP}:8012/`;
  await until("a refusing queue-proxy", async () =>
    (await get(at, { headers: KUBELET })).status === 503 ? true : undefined,
  );
  assert.equal(isReady(await podOf("two")), false);
  writeFileSync(ready, "");
  const url = await readyUrl(admin, "two");
  assert.equal((await get(at, { headers: KUBELET })).status, 200);
  assert.equal((await get(url)).body, "watching");
  assert.equal(isReady(await podOf("two")), true);
});

test("a readiness probe that is a command keeps the pod from being ready until it succeeds (H-004)", async () => {
  const admin = ebb.client("admin");
  const ready = join(folder, "command-succeeds");
  const container = {
    readinessProbe: { periodSeconds: 1, exec: { command: ["test", "-e", ready] } },
  };
  await admin.create(ServiceKind, service("commanded", { image: "watching", container }));
  const { status } = await running("commanded");
  const at = `http://${status?.podIP}:8012/`;
  // The queue-proxy knows of the port only; the command is the kubelet's.
  await until("the port", async () =>
    (await get(at, { headers: KUBELET })).status === 200 ? true : undefined,
  );
  for (let looks = 0; looks < 5; looks++) {
    assert.equal(isReady(await podOf("commanded")), false);
    await new Promise((resolve) => setTimeout(resolve, 300));
  }
  writeFileSync(ready, "");
  const url = await readyUrl(admin, "commanded");
  assert.equal((await get(url)).body, "watching");
  assert.equal(isReady(await podOf("commanded")), true);
});
