import assert from "node:assert/strict";
import { test } from "node:test";
import type { Container } from "../src/api/container.ts";
import { type Pod, PodKind } from "../src/api/pod/kind.ts";
import { embeddedWorld } from "./support/embedded-world.ts";

/** A pod as a Revision's Deployment makes it: user container and queue-proxy. */
function revisionPod(user: Partial<Container> = {}, spec: Partial<Pod["spec"]> = {}): Pod {
  return {
    metadata: { name: "hello", namespace: "default" },
    spec: {
      nodeName: "ebb",
      terminationGracePeriodSeconds: 10,
      containers: [
        {
          name: "user-container",
          image: "hello",
          env: [{ name: "PORT", value: "8080" }],
          ports: [{ containerPort: 8080 }],
          terminationMessagePolicy: "FallbackToLogsOnError",
          ...user,
        },
        {
          name: "queue-proxy",
          image: "queue",
          env: [
            { name: "QUEUE_SERVING_PORT", value: "8012" },
            { name: "SERVING_POD_IP", valueFrom: { fieldRef: { fieldPath: "status.podIP" } } },
            { name: "SERVING_POD", valueFrom: { fieldRef: { fieldPath: "metadata.name" } } },
            { name: "SERVING_READINESS_PROBE", value: '{"tcpSocket":{"port":8080},"successThreshold":1}' },
          ],
          readinessProbe: {
            httpGet: { path: "/", port: 8012, httpHeaders: [{ name: "K-Network-Probe", value: "queue" }] },
          },
        },
      ],
      ...spec,
    },
  };
}

async function worldWithPod(
  pod: Pod,
  prepare: (world: Awaited<ReturnType<typeof embeddedWorld>>) => void = () => {},
) {
  const world = await embeddedWorld();
  prepare(world);
  const agent = world.newAgent();
  await world.clock.until(agent.start());
  await world.client.create(PodKind, pod);
  const read = () => world.client.get(PodKind, { namespace: "default", name: "hello" });
  const user = async () => (await read()).status?.containerStatuses?.[0];
  return { ...world, agent, read, user };
}

const readyOf = (pod: Pod) => pod.status?.conditions?.find(({ type }) => type === "Ready")?.status;

test("a pod gets an address, a hosted queue-proxy, a process on a port of its own, and is Ready when its probe passes", async () => {
  const asked: string[] = [];
  const world = await worldWithPod(revisionPod(), ({ probe }) => {
    probe.answer = ({ ip, port }) => {
      asked.push(`${ip}:${port}`);
      return asked.length < 4 ? 503 : 200;
    };
  });
  await world.clock.advance(400);
  const pod = await world.read();
  assert.equal(readyOf(pod), "True");
  assert.equal(pod.status?.phase, "Running");
  assert.equal(pod.status?.podIP, "127.70.0.2");
  assert.deepEqual([...new Set(asked)], ["127.70.0.2:8012"]);
  const [hosted] = [...world.host.hosted.values()];
  assert.deepEqual(hosted?.userPorts, [{ declared: 8080, ip: "127.0.0.1", port: 20_000 }]);
  assert.equal(hosted?.env.SERVING_POD_IP, "127.70.0.2");
  assert.equal(hosted?.env.SERVING_POD, "hello");
  assert.deepEqual(
    pod.status?.containerStatuses?.map(({ name, ready, started, restartCount }) => [
      name,
      ready,
      started,
      restartCount,
    ]),
    [
      ["user-container", true, true, 0],
      ["queue-proxy", true, true, 0],
    ],
  );
});

test("the process sees PATH, HOME, TMPDIR, its real port and what the Pod says, nothing else", async () => {
  let env: unknown;
  let command: unknown;
  const pod = revisionPod({
    command: ["run", "$(PORT)"],
    args: ["$(WHO)", "$$(WHO)", "$(NOBODY)"],
    env: [
      { name: "PORT", value: "8080" },
      { name: "WHO", value: "me" },
      { name: "GREETING", value: "hello $(WHO)" },
    ],
  });
  const world = await worldWithPod(pod, ({ runtime }) => {
    runtime.programs.set("run", ({ start }) => {
      env = start.env;
      command = start.command;
    });
  });
  await world.clock.advance(100);
  const uid = (await world.read()).metadata.uid;
  assert.deepEqual(env, {
    PATH: "/usr/bin:/bin",
    HOME: `/pods/${uid}/user-container/0`,
    TMPDIR: `/pods/${uid}/tmp`,
    PORT: "20000",
    WHO: "me",
    GREETING: "hello me",
  });
  assert.deepEqual(command, ["run", "20000", "me", "$(WHO)", "$(NOBODY)"]);
});

