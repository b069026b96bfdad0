import assert from "node:assert/strict";
import { test } from "node:test";
import { setTimeout as pause } from "node:timers/promises";
import { clock, network, REVISION, world } from "../../test/support/data-plane-world.ts";
import { until } from "../../test/support/until.ts";
import { httpFetch } from "../http/fetch.ts";
import { HeaderBlock } from "../http/header-block.ts";

/** Gateway, activator and hosted queue-proxies wired as the data-plane program does, on loopback sockets. */

test("a request for a revision at zero is held, tells the autoscaler at once, and is answered by the first pod", async (t) => {
  const { get, activator, startPod, stats, timelines } = await world(t);
  activator.revisions.set(REVISION);
  const answer = get("/cold");
  await until(() => stats.length > 0);
  assert.deepEqual(
    stats.map(({ name, stat }) => [name, stat.averageConcurrentRequests, stat.requestCount]),
    [["hello-00001", 1, 1]],
  );
  const pod = await startPod();
  activator.revisions.setPods("default", "hello-00001", { ready: [], notReady: [pod.backend] });
  await pause(100);
  assert.deepEqual(pod.requests, []);
  await pod.listen();
  const { status, body } = await answer;
  assert.deepEqual([status, String(body)], [200, `hello from ${pod.uid}`]);
  assert.deepEqual(pod.requests, ["GET /cold"]);
  const [timeline] = timelines;
  assert.equal(timeline?.podUid, pod.uid);
  const {
    received = 0,
    portOpen = 0,
    probePassed = 0,
    forwarded = 0,
    firstByte = 0,
  } = timeline?.moments ?? {};
  const order = [received, portOpen, probePassed, forwarded, firstByte];
  assert.deepEqual(
    order,
    [...order].sort((a, b) => a - b),
  );
  assert.ok(received > 0);
});

test("nothing is forwarded to a pod that listens but whose readiness probe fails", async (t) => {
  const { get, activator, startPod } = await world(t);
  activator.revisions.set(REVISION);
  const httpGet = { path: "/ready", port: 8080, host: "127.0.0.1", scheme: "HTTP" };
  const pod = await startPod({ probe: { httpGet, successThreshold: 1 } });
  activator.revisions.setPods("default", "hello-00001", { ready: [pod.backend], notReady: [] });
  let ready = false;
  await pod.listen((request, response) => {
    response.statusCode = request.url === "/ready" && !ready ? 503 : 200;
    response.end("ok");
  });
  const answer = get("/work");
  await until(() => pod.requests.length > 2);
  assert.ok(pod.requests.every((line) => line === "GET /ready"));
  ready = true;
  assert.equal((await answer).status, 200);
  assert.equal(pod.requests.at(-1), "GET /work");
});

test("the route probe is answered with the hash in force, by the real data path, and wakes nothing", async (t) => {
  const { get, activator, gateway, startPod, stats } = await world(t);
  activator.revisions.set(REVISION);
  const probe = [
    "User-Agent",
    "Knative-Ingress-Probe",
    "K-Network-Probe",
    "probe",
    "K-Network-Hash",
    "override",
  ];
  const atZero = await get("/healthz", probe);
  assert.deepEqual([atZero.status, atZero.headers.get("k-network-hash")], [200, "abc123"]);
  const pod = await startPod();
  await pod.listen();
  gateway.backends.setService({
    namespace: "default",
    name: "hello-00001",
    ports: [{ name: "http", port: 80 }],
  });
  gateway.backends.setEndpoints("default", "hello-00001", [{ name: "http", backends: [pod.backend] }]);
  const throughPod = await get("/healthz", probe);
  assert.deepEqual([throughPod.status, throughPod.headers.get("k-network-hash")], [200, "abc123"]);
  assert.deepEqual([pod.requests, stats], [[], []]);
});

test("the kubelet's probe of the queue-proxy's socket says what the user's probe says, and fails while draining", async (t) => {
  const { hosted, startPod } = await world(t);
  const pod = await startPod();
  const headers = () => new HeaderBlock(["User-Agent", "kube-probe/1.34", "K-Network-Probe", "queue"]);
  const ask = (timeoutMs: number) =>
    httpFetch({ network, clock }, { address: pod.backend, target: "/", headers: headers(), timeoutMs });
  await assert.rejects(ask(200), { code: "fetch-timeout" });
  await pod.listen();
  const ready = await ask(2000);
  assert.deepEqual([ready.status, String(ready.body)], [200, "queue"]);
  await hosted.drain(pod.uid);
  assert.equal((await ask(2000)).status, 503);
});

test("an outsider cannot pose as a component's probe", async (t) => {
  const { get, activator, gateway, startPod } = await world(t);
  activator.revisions.set(REVISION);
  const pod = await startPod();
  await pod.listen();
  gateway.backends.setService({
    namespace: "default",
    name: "hello-00001",
    ports: [{ name: "http", port: 80 }],
  });
  gateway.backends.setEndpoints("default", "hello-00001", [{ name: "http", backends: [pod.backend] }]);
  const queue = await get("/a", ["User-Agent", "kube-probe/1.34", "K-Network-Probe", "queue"]);
  assert.equal(String(queue.body), `hello from ${pod.uid}`);
  const echo = await get("/b", ["K-Network-Probe", "activator"]);
  assert.equal(String(echo.body), `hello from ${pod.uid}`);
  assert.deepEqual(pod.requests, ["GET /a", "GET /b"]);
});

