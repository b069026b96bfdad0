import assert from "node:assert/strict";
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, test } from "node:test";
import { type Pod, PodKind } from "../src/api/pod/kind.ts";
import { systemClock } from "../src/base/clock.ts";
import { silentLog } from "../src/base/log.ts";
import { LogTimes } from "../src/embedded/node/log-times.ts";
import { ProcessLogs } from "../src/embedded/node/logs.ts";
import { ProcessRuntime } from "../src/embedded/node/runtimes/process/process-runtime.ts";
import { APP, processNode } from "./support/process-node.ts";

/** The node agent with real processes, files, addresses and sockets. */

const root = mkdtempSync(join(tmpdir(), "ebb-node-"));
after(() => rmSync(root, { recursive: true, force: true }));

const SOURCE = `
const server = require("node:http").createServer((request, response) => {
  console.log("got " + request.url);
  response.end(process.env.GREETING + " from " + __dirname);
});
server.listen(process.env.PORT, () => console.log("listening"));
process.on("SIGTERM", () => { console.log("bye"); process.exit(0); });
`;

async function realNode() {
  const node = await processNode({ folder: root, block: 7, source: SOURCE });
  const until = async (holds: (pod: Pod) => boolean) => {
    for (let round = 0; round < 3_000; round++) {
      const pod = await node.client.get(PodKind, APP);
      if (holds(pod)) return pod;
      await new Promise((resolve) => setTimeout(resolve, 10));
    }
    throw new Error(`never: ${holds}, but ${JSON.stringify((await node.client.get(PodKind, APP)).status)}`);
  };
  return { ...node, until };
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
  const logs = new ProcessLogs({
    pods: node.pods,
    agent,
    clock: systemClock,
    times: new LogTimes(systemClock),
  });
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
    if (followed === "") await node.client.delete(PodKind, APP);
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
  const logs = new ProcessLogs({
    pods: node.pods,
    agent,
    clock: systemClock,
    times: new LogTimes(systemClock),
  });
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
  const agent = node.newAgent({ runtime });
  const logs = new ProcessLogs({ pods: node.pods, agent, clock: systemClock, times: runtime.logTimes });
  await agent.start();
  const startedMs = Date.now();
  const pod = appPod();
  const [container] = pod.spec.containers;
  assert.ok(container);
  const script = "echo first; echo second; sleep 4; echo third; sleep 60";
  pod.spec.containers = [{ name: "main", image: "app", command: ["sh", "-c", script] }];
  await node.client.create(PodKind, pod);
  await node.until((one) => one.status?.containerStatuses?.[0]?.started === true);
  const stored = await node.client.get(PodKind, APP);
  while (!(await logOf(logs, stored)).includes("third"))
    await new Promise((resolve) => setTimeout(resolve, 50));
  assert.equal(await logOf(logs, stored, { sinceSeconds: 3 }), "third\n");
  assert.equal(await logOf(logs, stored, { sinceSeconds: 3600 }), "first\nsecond\nthird\n");
  const middle = new Date(Date.now() - 3_000).toISOString();
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

test("the log of a pod that is over is there for the next engine too, until the pod is deleted", async () => {
  const node = await realNode();
  const newAgent = () => {
    const runtime = new ProcessRuntime({ clock: systemClock, log: silentLog, pods: node.pods });
    const agent = node.newAgent({ runtime });
    const logs = new ProcessLogs({ pods: node.pods, agent, clock: systemClock, times: runtime.logTimes });
    return { agent, logs };
  };
  const first = newAgent();
  await first.agent.start();
  const script = "echo first; sleep 0.3; echo last";
  const container = { name: "main", image: "app", command: ["sh", "-c", script] };
  await node.client.create(PodKind, {
    metadata: { name: "app", namespace: "default" },
    spec: { restartPolicy: "Never", containers: [container] },
  });
  const pod = await node.until(({ status }) => status?.phase === "Succeeded");
  const whole = await logOf(first.logs, pod, { timestamps: true });
  assert.match(whole, /^\S+ first\n\S+ last\n$/);
  await first.agent.stop({ graceMs: 1_000 });
  const next = newAgent();
  await next.agent.start();
  assert.equal(await logOf(next.logs, pod, { timestamps: true, follow: true }), whole);
  const { status } = await node.client.get(PodKind, APP);
  assert.deepEqual(status, pod.status);
  await node.client.delete(PodKind, APP);
  for (let round = 0; existsSync(join(node.pods, pod.metadata.uid ?? "")); round++) {
    assert.ok(round < 3_000, "its files stay");
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
  await next.agent.stop({ graceMs: 1_000 });
  await node.server.stop();
});

test("of a container that waits for its restart, the last run is the present one and the one before", async () => {
  const node = await realNode();
  const runtime = new ProcessRuntime({ clock: systemClock, log: silentLog, pods: node.pods });
  const agent = node.newAgent({ runtime });
  const logs = new ProcessLogs({ pods: node.pods, agent, clock: systemClock, times: runtime.logTimes });
  await agent.start();
  const pod = appPod();
  const script = 'echo "run of $PPID"; exit 1';
  pod.spec.containers = [{ name: "main", image: "app", command: ["sh", "-c", script] }];
  await node.client.create(PodKind, pod);
  const waiting = await node.until(
    (one) => one.status?.containerStatuses?.[0]?.state?.waiting?.reason === "CrashLoopBackOff",
  );
  const present = await logOf(logs, waiting, { follow: true });
  assert.match(present, /^run of \d+\n$/);
  assert.equal(await logOf(logs, waiting, { previous: true }), present);
  await agent.stop({ graceMs: 0 });
  await node.server.stop();
});
