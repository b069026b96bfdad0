import assert from "node:assert/strict";
import { mkdtempSync, rmSync } from "node:fs";
import { request } from "node:https";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { setTimeout as delay } from "node:timers/promises";
import { connect } from "node:tls";
import { startHttpsApi } from "../../../test/support/https-api.ts";
import { until } from "../../../test/support/until.ts";
import { systemClock } from "../../base/clock.ts";
import type { Log } from "../../base/log.ts";
import { silentLog } from "../../base/log.ts";
import { systemRandom } from "../../base/random.ts";
import { ApiServer } from "./api-server.ts";
import type { Credentials } from "./credentials.ts";
import type { RunningHttpsServer } from "./https-server.ts";
import { MemoryStorage } from "./storage/memory-storage.ts";
import { ConfigMapTestKind, NamespaceTestKind, testKinds } from "./test-kinds.ts";

/** Clients that send or read too slowly, or not at all: none of them holds anything of the server for long. */

const folder = mkdtempSync(join(tmpdir(), "ebb-slow-"));
const warnings: string[] = [];
const log: Log = { ...silentLog, warn: (message) => void warnings.push(message) };
const common = { clock: systemClock, random: systemRandom, log };
const apiServer = new ApiServer({ ...common, storage: new MemoryStorage(), kinds: testKinds });
const patience = { headersMs: 300, requestMs: 600, readMs: 300 };
let credentials: Credentials;
let front: RunningHttpsServer;

before(async () => {
  ({ front, credentials } = await startHttpsApi({ apiServer, folder, log, patience }));
  const client = apiServer.clientFor("test");
  for (const name of ["default", "many"]) await client.create(NamespaceTestKind, { metadata: { name } });
});

after(async () => {
  await front.close();
  await apiServer.stop();
  rmSync(folder, { recursive: true });
});

/** Sends `pieces` one by one, each after a while; resolves to what came back until the server closed. */
function trickle(pieces: readonly string[], everyMs: number): Promise<string> {
  return new Promise((resolve) => {
    const socket = connect({ host: front.host, port: front.port, ca: credentials.caCertificate });
    let answer = "";
    socket.setEncoding("utf8");
    socket.on("data", (text: string) => {
      answer += text;
    });
    socket.on("error", () => {});
    socket.on("close", () => resolve(answer));
    socket.on("secureConnect", async () => {
      for (const piece of pieces) {
        if (socket.destroyed) return;
        socket.write(piece);
        await delay(everyMs);
      }
    });
  });
}

test("a request whose headers or body never end is answered 408 and closed", async () => {
  const headers = await trickle(["GET /api ", ..."HTTP/1.1 for ever and ever".repeat(4)], 100);
  assert.match(headers, /^HTTP\/1\.1 408 /);
  const post = `POST /api/v1/namespaces HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer ${credentials.token}\r\nContent-Length: 1000\r\n\r\n`;
  const body = await trickle([post, ..."{".repeat(40)], 100);
  assert.doesNotMatch(body, /^HTTP\/1\.1 2/);
});

test("a watcher that never reads is dropped with a reason while others go on", async () => {
  const watch = (onLine?: (line: string) => void) => {
    const outgoing = request({
      host: front.host,
      port: front.port,
      path: "/api/v1/configmaps?watch=true",
      headers: { authorization: `Bearer ${credentials.token}` },
      ca: credentials.caCertificate,
      agent: false,
    });
    const ended = new Promise<void>((resolve) => {
      outgoing.on("response", (incoming) => {
        incoming.setEncoding("utf8");
        if (onLine) incoming.on("data", onLine);
        // Without a reader of its data it stays paused.
        incoming.on("error", () => {});
        incoming.on("close", () => resolve());
      });
      outgoing.on("error", () => resolve());
    });
    outgoing.end();
    return { outgoing, ended };
  };
  let read = "";
  const reader = watch((text) => {
    read += text;
  });
  const sleeper = watch();
  const client = apiServer.clientFor("writer");
  const x = "y".repeat(200_000);
  for (let count = 0; count < 60 && !warnings.some((text) => text.includes("does not read")); count++) {
    await client.create(ConfigMapTestKind, {
      metadata: { namespace: "default", name: `m${count}` },
      data: { x },
    });
    await delay(20);
  }
  await until(
    () => warnings.some((text) => /does not read/.test(text)),
    () => warnings,
  );
  await client.create(ConfigMapTestKind, { metadata: { namespace: "default", name: "last" } });
  // The other watcher goes on.
  await until(() => read.includes('"name":"last"'));
  sleeper.outgoing.destroy();
  reader.outgoing.destroy();
  await Promise.all([sleeper.ended, reader.ended]);
});

test("a watch from the beginning gives more than may be queued to whoever reads it", async () => {
  const client = apiServer.clientFor("writer");
  const data = { x: "z".repeat(20_000) };
  for (let count = 0; count < 500; count++)
    await client.create(ConfigMapTestKind, { metadata: { namespace: "many", name: `n${count}` }, data });
  warnings.length = 0;
  const outgoing = request({
    host: front.host,
    port: front.port,
    path: "/api/v1/namespaces/many/configmaps?watch=true",
    headers: { authorization: `Bearer ${credentials.token}` },
    ca: credentials.caCertificate,
    agent: false,
  });
  const complete = new Promise<void>((resolve, reject) => {
    let lines = 0;
    outgoing.on("response", (incoming) => {
      incoming.setEncoding("utf8");
      incoming.on("data", (text: string) => {
        lines += text.split("\n").length - 1;
        if (lines === 500) resolve();
      });
      incoming.on("close", () => reject(new Error(`closed after ${lines} lines: ${warnings.join()}`)));
    });
  });
  outgoing.end();
  await complete;
  outgoing.destroy();
});