test("initialDelaySeconds delays the first readiness probe", async () => {
  const pod = revisionPod();
  const probe = pod.spec.containers[1]?.readinessProbe;
  assert.ok(probe);
  probe.initialDelaySeconds = 3;
  const world = await worldWithPod(pod);
  await world.clock.advance(2_900);
  assert.equal(readyOf(await world.read()), "False");
  await world.clock.advance(300);
  assert.equal(readyOf(await world.read()), "True");
});

test("a program that exits restarts at once, then after 10, 20, 40 s, with code and last words in its status", async () => {
  const starts: number[] = [];
  const world = await worldWithPod(revisionPod(), ({ runtime, clock }) => {
    runtime.programs.set("hello", (handle) => {
      starts.push(Math.round(clock.monotonic() / 1000));
      handle.print("starting\nboom: no config\n");
      clock.schedule(10, () => handle.exit(5));
    });
  });
  await world.clock.advance(75_000);
  assert.deepEqual(starts, [0, 0, 10, 30, 70]);
  const status = await world.user();
  assert.equal(status?.restartCount, 4);
  assert.equal(status?.ready, false);
  assert.equal(status?.state?.waiting?.reason, "CrashLoopBackOff");
  assert.match(
    status?.state?.waiting?.message ?? "",
    /^back-off 1m20s restarting failed container=user-container pod=hello_default\(/,
  );
  const { exitCode, reason, message } = status?.lastState?.terminated ?? {};
  assert.deepEqual([exitCode, reason, message], [5, "Error", "starting\nboom: no config\n"]);
  assert.equal(readyOf(await world.read()), "False");
});

test("a missing image is named with the command that would add it, and the pod starts when it comes", async () => {
  const world = await worldWithPod(revisionPod({ image: "example.com/nope" }));
  await world.clock.advance(1_000);
  assert.deepEqual((await world.user())?.state?.waiting, {
    reason: "ErrImagePull",
    message:
      'image "example.com/nope" is not in the image store; add it: ebb image add example.com/nope PATH [-- command…]',
  });
});

test("failing liveness restarts the user container after its grace, and only that", async () => {
  let restarts = 0;
  const pod = revisionPod({
    livenessProbe: { httpGet: { path: "/live", port: 8080 }, periodSeconds: 2, failureThreshold: 2 },
  });
  const world = await worldWithPod(pod, ({ runtime, probe }) => {
    runtime.programs.set("hello", (handle) => {
      restarts++;
      handle.onSignal = () => {};
    });
    probe.answer = ({ port }) => (port === 20_000 && restarts === 1 ? 503 : 200);
  });
  await world.clock.advance(3_000);
  assert.equal(restarts, 1);
  await world.clock.advance(12_000);
  assert.equal(restarts, 2);
  const status = await world.user();
  assert.equal(status?.lastState?.terminated?.exitCode, 137);
  assert.equal(status?.restartCount, 1);
  assert.deepEqual(
    world.host.calls.filter((call) => !call.startsWith("host")),
    ["restarting hello"],
    "the data plane is told before the program is started again",
  );
});

test("nothing restarts a container for its liveness until its startup probe has passed", async () => {
  let restarts = 0;
  let isUp = false;
  const port = 8080;
  const pod = revisionPod({
    startupProbe: { httpGet: { path: "/", port }, periodSeconds: 2, failureThreshold: 10 },
    livenessProbe: { httpGet: { path: "/", port }, periodSeconds: 2, failureThreshold: 1 },
  });
  const world = await worldWithPod(pod, ({ runtime, probe }) => {
    runtime.programs.set("hello", () => {
      restarts++;
    });
    probe.answer = ({ port }) => (port !== 20_000 || isUp ? 200 : 503);
  });
  await world.clock.advance(10_000);
  assert.deepEqual([restarts, (await world.user())?.started], [1, false]);
  assert.notEqual(readyOf(await world.read()), "True");
  isUp = true;
  await world.clock.advance(4_000);
  assert.deepEqual([restarts, (await world.user())?.started], [1, true]);
  assert.equal(readyOf(await world.read()), "True");
  isUp = false;
  await world.clock.advance(4_000);
  assert.equal(restarts, 2, "from then on liveness counts");
});

test("a deleted pod drains, gets SIGTERM, then SIGKILL at the end of its grace, and is gone", async () => {
  const told: string[] = [];
  const world = await worldWithPod(revisionPod(), ({ runtime, host, clock }) => {
    host.drainMs = 2_000;
    runtime.programs.set("hello", (handle) => {
      handle.onSignal = (signal) => told.push(`${signal} at ${clock.monotonic() - deletedAtMs}`);
    });
  });
  let deletedAtMs = 0;
  await world.clock.advance(1_000);
  deletedAtMs = world.clock.monotonic();
  await world.client.delete(PodKind, { namespace: "default", name: "hello" });
  await world.clock.advance(1_000);
  assert.equal(readyOf(await world.read()), "False");
  assert.deepEqual(world.host.calls, ["host hello", "drain hello"]);
  await world.clock.advance(8_900);
  assert.deepEqual(told, ["SIGTERM at 2000"]);
  assert.equal(world.runtime.alive.length, 1);
  await world.clock.advance(200);
  assert.equal(world.runtime.alive.length, 0);
  await assert.rejects(world.read());
  assert.deepEqual(world.host.calls.at(-1), "remove hello");
});

test("an engine that stops ends the programs and keeps the objects; the next one starts them anew", async () => {
  const world = await worldWithPod(revisionPod());
  await world.clock.advance(1_000);
  await world.clock.until(world.agent.stop({ graceMs: 5_000 }));
  assert.equal(world.runtime.alive.length, 0);
  assert.equal(readyOf(await world.read()), "False");
  await world.clock.until(world.newAgent().start());
  await world.clock.advance(1_000);
  assert.equal(world.runtime.alive.length, 1);
  assert.equal(readyOf(await world.read()), "True");
});

test("after a crash of the engine the next one adopts the process, its address and its port", async () => {
  let starts = 0;
  const world = await worldWithPod(revisionPod(), ({ runtime }) => {
    runtime.programs.set("hello", () => starts++);
  });
  await world.clock.advance(1_000);
  const before = await world.read();
  await world.runtime.close();
  world.host.hosted.clear();
  await world.clock.until(world.newAgent().start());
  await world.clock.advance(1_000);
  assert.equal(starts, 1);
  const after = await world.read();
  assert.equal(after.status?.podIP, before.status?.podIP);
  assert.equal(readyOf(after), "True");
  assert.deepEqual([...world.host.hosted.values()][0]?.userPorts, [
    { declared: 8080, ip: "127.0.0.1", port: 20_000 },
  ]);
});

test("a process that ended while no engine ran is restarted by the next one, with its exit code told", async () => {
  const handles: { exit(exitCode: number): void }[] = [];
  const world = await worldWithPod(revisionPod(), ({ runtime }) => {
    runtime.programs.set("hello", (handle) => handles.push(handle));
  });
  await world.clock.advance(1_000);
  await world.runtime.close();
  handles[0]?.exit(9);
  await world.clock.until(world.newAgent().start());
  await world.clock.advance(1_000);
  assert.equal(handles.length, 2);
  const status = await world.user();
  assert.equal(status?.restartCount, 1);
  assert.equal(status?.lastState?.terminated?.exitCode, 9);
});

test("what a crashed engine left of a pod that is gone is reaped", async () => {
  const world = await embeddedWorld();
  const start = {
    podUid: "gone",
    container: "user-container",
    restart: 0,
    command: ["hello"],
    workingDirectory: "/",
    env: {},
  };
  await world.clock.until(world.runtime.start(start));
  assert.equal(world.runtime.alive.length, 1);
  await world.clock.until(world.newAgent().start());
  assert.equal(world.runtime.alive.length, 0);
});
