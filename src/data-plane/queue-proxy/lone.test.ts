import assert from "node:assert/strict";
import { once } from "node:events";
import type { RequestListener } from "node:http";
import { connect, createServer, type Socket } from "node:net";
import { type TestContext, test } from "node:test";
import { setTimeout as pause } from "node:timers/promises";
import { startLoneQueueProxy } from "../../../test/support/lone-queue-proxy.ts";
import { BASE_ENV } from "../../../test/support/queue-proxy-env.ts";
import { until } from "../../../test/support/until.ts";
import { systemClock } from "../../base/clock.ts";
import { type Log, type LogFields, silentLog } from "../../base/log.ts";
import { systemRandom } from "../../base/random.ts";
import { httpFetch } from "../../http/fetch.ts";
import { systemNetwork } from "../../http/network.ts";
import { LoneQueueProxy } from "./lone.ts";

/** The whole program on loopback sockets, each test on an address of its own. */

const network = systemNetwork(systemClock);

async function started(context: TestContext, env: Record<string, string> = {}) {
  const asked: string[] = [];
  const application: RequestListener = (request, response) => {
    asked.push(request.url ?? "");
    if (request.url === "/slow") setTimeout(() => response.end("slow"), 300);
    else response.end("ok");
  };
  const profiler = {
    cpu: async (seconds: number) => `{"cpu":${seconds}}`,
    heap: () => Promise.reject(new Error("no heap")),
  };
  const lone = await startLoneQueueProxy(context, application, { env, profiler });
  const get = (port: number, target: string) =>
    httpFetch({ network, clock: systemClock }, { address: { ip: lone.ip, port }, target, timeoutMs: 3000 });
  return { ...lone, asked, get };
}

test("after a stop request it serves on for the quiet period, then frees its ports and exits with 0", async (context) => {
  const { proxy, exits, exited, get } = await started(context, { EBB_QUIET_PERIOD_MS: "2000" });
  const stoppedMs = Date.now();
  proxy.stop();
  await pause(200);
  assert.equal((await get(8012, "/")).body.toString(), "ok");
  assert.deepEqual(exits, []);
  assert.equal(await exited, 0);
  assert.ok(Date.now() - stoppedMs >= 2200, "the request began the quiet period anew");
  await assert.rejects(get(8012, "/"), { failure: "refused" });
});

test("a request that is in flight when the quiet period ends gets its answer before the exit", async (context) => {
  const { proxy, asked, exits, exited, get } = await started(context, { EBB_QUIET_PERIOD_MS: "20" });
  const slow = get(8012, "/slow");
  await until(() => asked.includes("/slow"));
  proxy.stop();
  assert.equal((await slow).body.toString(), "slow");
  assert.equal(await exited, 0);
  assert.deepEqual(exits, [0]);
});

test("an application that drops kept connections costs no client its answer", async (context) => {
  const { ip } = await startLoneQueueProxy(context, undefined);
  // Those that carried a request: one that took long to open may have been given up for another.
  const sockets = new Set<Socket>();
  // One answer on each connection; the next request on it finds it gone.
  const server = createServer((socket) => {
    socket.on("error", () => {});
    socket.on("data", () => {
      if (!sockets.has(socket)) {
        sockets.add(socket);
        socket.write("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok");
      } else if (sockets.size % 2 === 0) socket.resetAndDestroy();
      else socket.destroy();
    });
  });
  await new Promise<void>((resolve) => server.listen(8080, ip, resolve));
  context.after(() => {
    for (const socket of sockets) socket.destroy();
    server.close();
  });
  const statuses: number[] = [];
  for (let index = 0; index < 6; index++) {
    const answer = await httpFetch(
      { network, clock: systemClock },
      { address: { ip, port: 8012 }, target: `/${index}`, timeoutMs: 30_000 },
    );
    statuses.push(answer.status);
  }
  assert.deepEqual(statuses, [200, 200, 200, 200, 200, 200]);
  assert.equal(sockets.size, 6);
});

test("the second stop request ends it at once with 1", async (context) => {
  const { proxy, exits } = await started(context);
  proxy.stop();
  proxy.stop();
  assert.deepEqual(exits, [1]);
});

test("an idle connection does not keep it alive", async (context) => {
  const { ip, proxy, exited } = await started(context, { EBB_QUIET_PERIOD_MS: "20" });
  const socket = connect(8012, ip);
  await once(socket, "connect");
  proxy.stop();
  assert.equal(await exited, 0);
  socket.destroy();
});

test("metrics and profiles have ports of their own, when they are wanted", async (context) => {
  const config = { requestMetrics: { protocol: "prometheus" }, runtime: { profiling: "enabled" } };
  const env = { OBSERVABILITY_CONFIG: JSON.stringify(config), PROFILING_PORT: "8555" };
  const { get } = await started(context, env);
  await get(8012, "/");
  assert.match(
    (await get(9091, "/metrics")).body.toString(),
    /kn_serving_invocation_duration_seconds_count\{/,
  );
  assert.equal((await get(8555, "/debug/pprof/profile?seconds=2")).body.toString(), '{"cpu":2}');
  assert.equal((await get(8555, "/debug/pprof/profile?seconds=x")).status, 400);
  const failed = await get(8555, "/debug/pprof/heap?seconds=1");
  assert.deepEqual([failed.status, failed.body.toString()], [500, "no heap\n"]);
  assert.match((await get(8555, "/debug/pprof/")).body.toString(), /profile/);

  const plain = await started(context);
  await assert.rejects(plain.get(9091, "/metrics"), { failure: "refused" });
  await assert.rejects(plain.get(8008, "/debug/pprof/"), { failure: "refused" });
});

test("metrics may be found elsewhere: by the endpoint of the settings, and by the environment before it", async (context) => {
  const at = async (endpoint: string, env: Record<string, string>, port: number) => {
    const config = { requestMetrics: { protocol: "prometheus", endpoint } };
    const { get } = await started(context, { OBSERVABILITY_CONFIG: JSON.stringify(config), ...env });
    assert.equal((await get(port, "/metrics")).status, 200);
  };
  await at(":9095", {}, 9095);
  await at(":9095", { METRICS_PROMETHEUS_PORT: "9096" }, 9096);
});

test("each line of its log names revision and pod", async (context) => {
  const seen: LogFields[] = [];
  const log: Log = {
    ...silentLog,
    with(fields) {
      seen.push(fields);
      return silentLog;
    },
  };
  await startLoneQueueProxy(context, undefined, { log });
  assert.deepEqual(seen, [{ "knative.dev/key": "default/hello-00001", "knative.dev/pod": "pod" }]);
});

test("a quiet period that is no number, and a protocol that does not exist, are refused before it listens", async () => {
  const options = {
    clock: systemClock,
    random: systemRandom,
    network,
    log: silentLog,
    ip: "127.0.0.1",
    readFile: () => "",
    writeLine: () => {},
    exit: () => {},
  };
  const made = (env: Record<string, string>) => () =>
    new LoneQueueProxy({ ...options, env: { ...BASE_ENV, ...env } });
  assert.throws(made({ EBB_QUIET_PERIOD_MS: "soon" }), /EBB_QUIET_PERIOD_MS is "soon"/);
  assert.throws(
    made({ OBSERVABILITY_CONFIG: '{"tracing":{"protocol":"bogus"}}' }),
    /Failed to setup trace provider/,
  );
});
