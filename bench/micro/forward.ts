/**
 * CPU per small request of one proxy hop: ebb's forward, a bare byte forwarder on node:net and a node:http proxy, each
 * in a process of its own, one after the other in several rounds, in front of the same server. Prints one JSON object.
 *
 *   node bench/micro/forward.ts [--rounds 5] [--requests 20000] [--connections 32] [--only ebb]
 */
import { fork } from "node:child_process";
import { Agent, createServer, request as httpRequest } from "node:http";
import { type AddressInfo, connect, createServer as createNetServer } from "node:net";
import { parseArgs } from "node:util";
import { systemClock } from "../../src/base/clock.ts";
import { systemRandom } from "../../src/base/random.ts";
import { forward } from "../../src/http/forward.ts";
import { inProcessUpstream } from "../../src/http/in-process-upstream.ts";
import type { Exchange } from "../../src/http/message.ts";
import { systemNetwork } from "../../src/http/network.ts";
import { UpstreamPool } from "../../src/http/pool.ts";
import { respondWith } from "../../src/http/responses.ts";
import { HttpServer } from "../../src/http/server.ts";

const { values } = parseArgs({
  options: {
    rounds: { type: "string", default: "5" },
    requests: { type: "string", default: "20000" },
    connections: { type: "string", default: "32" },
    only: { type: "string", default: "" },
    role: { type: "string", default: "" },
    backend: { type: "string", default: "0" },
  },
});

const REQUEST = Buffer.from(
  "GET /hello?x=1 HTTP/1.1\r\nHost: hello.default.example.com\r\nUser-Agent: bench/1\r\nAccept: */*\r\n" +
    "Accept-Encoding: gzip\r\nX-Request-Id: 0123456789abcdef\r\n\r\n",
);
const BODY = "hello world\n";
const RESPONSE = Buffer.from(
  `HTTP/1.1 200 OK\r\nServer: app\r\nDate: Tue, 01 Jan 2030 00:00:00 GMT\r\nContent-Type: text/plain\r\n` +
    `Content-Length: ${BODY.length}\r\nX-App: 1\r\n\r\n${BODY}`,
);

/** A server as cheap as can be: one fixed answer for each head that ends. */
function startApp(): Promise<number> {
  const server = createNetServer({ noDelay: true }, (socket) => {
    socket.on("data", (data) => {
      for (let at = data.indexOf("\r\n\r\n"); at >= 0; at = data.indexOf("\r\n\r\n", at + 4))
        socket.write(RESPONSE);
    });
    socket.on("error", () => {});
  });
  return new Promise((resolve) =>
    server.listen(0, "127.0.0.1", () => resolve((server.address() as AddressInfo).port)),
  );
}

class Journey {
  readonly exchange: Exchange;

  constructor(exchange: Exchange) {
    this.exchange = exchange;
  }

  failed(error: Error): void {
    respondWith(this.exchange, { status: 502, body: error.message });
  }
}

async function startEbb(backend: number, twoHops: boolean): Promise<number> {
  const network = systemNetwork(systemClock);
  const pool = new UpstreamPool({ network, clock: systemClock, random: systemRandom });
  const app = pool.to({ ip: "127.0.0.1", port: backend });
  const inner = (exchange: Exchange) => forward(exchange, app, new Journey(exchange));
  const hosted = inProcessUpstream(inner, { remoteAddress: "127.0.0.1" });
  const outer = (exchange: Exchange) => forward(exchange, hosted, new Journey(exchange));
  const server = new HttpServer({ clock: systemClock, handler: twoHops ? outer : inner });
  return (await network.listen({ ip: "127.0.0.1", port: 0 }, server.accept)).address.port;
}

const PROXIES: Record<string, (backend: number) => Promise<number>> = {
  ebb: (backend) => startEbb(backend, false),

  /** Two hops in one process, as gateway and queue-proxy are. */
  ebbTwoHops: (backend) => startEbb(backend, true),

  bytes(backend) {
    const server = createNetServer({ noDelay: true }, (client) => {
      const upstream = connect({
        port: backend,
        host: "127.0.0.1",
        noDelay: true,
        onread: {
          buffer: Buffer.alloc(65_536),
          callback: (size, buffer) => {
            client.write(Buffer.from((buffer as Buffer).subarray(0, size)));
            return true;
          },
        },
      });
      client.on("data", (data) => upstream.write(data));
      client.on("error", () => upstream.destroy());
      upstream.on("error", () => client.destroy());
      client.on("close", () => upstream.destroy());
    });
    return new Promise((resolve) =>
      server.listen(0, "127.0.0.1", () => resolve((server.address() as AddressInfo).port)),
    );
  },

  nodeHttp(backend) {
    const agent = new Agent({ keepAlive: true });
    const server = createServer((request, response) => {
      const { method, url, headers } = request;
      const outgoing = httpRequest(
        { host: "127.0.0.1", port: backend, method, path: url, headers, agent },
        (answer) => {
          response.writeHead(answer.statusCode ?? 502, answer.headers);
          answer.pipe(response);
        },
      );
      request.pipe(outgoing);
    });
    return new Promise((resolve) =>
      server.listen(0, "127.0.0.1", () => resolve((server.address() as AddressInfo).port)),
    );
  },
};

