/**
 * Time of one small request in the queue-proxy's phases and the HTTP engine on both sides, without sockets: what of
 * the cost is ours. The least of several rounds counts, since only that is the same on a busy machine. Prints JSON.
 *
 *   node bench/micro/pipeline.ts [--rounds 20] [--requests 20000] [--log] [--through gateway|activator] [--measured]
 */
import { parseArgs } from "node:util";
import { QUIET_SETTINGS } from "../../src/api/wire/settings.ts";
import { systemClock } from "../../src/base/clock.ts";
import type { Log } from "../../src/base/log.ts";
import { systemRandom } from "../../src/base/random.ts";
import { Activator } from "../../src/data-plane/activator/activator.ts";
import { ActivatorTelemetry } from "../../src/data-plane/activator/telemetry.ts";
import { Gateway } from "../../src/data-plane/gateway/gateway.ts";
import { readConfig } from "../../src/data-plane/queue-proxy/config.ts";
import { QueueProxy } from "../../src/data-plane/queue-proxy/queue-proxy.ts";
import { Readiness } from "../../src/data-plane/queue-proxy/readiness.ts";
import type { Conn, ConnHandler, Network } from "../../src/http/conn.ts";
import { inProcessUpstream } from "../../src/http/in-process-upstream.ts";
import type { Handler } from "../../src/http/message.ts";
import { UpstreamPool } from "../../src/http/pool.ts";
import { HttpServer } from "../../src/http/server.ts";
import { TimerWheel } from "../../src/http/timer-wheel.ts";
import { ENVIRONMENT, WITH_LOG } from "../data-plane/queue-proxies.ts";

const { values } = parseArgs({
  options: {
    rounds: { type: "string", default: "20" },
    requests: { type: "string", default: "20000" },
    log: { type: "boolean", default: false },
    measured: { type: "boolean", default: false },
    through: { type: "string", default: "queue-proxy" },
  },
});

const REQUEST = Buffer.from("GET /hello?x=1 HTTP/1.1\r\nHost: hello.default.example.com\r\n\r\n");
const BODY = "hello world\n";
const RESPONSE = Buffer.from(
  "HTTP/1.1 200 OK\r\nServer: nginx/1.22.1\r\nDate: Tue, 01 Jan 2030 00:00:00 GMT\r\nContent-Type: text/plain\r\n" +
    `Content-Length: ${BODY.length}\r\nConnection: keep-alive\r\n\r\n${BODY}`,
);

/** One end of a connection whose other end is a function. */
class ScriptedConn implements Conn {
  readonly remoteAddress = "127.0.0.1";
  readonly remotePort = 1;
  readonly localAddress = "127.0.0.1";
  handler: ConnHandler | undefined;
  readonly #wrote: (conn: ScriptedConn) => void;

  constructor(wrote: (conn: ScriptedConn) => void) {
    this.#wrote = wrote;
  }

  setHandler(handler: ConnHandler): void {
    this.handler = handler;
  }

  write(): boolean {
    this.#wrote(this);
    return true;
  }

  end(): void {}
  reset(): void {}
  pause(): void {}
  resume(): void {}
}

let answers = 0;
let asked: ScriptedConn[] = [];
const network: Network = {
  listen: () => Promise.reject(new Error("nobody listens here")),
  connect: async () => new ScriptedConn((conn) => asked.push(conn)),
};

const clock = systemClock;
const silent: Log = { debug() {}, info() {}, warn() {}, error() {}, with: () => silent };
const pod = { ip: "127.0.0.2", port: 8012, podUid: "pod" };
const revision = { namespace: "default", name: "hello-00001" };

function queueProxyHandler(timers: TimerWheel): Handler {
  const pool = new UpstreamPool({ clock, network, random: systemRandom });
  const config = readConfig({ ...ENVIRONMENT, ...(values.log ? WITH_LOG : {}) });
  const readiness = new Readiness({ probes: [], attempt: async () => "ready", clock, patienceMs: 0 });
  const upstream = pool.to({ ip: "127.0.0.1", port: 8080 });
  return new QueueProxy({ config, clock, log: silent, timers, readiness, upstream, writeLine: () => {} })
    .handle;
}