test("unknown hosts and revisions that cannot serve are answered clearly", async (t) => {
  const { get, activator } = await world(t);
  const unknown = await get("/", ["Host", "x"]).catch(() => undefined);
  assert.ok(unknown === undefined || unknown.status === 400);
  activator.revisions.set(REVISION);
  const waiting = get();
  await pause(50);
  const failure = { reason: "ContainerMissing", message: "image not found", final: true };
  activator.revisions.set({ ...REVISION, failure });
  const answer = await waiting;
  assert.equal(answer.status, 503);
  assert.equal(answer.headers.get("x-ebb-error"), "revision-failed");
  assert.match(String(answer.body), /ContainerMissing: image not found/);
});

test("a pod that dies while a request waits does not take the request with it", async (t) => {
  const { get, activator, hosted, startPod } = await world(t);
  activator.revisions.set(REVISION);
  const answer = get("/patient");
  const first = await startPod();
  activator.revisions.setPods("default", "hello-00001", { ready: [], notReady: [first.backend] });
  await pause(50);
  await hosted.remove(first.uid);
  activator.revisions.setPods("default", "hello-00001", { ready: [], notReady: [] });
  const second = await startPod();
  await second.listen();
  activator.revisions.setPods("default", "hello-00001", { ready: [], notReady: [second.backend] });
  assert.equal(String((await answer).body), `hello from ${second.uid}`);
});

test("a drain loses no request: what runs is finished, what comes is held for the next pod", async (t) => {
  const { get, activator, gateway, hosted, startPod } = await world(t);
  activator.revisions.set(REVISION);
  const old = await startPod();
  await old.listen((_request, response) => setTimeout(() => response.end("old"), 150));
  gateway.backends.setService({
    namespace: "default",
    name: "hello-00001",
    ports: [{ name: "http", port: 80 }],
  });
  gateway.backends.setEndpoints("default", "hello-00001", [{ name: "http", backends: [old.backend] }]);
  activator.revisions.setPods("default", "hello-00001", { ready: [old.backend], notReady: [] });
  const running = Array.from({ length: 5 }, () => get("/running"));
  await until(() => old.requests.length === 5);
  const drained = hosted.drain(old.uid);
  const late = Array.from({ length: 5 }, () => get("/late"));
  await drained;
  assert.equal(old.requests.length, 5);
  await hosted.remove(old.uid);
  const next = await startPod();
  await next.listen((_request, response) => response.end("new"));
  activator.revisions.setPods("default", "hello-00001", { ready: [], notReady: [next.backend] });
  const bodies = async (answers: ReturnType<typeof get>[]) =>
    (await Promise.all(answers)).map(({ status, body }) => `${status} ${body}`);
  assert.deepEqual(await bodies(running), Array(5).fill("200 old"));
  assert.deepEqual(await bodies(late), Array(5).fill("200 new"));
});

test("containerConcurrency is kept while a burst passes through the activator", async (t) => {
  const { get, activator, startPod } = await world(t);
  activator.revisions.set({ ...REVISION, containerConcurrency: 3 });
  const pods = [await startPod({ concurrency: 3 }), await startPod({ concurrency: 3 })];
  let most = 0;
  for (const pod of pods) {
    let running = 0;
    await pod.listen((_request, response) => {
      running += 1;
      most = Math.max(most, running);
      setTimeout(() => {
        running -= 1;
        response.end("ok");
      }, 10);
    });
  }
  const ready = pods.map(({ backend }) => backend);
  activator.revisions.setPods("default", "hello-00001", { ready, notReady: [] });
  const answers = await Promise.all(Array.from({ length: 60 }, () => get()));
  assert.ok(answers.every(({ status }) => status === 200));
  assert.equal(most, 3);
});

test("an application that crashed gets no request, and the request goes to the next pod", async (t) => {
  const { get, activator, gateway, hosted, startPod } = await world(t);
  activator.revisions.set(REVISION);
  const first = await startPod();
  await first.listen();
  gateway.backends.setService({
    namespace: "default",
    name: "hello-00001",
    ports: [{ name: "http", port: 80 }],
  });
  gateway.backends.setEndpoints("default", "hello-00001", [{ name: "http", backends: [first.backend] }]);
  activator.revisions.setPods("default", "hello-00001", { ready: [first.backend], notReady: [] });
  assert.equal((await get()).status, 200);
  first.crash();
  await pause(50);
  const answer = get("/after");
  const second = await startPod();
  await second.listen();
  await pause(100);
  await hosted.remove(first.uid);
  activator.revisions.setPods("default", "hello-00001", { ready: [second.backend], notReady: [] });
  const { status, body } = await answer;
  assert.deepEqual([status, String(body)], [200, `hello from ${second.uid}`]);
});
