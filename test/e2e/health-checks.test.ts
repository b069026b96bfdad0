import assert from "node:assert/strict";
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { after, before, describe, test } from "node:test";
import { IngressKind } from "../../src/api/ingress/kind.ts";
import { PodKind } from "../../src/api/pod/kind.ts";
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

/** The three health checks on the wire of a whole engine, and what for: nobody meets an unready application. */

const folder = temporaryFolder("health");
const log = join(folder, "requests.log");
const READY_AFTER_MS = 3_000;
let ebb: Ebb;

/** Listens at once but is of use only later; writes down each request and whether it was ready for it. */
const SLOW = `
const { appendFileSync } = require("node:fs");
const readyMs = performance.now() + ${READY_AFTER_MS};
const server = require("node:http").createServer((request, response) => {
  const isReady = performance.now() >= readyMs;
  appendFileSync(process.env.LOG, [isReady ? "ready" : "unready", request.url].join(" ") + "\\n");
  response.statusCode = isReady ? 200 : 503;
  response.end("slow");
});
server.listen(process.env.PORT);
process.on("SIGTERM", () => server.close(() => process.exit(0)));
`;

function requests(): string[] {
  return existsSync(log) ? readFileSync(log, "utf8").trimEnd().split("\n") : [];
}

async function pods() {
  const labelSelector = "serving.knative.dev/service=slow";
  return (await ebb.client("admin").list(PodKind, { namespace: "default", labelSelector })).items;
}

/** Where the pod's queue-proxy listens, once it does. */
function queueProxy(): Promise<string> {
  return until("a pod whose queue-proxy answers", async () => {
    const ip = (await pods())[0]?.status?.podIP;
    if (ip === undefined) return undefined;
    const answer = await get(`http://${ip}:8012/`, { headers: KUBELET }).catch(() => undefined);
    return answer ? `http://${ip}:8012/` : undefined;
  });
}

const KUBELET = { "user-agent": "kube-probe/1.34", "k-network-probe": "queue" };
const ACTIVATOR = { "user-agent": "Knative-Activator-Probe", "k-network-probe": "queue" };

const ROUTE = { "k-network-probe": "probe", "k-network-hash": "override" };

async function isPodReady(): Promise<boolean> {
  const conditions = (await pods())[0]?.status?.conditions ?? [];
  return conditions.some(({ type, status }) => type === "Ready" && status === "True");
}

describe("the three health checks", () => {
  before(async () => {
    ebb = await start({ home: join(folder, "home") });
    const { path, command } = program(folder, SLOW);
    await ebb.images.add("slow", path, { command });
    await shortenWindows(ebb.client("admin"));
  });

  after(async () => {
    await ebb.stop();
    removeFolder(folder);
  });

  test("kubelet's and activator's probes are refused by the queue-proxy until the application is ready", async () => {
    const container = {
      env: [{ name: "LOG", value: log }],
      // With a period each probe is one question; without it the queue-proxy would ask again while ours waits.
      readinessProbe: { periodSeconds: 1, httpGet: { path: "/healthy" } },
    };
    await ebb.client("admin").create(ServiceKind, service("slow", { image: "slow", container }));
    const at = await queueProxy();
    const [kubelet, activator] = await Promise.all([
      get(at, { headers: KUBELET }),
      get(at, { headers: ACTIVATOR }),
    ]);
    assert.equal(kubelet.status, 503);
    assert.equal(activator.status, 503);
    assert.equal(await isPodReady(), false);
    await readyUrl(ebb.client("admin"), "slow");
    assert.equal(await isPodReady(), true);
    assert.equal((await get(at, { headers: KUBELET })).status, 200);
    const probed = await get(at, { headers: ACTIVATOR });
    assert.deepEqual({ status: probed.status, body: probed.body }, { status: 200, body: "queue" });
    const asked = requests();
    assert.equal(asked.includes("unready /healthy"), true);
    assert.equal(asked.at(-1), "ready /healthy");
  });

  test("the route probe is answered through the gateway with the hash in force, and reaches no pod", async () => {
    const url = await readyUrl(ebb.client("admin"), "slow");
    const before = requests().length;
    const probed = await get(url, { headers: ROUTE });
    assert.equal(probed.status, 200);
    const ingress = await ebb.client("admin").get(IngressKind, { namespace: "default", name: "slow" });
    assert.equal(ingress.status?.conditions?.find(({ type }) => type === "Ready")?.status, "True");
    assert.match(String(probed.headers["k-network-hash"]), /^[0-9a-f]{64}$|^ep-/);
    assert.equal(requests().filter((line) => !line.endsWith("/healthy")).length, 0);
    assert.equal(requests().length >= before, true);
  });

  test("no request reaches a pod before its application is ready, and none is lost", async () => {
    const url = await readyUrl(ebb.client("admin"), "slow");
    await until("zero", async () => ((await pods()).length === 0 ? true : undefined));
    const probed = await get(url, { headers: ROUTE });
    assert.equal(probed.status, 200);
    assert.equal((await pods()).length, 0, "a route probe woke the service");
    const before = requests().length;
    const sentMs = performance.now();
    const answers = await Promise.all(Array.from({ length: 20 }, (_, index) => get(`${url}/job/${index}`)));
    assert.equal(performance.now() - sentMs >= READY_AFTER_MS - 100, true);
    assert.deepEqual(new Set(answers.map(({ status }) => status)), new Set([200]));
    const woken = requests().slice(before);
    const jobs = woken.filter((line) => line.includes("/job/"));
    assert.deepEqual(
      jobs.toSorted(),
      Array.from({ length: 20 }, (_, index) => `ready /job/${index}`).toSorted(),
    );
    assert.equal(woken.includes("unready /healthy"), true, "the application was ready before it was asked");
  });
});