function activatorHandler(timers: TimerWheel, queueProxy: Handler): Handler {
  const telemetry = new ActivatorTelemetry({
    clock,
    random: systemRandom,
    log: silent,
    network,
    resource: {},
  });
  telemetry.apply({ ...QUIET_SETTINGS, measures: values.measured });
  const activator = new Activator({
    clock,
    random: systemRandom,
    log: silent,
    timers,
    upstreamFor: () => inProcessUpstream(queueProxy, { remoteAddress: "" }),
    podName: "activator",
    report: () => {},
    telemetry,
  });
  const limits = { totalMs: 300_000, responseStartMs: 0, idleMs: 0 };
  activator.revisions.set({ ...revision, containerConcurrency: 0, limits, trustsProbes: true });
  activator.revisions.setPods(revision.namespace, revision.name, { ready: [pod], notReady: [] });
  return activator.handle;
}

function gatewayHandler(next: Handler): Handler {
  const upstreamFor = () => inProcessUpstream(next, { remoteAddress: "" });
  const gateway = new Gateway({ random: systemRandom, log: silent, upstreamFor });
  const { namespace, name: service } = revision;
  const setHeaders = [
    { name: "Knative-Serving-Namespace", value: namespace },
    { name: "Knative-Serving-Revision", value: revision.name },
  ];
  const split = { namespace, service, port: 80, percent: 100, setHeaders };
  const path = { prefix: "", headers: [], setHeaders: [], rewriteHost: undefined, hash: "", splits: [split] };
  const rule = { hosts: ["hello.default.example.com"], visibility: "public" as const, paths: [path] };
  gateway.routes.set("default/hello", [rule]);
  gateway.backends.setService({ namespace, name: service, ports: [{ name: "http", port: 80 }] });
  gateway.backends.setEndpoints(namespace, service, [{ name: "http", backends: [pod] }]);
  return gateway.handler("public");
}

/** Through the queue-proxy alone, the gateway before it, or the activator between them. */
function handlerFor(way: string): Handler {
  const timers = new TimerWheel(clock);
  const queueProxy = queueProxyHandler(timers);
  if (way === "activator") return gatewayHandler(activatorHandler(timers, queueProxy));
  return way === "gateway" ? gatewayHandler(queueProxy) : queueProxy;
}

const CONNECTIONS = 32;

async function main(): Promise<void> {
  const server = new HttpServer({ clock, handler: handlerFor(values.through) });
  // The activator's probe of its pod.
  await new Promise((done) => setTimeout(done, 300));
  const clients = Array.from({ length: CONNECTIONS }, () => new ScriptedConn(() => answers++));
  for (const client of clients) server.accept(client);
  const turns = Math.ceil(Number(values.requests) / CONNECTIONS);
  const perRequestUs: number[] = [];
  for (let round = 0; round < Number(values.rounds); round++) {
    answers = 0;
    const before = process.cpuUsage();
    for (let turn = 0; turn < turns; turn++) {
      for (const client of clients) client.handler?.data(REQUEST);
      if (round === 0 && turn === 0) await new Promise((done) => setTimeout(done, 100));
      const waiting = asked;
      asked = [];
      for (const conn of waiting) conn.handler?.data(RESPONSE);
      await Promise.resolve();
    }
    const { user, system } = process.cpuUsage(before);
    if (answers !== turns * CONNECTIONS)
      throw new Error(`${answers} answers to ${turns * CONNECTIONS} requests`);
    perRequestUs.push((user + system) / answers);
  }
  const least = Math.min(...perRequestUs);
  console.log(
    JSON.stringify({
      bench: "micro/pipeline",
      requests: turns * CONNECTIONS,
      leastUs: Math.round(least * 100) / 100,
    }),
  );
  process.exit();
}

await main();
