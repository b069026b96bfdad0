/**
 * Time of one small request in the queue-proxy's phases and the HTTP engine on both sides, without sockets: what of
 * the cost is ours. The least of several rounds counts, since only that is the same on a busy machine. Prints JSON.
 *
 *   node bench/micro/pipeline.ts [--rounds 20] [--requests 20000] [--log]
 */
import { parseArgs } from "node:util";
import { systemClock } from "../../src/base/clock.ts";
import { systemRandom } from "../../src/base/random.ts";
import { readConfig } from "../../src/data-plane/queue-proxy/config.ts";
import { QueueProxy } from "../../src/data-plane/queue-proxy/queue-proxy.ts";
import { Readiness } from "../../src/data-plane/queue-proxy/readiness.ts";
import type { Conn, ConnHandler, Network } from "../../src/http/conn.ts";
import { UpstreamPool } from "../../src/http/pool.ts";
import { HttpServer } from "../../src/http/server.ts";
import { TimerWheel } from "../../src/http/timer-wheel.ts";
import { ENVIRONMENT, WITH_LOG } from "../data-plane/queue-proxies.ts";

const { values } = parseArgs({
  options: {
    rounds: { type: "string", default: "20" },
    requests: { type: "string", default: "20000" },
    log: { type: "boolean", default: false },
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

function startProxy(): HttpServer {
  const clock = systemClock;
  const timers = new TimerWheel(clock);
  const pool = new UpstreamPool({ clock, network, random: systemRandom });
  const config = readConfig({ ...ENVIRONMENT, ...(values.log ? WITH_LOG : {}) });
  const silent = { debug() {}, info() {}, warn() {}, error() {}, with: () => silent };
  const readiness = new Readiness({ probes: [], attempt: async () => "ready", clock, patienceMs: 0 });
  const upstream = pool.to({ ip: "127.0.0.1", port: 8080 });
  const proxy = new QueueProxy({
    config,
    clock,
    log: silent,
    timers,
    readiness,
    upstream,
    writeLine: () => {},
  });
  return new HttpServer({ clock, handler: proxy.handle });
}

const CONNECTIONS = 32;

async function main(): Promise<void> {
  const server = startProxy();
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
