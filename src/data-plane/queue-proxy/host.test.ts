import assert from "node:assert/strict";
import { createServer } from "node:http";
import { type TestContext, test } from "node:test";
import { nextLoopbackAddress } from "../../../test/support/loopback-address.ts";
import { BASE_ENV } from "../../../test/support/queue-proxy-env.ts";
import type { HostedPod } from "../../api/wire/hosting.ts";
import { systemClock } from "../../base/clock.ts";
import { silentLog } from "../../base/log.ts";
import { systemRandom } from "../../base/random.ts";
import { httpFetch } from "../../http/fetch.ts";
import { systemNetwork } from "../../http/network.ts";
import { UpstreamPool } from "../../http/pool.ts";
import { TimerWheel } from "../../http/timer-wheel.ts";
import { HostedQueueProxies } from "./host.ts";

const network = systemNetwork(systemClock);

async function world(context: TestContext) {
  const ip = nextLoopbackAddress();
  const application = createServer((_request, response) => response.end("ok"));
  await new Promise<void>((resolve) => application.listen(8080, ip, resolve));
  const files = new Map<string, string[]>();
  const closed: string[] = [];
  const pool = new UpstreamPool({ clock: systemClock, network, random: systemRandom });
  const hosted = new HostedQueueProxies({
    clock: systemClock,
    random: systemRandom,
    log: silentLog,
    network,
    timers: new TimerWheel(systemClock),
    pool,
    openLines(path) {
      const lines: string[] = [];
      files.set(path, lines);
      return { write: (line) => void lines.push(line), close: () => void closed.push(path) };
    },
  });
  context.after(async () => {
    await hosted.close();
    pool.close();
    application.close();
  });
  const podWith = (observability: object): HostedPod => ({
    uid: "u1",
    namespace: "default",
    name: "pod",
    ip,
    env: { ...BASE_ENV, OBSERVABILITY_CONFIG: JSON.stringify(observability) },
    logPath: "/logs/0.log",
    userPorts: [{ declared: 8080, ip, port: 8080 }],
  });
  const get = () =>
    httpFetch(
      { network, clock: systemClock },
      { address: { ip, port: 8012 }, target: "/a", timeoutMs: 3000 },
    );
  return { hosted, files, closed, podWith, get };
}

test("a hosted pod's request log goes to the file of its container, which is closed with it", async (context) => {
  const { hosted, files, closed, podWith, get } = await world(context);
  await hosted.host(
    podWith({ enableRequestLog: true, requestLogTemplate: "{{.Request.RequestURI}} {{.Response.Code}}" }),
  );
  assert.equal((await get()).status, 200);
  await hosted.remove("u1");
  assert.deepEqual(files.get("/logs/0.log"), ["/a 200\n"]);
  assert.deepEqual(closed, ["/logs/0.log"]);
});

test("without a request log no file is opened", async (context) => {
  const { hosted, files, podWith, get } = await world(context);
  await hosted.host(podWith({}));
  assert.equal((await get()).status, 200);
  assert.equal(files.size, 0);
});
