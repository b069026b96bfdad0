import { type ChildProcess, spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { createServer as createHttpServer, type IncomingMessage } from "node:http";
import { type AddressInfo, connect } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import { systemClock } from "../../../src/base/clock.ts";
import type { Exchange } from "../../../src/http/message.ts";
import { systemNetwork } from "../../../src/http/network.ts";
import { respondWith } from "../../../src/http/responses.ts";
import { HttpServer } from "../../../src/http/server.ts";
import { answerTo } from "../../support/half-close.ts";

/** Three readers of HTTP/1.1: ebb's engine, llhttp (node:http) and nginx. Each says what requests it took bytes for. */

export interface Reading {
  /** Method and body of each request that was taken whole. */
  readonly requests: readonly string[];
  /** Of the first answer; 0 = none. */
  readonly status: number;
}

export interface Reader {
  /** Where it listens, and what it took since the last `read`; both for whoever sends by another way. */
  readonly port: number;
  readonly taken: string[];
  read(bytes: string): Promise<Reading>;
  close(): Promise<void>;
}

function reading(requests: readonly string[], answer: string): Reading {
  return { requests: [...requests], status: Number(/^HTTP\/1\.[01] (\d\d\d)/.exec(answer)?.[1] ?? 0) };
}

export const described = (method: string | undefined, body: string) => `${method} ${JSON.stringify(body)}`;

export async function ebbReader(): Promise<Reader> {
  const requests: string[] = [];
  const handler = (exchange: Exchange) => {
    let body = "";
    exchange.body.start({
      data(chunk) {
        body += Buffer.from(chunk).toString("latin1");
        exchange.body.credit(chunk.length);
      },
      end() {
        requests.push(described(exchange.request.method, body));
        respondWith(exchange, { status: 200, body: "ok" });
      },
      fail: () => respondWith(exchange, { status: 400 }),
    });
    exchange.body.credit(64 * 1024);
  };
  const server = new HttpServer({ clock: systemClock, handler, limits: { lingerMs: 50 } });
  const listener = await systemNetwork(systemClock).listen({ ip: "127.0.0.1", port: 0 }, server.accept);
  return {
    port: listener.address.port,
    taken: requests,
    async read(bytes) {
      requests.length = 0;
      const answer = await answerTo(listener.address.port, bytes);
      return reading(requests, answer);
    },
    async close() {
      server.closeNow();
      await listener.close();
    },
  };
}

async function noting(requests: string[]) {
  const server = createHttpServer((request: IncomingMessage, response) => {
    let body = "";
    request.setEncoding("latin1");
    request.on("data", (text: string) => {
      body += text;
    });
    request.on("end", () => {
      requests.push(described(request.method, body));
      response.end("ok");
    });
  });
  server.on("clientError", (_error, socket) => {
    if (socket.writable) socket.end("HTTP/1.1 400 Bad Request\r\nConnection: close\r\n\r\n");
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return {
    port: (server.address() as AddressInfo).port,
    async close() {
      server.closeAllConnections();
      server.close();
    },
  };
}

export async function llhttpReader(): Promise<Reader> {
  const requests: string[] = [];
  const { port, close } = await noting(requests);
  return {
    port,
    taken: requests,
    close,
    async read(bytes) {
      requests.length = 0;
      return reading(requests, await answerTo(port, bytes));
    },
  };
}

export const hasNginx = spawnSync("nginx", ["-v"]).status === 0;

/** nginx as a proxy: what reaches the server behind it is what it took the bytes for. */
export async function nginxReaders(count: number): Promise<Reader[]> {
  const folder = mkdtempSync(join(tmpdir(), "ebb-nginx-"));
  const behind = await Promise.all(
    Array.from({ length: count }, async () => {
      const requests: string[] = [];
      return { requests, port: await freePort(), server: await noting(requests) };
    }),
  );
  writeFileSync(
    join(folder, "nginx.conf"),
    configuration(
      folder,
      behind.map(({ port, server }) => [port, server.port]),
    ),
  );
  const nginx = spawn("nginx", ["-p", folder, "-c", join(folder, "nginx.conf"), "-e", "stderr"], {
    stdio: "ignore",
  });
  await Promise.all(behind.map(({ port }) => untilOpen(port)));
  return behind.map(({ requests, port, server }, index) => ({
    port,
    taken: requests,
    async read(bytes) {
      requests.length = 0;
      return reading(requests, await answerTo(port, bytes));
    },
    async close() {
      await server.close();
      if (index === 0) await stop(nginx, folder);
    },
  }));
}

async function stop(nginx: ChildProcess, folder: string): Promise<void> {
  const exited = once(nginx, "exit");
  nginx.kill("SIGTERM");
  await exited;
  rmSync(folder, { recursive: true });
}

async function freePort(): Promise<number> {
  const server = createHttpServer();
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as AddressInfo;
  await new Promise((resolve) => server.close(resolve));
  return port;
}

async function untilOpen(port: number): Promise<void> {
  for (let tries = 0; tries < 200; tries++) {
    const socket = connect(port, "127.0.0.1");
    const open = await new Promise<boolean>((resolve) => {
      socket.once("connect", () => resolve(true));
      socket.once("error", () => resolve(false));
    });
    socket.destroy();
    if (open) return;
    await pause(20);
  }
  throw new Error("nginx did not start");
}

/** As strict as it can be told to be. */
function configuration(folder: string, ports: readonly (readonly [number, number])[]): string {
  const servers = ports.map(
    ([port, behind]) => `
    server {
      listen 127.0.0.1:${port} default_server;
      location / { proxy_pass http://127.0.0.1:${behind}; }
    }`,
  );
  return `
  daemon off;
  worker_processes 1;
  pid ${folder}/nginx.pid;
  error_log /dev/null crit;
  events { worker_connections 512; }
  http {
    access_log off;
    client_body_temp_path ${folder}/body;
    proxy_temp_path ${folder}/proxy;
    fastcgi_temp_path ${folder}/fastcgi;
    uwsgi_temp_path ${folder}/uwsgi;
    scgi_temp_path ${folder}/scgi;
    ignore_invalid_headers off;
    underscores_in_headers on;
    merge_slashes off;
    client_max_body_size 0;
    proxy_http_version 1.1;
    proxy_ignore_client_abort on;
    proxy_set_header Host behind;
    proxy_set_header Connection "";
    ${servers.join("\n")}
  }`;
}
