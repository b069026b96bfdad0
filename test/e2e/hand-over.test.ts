import assert from "node:assert/strict";
import { writeFileSync } from "node:fs";
import { Agent, request } from "node:http";
import http2 from "node:http2";
import { connect, type Socket } from "node:net";
import { join } from "node:path";
import { after, before, beforeEach, test } from "node:test";
import { setTimeout as pause } from "node:timers/promises";
import * as grpc from "@grpc/grpc-js";
import { EndpointsKind } from "../../src/api/endpoints/kind.ts";
import { RevisionKind } from "../../src/api/revision/kind.ts";
import { ServiceKind } from "../../src/api/service/kind.ts";
import {
  addImage,
  childrenOf,
  commandLine,
  type Engine,
  engineUp,
  get,
  isAlive,
  program,
  readyUrl,
  removeFolder,
  service,
  stored,
  temporaryFolder,
  until,
} from "../support/engine.ts";
import { GRPC_APPLICATION } from "../support/grpc-application.ts";

/** A running data-plane process is replaced by a new one (SIGUSR2), under load and with real sockets. */

const folder = temporaryFolder("hand-over");
let engine: Engine;

/**
 * Counts how many it works on at a time, and answers after `?ms=`; echoes what comes behind an upgrade. Listens once
 * the file AFTER exists.
 */
const COUNTING = `
let active = 0, most = 0;
const server = require("node:http").createServer((request, response) => {
  if (request.url === "/most") return response.end(String(most));
  if (request.headers["user-agent"]?.startsWith("kube-probe")) return response.end();
  most = Math.max(most, ++active);
  const ms = Number(new URL(request.url, "http://x").searchParams.get("ms") ?? 0);
  setTimeout(() => { active--; response.end("done"); }, ms);
});
server.on("upgrade", (request, socket) => {
  socket.write("HTTP/1.1 101 Switching Protocols\\r\\nConnection: Upgrade\\r\\nUpgrade: echo\\r\\n\\r\\n");
  socket.pipe(socket);
});
const fs = require("node:fs");
const start = () =>
  process.env.AFTER && !fs.existsSync(process.env.AFTER) ? setTimeout(start, 20) : server.listen(process.env.PORT);
start();
process.on("SIGTERM", () => server.close(() => process.exit(0)));
`;

before(async () => {
  engine = await engineUp({ home: join(folder, "home") });
  await addImage(engine.home, "counting", program(folder, COUNTING));
});

after(async () => {
  await engine.stop();
  removeFolder(folder);
});

/** So that each test sees its own hand-over alone. */
beforeEach(() => until("the former hand-over is over", () => (onlyOne() ? true : undefined)));

async function applied(name: string, containerConcurrency: number): Promise<string> {
  const annotations = { "autoscaling.knative.dev/min-scale": "1", "autoscaling.knative.dev/max-scale": "1" };
  const spec = { containerConcurrency };
  await engine.client.create(ServiceKind, service(name, { image: "counting", annotations, spec }));
  return readyUrl(engine.client, name);
}

/** Resolves when another process serves. */
async function replaced(): Promise<{ from: number; to: number }> {
  const said = () => [
    ...engine.command.stderr.matchAll(/^replaced the data plane: process (\d+) by (\d+) in/gm),
  ];
  const before = said().length;
  process.kill(engine.pid, "SIGUSR2");
  const [, from, to] = await until("the replacement", () => said()[before]);
  return { from: Number(from), to: Number(to) };
}

/** One request on the agent's connections; never sent again, so that a lost one is seen. */
function ask(url: string, agent: Agent | false): Promise<string> {
  const { host, port, pathname, search } = new URL(url);
  return new Promise((resolve) => {
    const outgoing = request(
      { host: "127.0.0.1", port, path: pathname + search, headers: { host }, agent },
      (response) => {
        response.resume();
        response.once("end", () => resolve(`status ${response.statusCode}`));
        response.once("error", (error) => resolve(`cut: ${error.message}`));
      },
    );
    outgoing.once("error", (error) => resolve(`lost: ${error.message}`));
    outgoing.end();
  });
}

/** A request to one revision, as an ingress of another make sends it to the activator. */
async function askRevision(name: string): Promise<string> {
  const key = { namespace: "knative-serving", name: "activator-service" };
  const { subsets } = await engine.client.get(EndpointsKind, key);
  const [{ addresses, ports } = {}] = subsets ?? [];
  return new Promise((resolve) => {
    const outgoing = request(
      {
        host: addresses?.[0]?.ip,
        port: ports?.[0]?.port,
        headers: { "Knative-Serving-Namespace": "default", "Knative-Serving-Revision": name },
        agent: false,
      },
      (response) => resolve(`status ${response.resume().statusCode}`),
    );
    outgoing.once("error", (error) => resolve(`lost: ${error.message}`));
    outgoing.end();
  });
}

