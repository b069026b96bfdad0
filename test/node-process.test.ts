import assert from "node:assert/strict";
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { after, test } from "node:test";
import { NamespaceKind } from "../src/api/namespace/kind.ts";
import { type Pod, PodKind } from "../src/api/pod/kind.ts";
import { systemClock } from "../src/base/clock.ts";
import { silentLog } from "../src/base/log.ts";
import { systemRandom } from "../src/base/random.ts";
import { ApiServer } from "../src/embedded/apiserver/api-server.ts";
import { MemoryStorage } from "../src/embedded/apiserver/storage/memory-storage.ts";
import { LoopbackAddresses } from "../src/embedded/node/addresses.ts";
import { ImageStore } from "../src/embedded/node/images/image-store.ts";
import { ProcessLogs } from "../src/embedded/node/logs.ts";
import { NodeAgent } from "../src/embedded/node/node-agent.ts";
import { ProcessRuntime } from "../src/embedded/node/runtimes/process/process-runtime.ts";
import { systemNetwork } from "../src/http/network.ts";
import { WORKLOAD_KINDS } from "./support/embedded-world.ts";

/** The node agent with real processes, files, addresses and sockets. */

const root = mkdtempSync(join(tmpdir(), "ebb-node-"));
after(() => rmSync(root, { recursive: true, force: true }));

const APP = `
const server = require("node:http").createServer((request, response) => {
  console.log("got " + request.url);
  response.end(process.env.GREETING + " from " + __dirname);
});
server.listen(process.env.PORT, () => console.log("listening"));
process.on("SIGTERM", () => { console.log("bye"); process.exit(0); });
`;

async function realNode() {
  const home = mkdtempSync(join(root, "home-"));
  const pods = join(home, "pods");
  const ports = { clock: systemClock, log: silentLog };
  const server = new ApiServer({
    ...ports,
    random: systemRandom,
    storage: new MemoryStorage(),
    kinds: WORKLOAD_KINDS,
  });
  await server.start();
  const client = server.clientFor("tester");
  await client.create(NamespaceKind, { metadata: { name: "default" }, spec: {} });
  const images = new ImageStore({ folder: join(home, "images"), clock: systemClock, random: systemRandom });
  const app = mkdtempSync(join(root, "app-"));
  writeFileSync(join(app, "app.cjs"), APP);
  await images.add("app", app, { command: ["node", "app.cjs"] });
  const newAgent = (runtime = new ProcessRuntime({ ...ports, pods })) =>
    new NodeAgent({
      ...ports,
      client: server.clientFor("node"),
      runtime,
      images,
      addresses: new LoopbackAddresses({
        random: systemRandom,
        blocks: [{ second: 98, third: 7 }],
        lease: async () => ({ second: 98, third: 8 }),
      }),
      network: systemNetwork(systemClock),
      queueProxies: {
        host: async () => {},
        drain: async () => {},
        restarting: async () => {},
        remove: async () => {},
        moment() {},
      },
      nodeName: "ebb",
      hostIp: "127.0.0.1",
      path: `${dirname(process.execPath)}:/usr/bin:/bin`,
    });
  const at = { namespace: "default", name: "app" };
  const until = async (holds: (pod: Pod) => boolean) => {
    for (let round = 0; round < 500; round++) {
      const pod = await client.get(PodKind, at);
      if (holds(pod)) return pod;
      await new Promise((resolve) => setTimeout(resolve, 10));
    }
    throw new Error(`never: ${holds}, but ${JSON.stringify((await client.get(PodKind, at)).status)}`);
  };
  return { server, client, pods, newAgent, at, until };
}

function appPod(): Pod {
  return {
    metadata: { name: "app", namespace: "default" },
    spec: {
      nodeName: "ebb",
      terminationGracePeriodSeconds: 5,
      containers: [
        {
          name: "main",
          image: "app",
          env: [{ name: "GREETING", value: "it's me" }],
          ports: [{ containerPort: 8080 }],
          readinessProbe: { httpGet: { path: "/ready", port: 8080 }, periodSeconds: 1 },
          livenessProbe: {
            exec: { command: ["sh", "-c", 'test -n "$GREETING" && test -f "$HOME/app.cjs"'] },
            periodSeconds: 1,
            failureThreshold: 1,
          },
        },
      ],
    },
  };
}

const isReady = (pod: Pod) => pod.status?.containerStatuses?.[0]?.ready === true;

async function logOf(logs: ProcessLogs, pod: Pod, more: object = {}): Promise<string> {
  const request = {
    uid: pod.metadata.uid ?? "",
    pod: "app",
    container: "main",
    follow: false,
    previous: false,
    ...more,
  };
  let text = "";
  for await (const part of await logs.read(request, new AbortController().signal)) text += Buffer.from(part);
  return text;
}

