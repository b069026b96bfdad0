import { createServer, type Server } from "node:http";
import type { TestContext } from "node:test";
import type { Timeline } from "../../src/api/wire/hosting.ts";
import type { StatMessage } from "../../src/api/wire/stat.ts";
import { systemClock } from "../../src/base/clock.ts";
import { silentLog } from "../../src/base/log.ts";
import { systemRandom } from "../../src/base/random.ts";
import { Activator } from "../../src/data-plane/activator/activator.ts";
import type { RevisionView } from "../../src/data-plane/activator/revision-hold.ts";
import type { Backend, UpstreamFor } from "../../src/data-plane/backend.ts";
import { Gateway } from "../../src/data-plane/gateway/gateway.ts";
import type { HostRule } from "../../src/data-plane/gateway/route-table.ts";
import { HostedQueueProxies } from "../../src/data-plane/queue-proxy/host.ts";
import type { Address } from "../../src/http/conn.ts";
import { httpFetch } from "../../src/http/fetch.ts";
import { HeaderBlock } from "../../src/http/header-block.ts";
import { inProcessUpstream } from "../../src/http/in-process-upstream.ts";
import { systemNetwork } from "../../src/http/network.ts";
import { UpstreamPool } from "../../src/http/pool.ts";
import { HttpServer } from "../../src/http/server.ts";
import { TimerWheel } from "../../src/http/timer-wheel.ts";
import { nextLoopbackAddress } from "./loopback-address.ts";
import { BASE_ENV } from "./queue-proxy-env.ts";

/** Gateway, activator and hosted queue-proxies wired as the data-plane program does, on loopback sockets. */

export const clock = systemClock;
export const network = systemNetwork(clock);
export const ACTIVATOR: Backend = { ip: "127.0.0.1", port: 1 };
let pods = 0;

export interface World {
  readonly gateway: Gateway;
  readonly activator: Activator;
  readonly hosted: HostedQueueProxies;
  readonly port: number;
  readonly timelines: Timeline[];
  readonly stats: StatMessage[];
  get(target?: string, headers?: string[]): ReturnType<typeof httpFetch>;
  startPod(options?: PodOptions): Promise<Pod>;
}

export interface PodOptions {
  readonly probe?: object | string;
  readonly concurrency?: number;
  readonly env?: Readonly<Record<string, string>>;
}

export interface Pod {
  readonly backend: Backend;
  readonly uid: string;
  readonly requests: string[];
  /** Where its application is expected to listen. */
  readonly application: Address;
  /** The application begins to listen. */
  listen(handle?: Parameters<typeof createServer>[1]): Promise<void>;
  crash(): void;
}

export const REVISION: RevisionView = {
  namespace: "default",
  name: "hello-00001",
  containerConcurrency: 0,
  limits: { totalMs: 10_000, responseStartMs: 0, idleMs: 0 },
  trustsProbes: true,
};

export async function world(context: TestContext): Promise<World> {
  const timers = new TimerWheel(clock);
  const pool = new UpstreamPool({ clock, network, random: systemRandom });
  const stats: StatMessage[] = [];
  const timelines: Timeline[] = [];
  const upstreamFor: UpstreamFor = (backend) => {
    const handler = backend === ACTIVATOR ? activator.handle : hosted.handlerAt(backend);
    return handler ? inProcessUpstream(handler, { remoteAddress: "" }) : pool.to(backend);
  };
  const hosted: HostedQueueProxies = new HostedQueueProxies({
    clock,
    random: systemRandom,
    log: silentLog,
    network,
    timers,
    pool,
    onDraining: (backend) => {
      activator.revisions.drainPod(backend);
      gateway.backends.drain(backend);
    },
  });
  const activator: Activator = new Activator({
    clock,
    random: systemRandom,
    log: silentLog,
    timers,
    upstreamFor,
    podName: "activator",
    report: (messages) => stats.push(...messages),
    momentsOf: (uid) => hosted.momentsOf(uid),
    onTimeline: (timeline) => timelines.push(timeline),
  });
  const gateway: Gateway = new Gateway({
    random: systemRandom,
    log: silentLog,
    upstreamFor,
    fallback: ACTIVATOR,
  });
  gateway.routes.set("default/hello", rules());
  const server = new HttpServer({ clock, handler: gateway.handler("public"), http2: true });
  const listener = await network.listen({ ip: "127.0.0.1", port: 0 }, server.accept);
  const apps: Server[] = [];
  context.after(async () => {
    server.closeNow();
    activator.close();
    for (const app of apps) app.close().closeAllConnections();
    await Promise.all([hosted.close(), listener.close()]);
    pool.close();
  });
  const get = (target = "/", headers: string[] = []) =>
    httpFetch(
      { network, clock },
      {
        address: listener.address,
        target,
        headers: new HeaderBlock(["Host", "hello.default.localhost", ...headers]),
        timeoutMs: 15_000,
      },
    );
  const startPod = (options?: PodOptions) => hostPod(hosted, apps, options ?? {});
  return { gateway, activator, hosted, port: listener.address.port, timelines, stats, get, startPod };
}

function rules(): HostRule[] {
  const setHeaders = [
    { name: "Knative-Serving-Namespace", value: "default" },
    { name: "Knative-Serving-Revision", value: "hello-00001" },
  ];
  const split = { namespace: "default", service: "hello-00001", port: 80, percent: 100, setHeaders };
  const path = {
    prefix: "",
    headers: [],
    setHeaders: [],
    rewriteHost: undefined,
    hash: "abc123",
    splits: [split],
  };
  return [{ hosts: ["hello.default.localhost"], visibility: "public", paths: [path] }];
}

async function hostPod(hosted: HostedQueueProxies, apps: Server[], options: PodOptions): Promise<Pod> {
  pods += 1;
  const ip = nextLoopbackAddress();
  const uid = `uid-${pods}`;
  const probe = options.probe ?? { tcpSocket: { port: 8080, host: "127.0.0.1" }, successThreshold: 1 };
  const env = {
    ...BASE_ENV,
    CONTAINER_CONCURRENCY: String(options.concurrency ?? 0),
    SERVING_POD: uid,
    SERVING_POD_IP: ip,
    SERVING_READINESS_PROBE: typeof probe === "string" ? probe : JSON.stringify(probe),
    ...options.env,
  };
  const userPort = 20_000 + pods;
  const userPorts = [{ declared: 8080, ip, port: userPort }];
  await hosted.host({ uid, namespace: "default", name: uid, ip, env, userPorts });
  const requests: string[] = [];
  let app: Server | undefined;
  return {
    backend: { ip, port: 8012, podUid: uid },
    uid,
    application: { ip, port: userPort },
    requests,
    listen: (handle) =>
      new Promise((resolve) => {
        app = createServer((request, response) => {
          requests.push(`${request.method} ${request.url}`);
          if (handle) handle(request, response);
          else response.end(`hello from ${uid}`);
        });
        apps.push(app);
        app.listen(userPort, ip, () => resolve());
      }),
    crash: () => app?.close().closeAllConnections(),
  };
}