/** Clients that ask one after the other until they are stopped. */
class Load {
  /** How often each answer came. */
  readonly answers: Record<string, number> = {};
  readonly #lanes: readonly Promise<void>[];
  #isOver = false;

  constructor(lanes: number, ask: () => Promise<string>) {
    const lane = async () => {
      while (!this.#isOver) {
        const answer = await ask();
        this.answers[answer] = (this.answers[answer] ?? 0) + 1;
      }
    };
    this.#lanes = Array.from({ length: lanes }, lane);
  }

  /** Resolves when so many more were answered. */
  async answered(more: number): Promise<void> {
    const count = () => Object.values(this.answers).reduce((sum, one) => sum + one, 0);
    const enough = count() + more;
    await until(`${more} more answers`, () => count() >= enough || undefined);
  }

  /** Asks on through what is done, and for some time before and after it. */
  async through<T>(what: () => Promise<T>): Promise<T> {
    await this.answered(50);
    const result = await what();
    await this.answered(50);
    return result;
  }

  async stop(): Promise<void> {
    this.#isOver = true;
    await Promise.all(this.#lanes);
  }
}

test("under load no request is lost, on kept connections and on new ones", async () => {
  const url = await applied("loaded", 0);
  const agent = new Agent({ keepAlive: true, maxSockets: 8 });
  const kept = new Load(8, () => ask(url, agent));
  const fresh = new Load(3, () => ask(url, false));
  const { from, to } = await kept.through(() => fresh.through(replaced));
  assert.notEqual(to, from);
  for (const load of [kept, fresh]) {
    await load.stop();
    assert.deepEqual(Object.keys(load.answers), ["status 200"], JSON.stringify(load.answers));
  }
  agent.destroy();
  await until("the old process has ended", () => (isAlive(from) ? undefined : true));
  assert.equal(engine.dataPlanePid(), to);
});

test("a limit of two is kept over both processes, and what was admitted or waited is answered", async () => {
  const url = await applied("limited", 2);
  const first = Array.from({ length: 6 }, () => ask(`${url}/?ms=700`, false));
  await pause(150);
  await replaced();
  const second = Array.from({ length: 6 }, () => ask(`${url}/?ms=100`, false));
  const answers = await Promise.all([...first, ...second]);
  assert.deepEqual(new Set(answers), new Set(["status 200"]));
  assert.equal((await get(`${url}/most`)).body, "2");
});

test("an upgraded connection stays with the old process, which ends after it", async () => {
  const url = await applied("upgraded", 0);
  const { host, port } = new URL(url);
  const socket = connect(Number(port), "127.0.0.1");
  let received = "";
  socket.setEncoding("utf8").on("data", (text: string) => {
    received += text;
  });
  socket.write(`GET / HTTP/1.1\r\nHost: ${host}\r\nConnection: Upgrade\r\nUpgrade: echo\r\n\r\n`);
  await until("the upgrade", () => (received.includes("\r\n\r\n") ? true : undefined));
  const { from } = await replaced();
  socket.write("still there");
  await until("the echo", () => (received.endsWith("still there") ? true : undefined));
  await pause(500);
  assert.equal(isAlive(from), true);
  socket.destroy();
  await until("the old process has ended", () => (isAlive(from) ? undefined : true));
  assert.equal((await get(url)).status, 200);
});

test("a request that waits for its pod is answered although the data plane is replaced meanwhile", async () => {
  // The new revision's first pod is not ready when the request comes.
  await applied("slow", 0);
  const opened = join(folder, "opened");
  const key = { namespace: "default", name: "slow" };
  const body = service("slow", {
    image: "counting",
    annotations: { "autoscaling.knative.dev/min-scale": "1" },
    container: { env: [{ name: "AFTER", value: opened }] },
  });
  await engine.client.patch(ServiceKind, key, { type: "merge", body: { spec: body.spec } });
  await until("the second revision", () =>
    stored(engine.client.get(RevisionKind, { ...key, name: "slow-00002" })),
  );
  const held = askRevision("slow-00002");
  await pause(300);
  const { from } = await replaced();
  assert.equal(isAlive(from), true);
  writeFileSync(opened, "");
  assert.equal(await held, "status 200");
});

/** Calls on sessions that are made anew after a goodbye, and counts goodbyes. */
function http2Caller(url: string) {
  const { host, pathname } = new URL(url);
  let goodbyes = 0;
  const connected = () => {
    const session = http2.connect(`http://127.0.0.1:${new URL(url).port}`);
    session.on("error", () => {});
    session.on("goaway", () => {
      goodbyes++;
    });
    return session;
  };
  const call = (session: http2.ClientHttp2Session) =>
    new Promise<string>((resolve) => {
      const stream = session.request({ ":path": pathname, ":authority": host });
      let status = "no answer";
      stream.on("response", (head) => {
        status = `status ${head[":status"]}`;
      });
      stream.on("error", () => {});
      stream.on("close", () => resolve(stream.rstCode === 0 ? status : `reset ${stream.rstCode}`));
      stream.resume();
    });
  let session = connected();
  return {
    ask: () => {
      if (session.closed || session.destroyed) session = connected();
      return call(session);
    },
    goodbyes: () => goodbyes,
    close: () => session.destroy(),
  };
}

test("clients of HTTP/2 are told goodbye, and none of their requests is lost", async () => {
  const url = await applied("second", 0);
  const caller = http2Caller(url);
  const load = new Load(4, caller.ask);
  await load.through(async () => {
    const { from } = await replaced();
    await until("the old process has ended", () => (isAlive(from) ? undefined : true));
  });
  await load.stop();
  caller.close();
  assert.deepEqual(Object.keys(load.answers), ["status 200"], JSON.stringify(load.answers));
  assert.equal(caller.goodbyes() > 0, true);
});

const asBytes = (text: string) => Buffer.from(text);
const asText = (bytes: Buffer) => bytes.toString();

test("calls of gRPC go on through a hand-over, and a stream that was open ends as it should", async () => {
  await addImage(engine.home, "upper", program(folder, GRPC_APPLICATION));
  const annotations = { "autoscaling.knative.dev/min-scale": "1" };
  const container = { ports: [{ name: "h2c", containerPort: 8080 }] };
  await engine.client.create(ServiceKind, service("upper", { image: "upper", annotations, container }));
  const { host, port } = new URL(await readyUrl(engine.client, "upper"));
  const client = new grpc.Client(`127.0.0.1:${port}`, grpc.credentials.createInsecure(), {
    "grpc.default_authority": host,
  });
  const unary = () =>
    new Promise<string>((resolve) => {
      client.makeUnaryRequest("/ebb.Test/Say", asBytes, asText, "word", (error, answer) =>
        resolve(error ? error.message : (answer ?? "")),
      );
    });
  const stream = client.makeBidiStreamRequest("/ebb.Test/Talk", asBytes, asText);
  const heard: string[] = [];
  stream.on("data", (word: string) => heard.push(word));
  const ended = new Promise<grpc.StatusObject>((resolve) => stream.on("status", resolve));
  stream.on("error", () => {});
  stream.write("before");
  await until("the first word", () => (heard.length === 1 ? true : undefined));
  const load = new Load(2, unary);
  await load.through(replaced);
  await load.stop();
  assert.deepEqual(Object.keys(load.answers), ["WORD"]);
  stream.write("after");
  await until("the second word", () => (heard.length === 2 ? true : undefined));
  stream.end();
  assert.equal((await ended).code, grpc.status.OK);
  assert.deepEqual(heard, ["BEFORE", "AFTER"]);
  client.close();
});

test("a second hand-over needs not wait for the first, limits are kept over all processes, and WebSockets live on", async () => {
  const url = await applied("chained", 2);
  const { host, port } = new URL(await applied("tunnels", 0));
  const tunnels: { socket: Socket; received: string }[] = [];
  const openTunnel = async () => {
    const tunnel = { socket: connect(Number(port), "127.0.0.1"), received: "" };
    tunnel.socket.setEncoding("utf8").on("data", (text: string) => {
      tunnel.received += text;
    });
    tunnel.socket.write(`GET / HTTP/1.1\r\nHost: ${host}\r\nConnection: Upgrade\r\nUpgrade: echo\r\n\r\n`);
    tunnels.push(tunnel);
    await until("the upgrade", () => (tunnel.received.includes("\r\n\r\n") ? true : undefined));
  };
  const asked: Promise<string>[] = [];
  const pids: number[] = [];
  for (let generation = 0; generation < 4; generation++) {
    await openTunnel();
    asked.push(...Array.from({ length: 3 }, () => ask(`${url}/?ms=1500`, false)));
    await pause(100);
    pids.push((await replaced()).from);
  }
  process.kill(engine.pid, "SIGUSR2");
  await until(
    "the refusal",
    () => /not replaced: 4 data planes before/.test(engine.command.stderr) || undefined,
  );
  assert.deepEqual(new Set(await Promise.all(asked)), new Set(["status 200"]));
  assert.equal((await get(`${url}/most`)).body, "2");
  for (const { socket } of tunnels) socket.write("still there");
  for (const tunnel of tunnels)
    await until("the echo", () => (tunnel.received.endsWith("still there") ? true : undefined));
  assert.deepEqual(pids.filter(isAlive), pids);
  for (const { socket } of tunnels) socket.destroy();
  await until("the old processes have ended", () => (pids.some(isAlive) ? undefined : true));
  assert.equal((await get(url)).status, 200);
});

function onlyOne(): boolean {
  return childrenOf(engine.pid).filter((pid) => commandLine(pid).includes("data-plane-process")).length === 1;
}