test("a pod serves on its own port, its log can be followed to its end, and nothing of it is left", async () => {
  const node = await realNode();
  const agent = node.newAgent();
  const logs = new ProcessLogs({ pods: node.pods, agent });
  await agent.start();
  await node.client.create(PodKind, appPod());
  const pod = await node.until(isReady);
  const uid = pod.metadata.uid ?? "";
  // Its liveness command ran, and would have restarted it.
  assert.equal(pod.status?.containerStatuses?.[0]?.restartCount, 0);
  const [mapping] = JSON.parse(readFileSync(join(node.pods, uid, "pod.json"), "utf8")).ports;
  const answer = await fetch(`http://127.0.0.1:${mapping.port}/hello`);
  assert.equal(await answer.text(), `it's me from ${join(node.pods, uid, "main", "work-0")}`);
  assert.match(await logOf(logs, pod), /^listening\ngot \/ready\n(got \/ready\n)*got \/hello\n/);
  assert.equal(await logOf(logs, pod, { tailLines: 1, limitBytes: 4 }), "got ");
  await assert.rejects(logOf(logs, pod, { previous: true }), { code: 400 });
  const request = { uid, pod: "app", container: "main", follow: true, previous: false, tailLines: 1 };
  let followed = "";
  for await (const part of await logs.read(request, new AbortController().signal)) {
    if (followed === "") await node.client.delete(PodKind, node.at);
    followed += Buffer.from(part);
  }
  assert.match(followed, /^got .*bye\n$/s);
  await agent.stop({ graceMs: 1_000 });
  assert.equal(existsSync(join(node.pods, uid)), false);
  await node.server.stop();
});

test("a program that is killed starts again on the same port with a fresh copy of its image", async () => {
  const node = await realNode();
  const agent = node.newAgent();
  const logs = new ProcessLogs({ pods: node.pods, agent });
  await agent.start();
  await node.client.create(PodKind, appPod());
  const pod = await node.until(isReady);
  const uid = pod.metadata.uid ?? "";
  const [pid] = readFileSync(join(node.pods, uid, "main", "0.pid"), "utf8").split(" ");
  process.kill(Number(pid), "SIGKILL");
  const restarted = await node.until(
    (one) => one.status?.containerStatuses?.[0]?.restartCount === 1 && isReady(one),
  );
  const status = restarted.status?.containerStatuses?.[0];
  assert.equal(status?.lastState?.terminated?.exitCode, 137);
  assert.match(await logOf(logs, restarted, { previous: true }), /^listening\n/);
  const kept = readdirSync(join(node.pods, uid, "main")).filter((name) => name.startsWith("work-"));
  assert.deepEqual(kept, ["work-1"]);
  await agent.stop({ graceMs: 1_000 });
  await node.server.stop();
});

test("a command that does not exist is told as a start error with exit code 128", async () => {
  const node = await realNode();
  const agent = node.newAgent();
  await agent.start();
  const pod = appPod();
  const [container] = pod.spec.containers;
  assert.ok(container);
  container.command = ["no-such-program"];
  await node.client.create(PodKind, pod);
  const failed = await node.until(
    (one) => one.status?.containerStatuses?.[0]?.lastState?.terminated !== undefined,
  );
  const { exitCode, reason, message } = failed.status?.containerStatuses?.[0]?.lastState?.terminated ?? {};
  assert.deepEqual(
    [exitCode, reason, message],
    [128, "StartError", 'exec: "no-such-program": executable file not found in $PATH'],
  );
  await agent.stop({ graceMs: 1_000 });
  await node.server.stop();
});

test("a log can be read from a time on and with times, exact to a second", async () => {
  const node = await realNode();
  const runtime = new ProcessRuntime({ clock: systemClock, log: silentLog, pods: node.pods });
  const agent = node.newAgent(runtime);
  const logs = new ProcessLogs({ pods: node.pods, agent, clock: systemClock, times: runtime.logTimes });
  await agent.start();
  const startedMs = Date.now();
  const pod = appPod();
  const [container] = pod.spec.containers;
  assert.ok(container);
  const script = "echo first; echo second; sleep 2.5; echo third; sleep 60";
  pod.spec.containers = [{ name: "main", image: "app", command: ["sh", "-c", script] }];
  await node.client.create(PodKind, pod);
  await node.until((one) => one.status?.containerStatuses?.[0]?.started === true);
  const stored = await node.client.get(PodKind, node.at);
  while (!(await logOf(logs, stored)).includes("third"))
    await new Promise((resolve) => setTimeout(resolve, 50));
  assert.equal(await logOf(logs, stored, { sinceSeconds: 1 }), "third\n");
  assert.equal(await logOf(logs, stored, { sinceSeconds: 3600 }), "first\nsecond\nthird\n");
  const middle = new Date(Date.now() - 1_000).toISOString();
  assert.equal(await logOf(logs, stored, { sinceTime: middle, tailLines: 2 }), "third\n");
  const lines = (await logOf(logs, stored, { timestamps: true })).trimEnd().split("\n");
  assert.deepEqual(
    lines.map((line) => line.replace(/^\S+ /, "")),
    ["first", "second", "third"],
  );
  const times = lines.map((line) => Date.parse(line.split(" ")[0] ?? ""));
  assert.ok(times.every((ms) => ms >= startedMs && ms <= Date.now()));
  assert.ok((times[2] ?? 0) - (times[0] ?? 0) >= 1_000);
  await agent.stop({ graceMs: 0 });
  await node.server.stop();
});