/** Sends `requests` requests over `connections` connections, the next when the answer is there. */
function load(port: number, requests: number, connections: number): Promise<void> {
  let left = requests;
  let open = connections;
  return new Promise((resolve, reject) => {
    for (let index = 0; index < connections; index++) {
      const socket = connect({ port, host: "127.0.0.1", noDelay: true });
      let waiting = "";
      const next = () => {
        if (left-- > 0) return socket.write(REQUEST);
        socket.destroy();
        if (--open === 0) resolve();
        return false;
      };
      socket.on("connect", next);
      socket.on("error", reject);
      socket.on("data", (data) => {
        waiting += data.toString("latin1");
        if (!waiting.endsWith(BODY)) return;
        waiting = "";
        next();
      });
    }
  });
}

async function runRole(role: string): Promise<void> {
  if (role === "app") {
    process.send?.({ port: await startApp() });
    return;
  }
  const port = await PROXIES[role]?.(Number(values.backend));
  process.send?.({ port });
  process.on("message", (what) => {
    // A clean end, so that a profile is written.
    if (what === "exit") process.exit();
    const { user, system } = process.cpuUsage();
    process.send?.({ cpuUs: user + system, kernelUs: system });
  });
}

/** CPU time, and the system's part of it, in microseconds. */
interface Used {
  readonly cpuUs: number;
  readonly kernelUs: number;
}

interface Child {
  readonly port: number;
  used(): Promise<Used>;
  stop(): void;
}

function start(role: string, backend: number): Promise<Child> {
  const child = fork(import.meta.filename, ["--role", role, "--backend", String(backend)], {
    execArgv: process.execArgv,
  });
  const message = () =>
    new Promise<{ port: number } & Used>((resolve) => child.once("message", resolve as never));
  return message().then(({ port }) => ({
    port,
    stop: () => child.kill("SIGKILL"),
    used: () => {
      const answer = message();
      child.send("cpu");
      return answer;
    },
  }));
}

function median(numbers: number[]): number {
  return numbers.toSorted((left, right) => left - right)[Math.floor(numbers.length / 2)] ?? Number.NaN;
}

async function main(): Promise<void> {
  const requests = Number(values.requests);
  const connections = Number(values.connections);
  const app = await start("app", 0);
  const roles = Object.keys(PROXIES).filter((role) => values.only === "" || role === values.only);
  const proxies = new Map<string, Child>();
  const cpu: Record<string, number[]> = {};
  const kernel: Record<string, number[]> = {};
  for (const role of roles) {
    proxies.set(role, await start(role, app.port));
    cpu[role] = [];
    kernel[role] = [];
  }
  for (let round = 0; round <= Number(values.rounds); round++) {
    for (const [role, proxy] of proxies) {
      const before = await proxy.used();
      await load(proxy.port, requests, connections);
      const after = await proxy.used();
      // The first round warms the compiler up.
      if (round === 0) continue;
      cpu[role]?.push((after.cpuUs - before.cpuUs) / requests);
      kernel[role]?.push((after.kernelUs - before.kernelUs) / requests);
    }
  }
  for (const child of [app, ...proxies.values()]) child.stop();
  const result: Record<string, number> = {};
  for (const role of roles) {
    result[`${role}CpuUs`] = Math.round(median(cpu[role] ?? []) * 10) / 10;
    result[`${role}KernelUs`] = Math.round(median(kernel[role] ?? []) * 10) / 10;
  }
  const base = median(cpu.bytes ?? []);
  for (const role of roles)
    result[`${role}PerBytes`] = Math.round((median(cpu[role] ?? []) / base) * 100) / 100;
  process.stdout.write(`${JSON.stringify({ bench: "micro/forward", requests, connections, ...result })}\n`);
}

if (values.role) await runRole(values.role);
else await main();
