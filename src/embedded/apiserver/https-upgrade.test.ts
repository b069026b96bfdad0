import assert from "node:assert/strict";
import { once } from "node:events";
import { mkdtempSync, rmSync } from "node:fs";
import { request } from "node:https";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Duplex, PassThrough } from "node:stream";
import { after, before, test } from "node:test";
import { WebSocket } from "ws";
import { startHttpsApi } from "../../../test/support/https-api.ts";
import { KINDS } from "../../api/kinds.ts";
import { NamespaceKind } from "../../api/namespace/kind.ts";
import { PodKind } from "../../api/pod/kind.ts";
import { failure } from "../../api/status.ts";
import { systemClock } from "../../base/clock.ts";
import { silentLog } from "../../base/log.ts";
import { systemRandom } from "../../base/random.ts";
import { ApiServer } from "./api-server.ts";
import type { RunningHttpsServer } from "./https-server.ts";
import type { PodCommandRequest, TerminalSize } from "./pod-streams.ts";
import { MemoryStorage } from "./storage/memory-storage.ts";

/** Streams into a pod whose program is this test: it says back what it hears, and ends with 3 when its input ends. */

const folder = mkdtempSync(join(tmpdir(), "ebb-upgrade-"));
const sizes: TerminalSize[] = [];
let hasLeft = false;

function echo({ command }: PodCommandRequest) {
  if (command[0] === "missing") throw failure(500, "InternalError", 'cannot run "missing"');
  const [stdin, stdout] = [new PassThrough(), new PassThrough()];
  const ended = new Promise<number>((resolve) => {
    stdin
      .on("data", (part) => stdout.write(`heard ${part}`))
      .on("end", () => {
        stdout.end();
        resolve(3);
      });
  });
  return {
    stdin,
    stdout,
    ended,
    resize: (size: TerminalSize) => void sizes.push(size),
    leave: () => {
      hasLeft = true;
    },
  };
}

/** What a port of the pod answers: everything, twice. */
function twice(): Duplex {
  return new Duplex({
    read() {},
    write(bytes: Buffer, _encoding, done) {
      this.push(Buffer.concat([bytes, bytes]));
      done();
    },
    final(done) {
      this.push(null);
      done();
    },
  });
}

const common = { clock: systemClock, random: systemRandom, log: silentLog };
const apiServer = new ApiServer({
  ...common,
  storage: new MemoryStorage(),
  kinds: KINDS,
  podStreams: () => ({
    exec: async (asked) => echo(asked),
    attach: async (asked) => echo(asked),
    async connect({ port }) {
      if (port !== 8080) throw failure(500, "InternalError", `nothing listens on ${port}`);
      return twice();
    },
    ended: () => new Promise(() => {}),
  }),
});
let front: RunningHttpsServer;
let token = "";

before(async () => {
  const api = await startHttpsApi({ apiServer, folder });
  front = api.front;
  token = api.credentials.token;
  const client = apiServer.clientFor("node");
  await client.create(NamespaceKind, { metadata: { name: "default" }, spec: {} });
  const metadata = { name: "app", namespace: "default" };
  const spec = { nodeName: "ebb", containers: [{ name: "main", image: "app" }] };
  const pod = await client.create(PodKind, { metadata, spec });
  await client.updateStatus(PodKind, { ...pod, status: { phase: "Running" } });
});

after(async () => {
  await apiServer.stop();
  rmSync(folder, { recursive: true });
});

const POD = "/api/v1/namespaces/default/pods/app";

function open(path: string, protocol: string) {
  const messages: Buffer[] = [];
  const socket = new WebSocket(`${front.url.replace("https", "wss")}${POD}/${path}`, protocol, {
    headers: { authorization: `Bearer ${token}` },
    rejectUnauthorized: false,
  });
  socket.on("message", (data: Buffer) => messages.push(data));
  /** What came on a channel. */
  const on = (channel: number) =>
    Buffer.concat(messages.filter(([first]) => first === channel).map((message) => message.subarray(1)));
  const until = async (holds: () => boolean) => {
    while (!holds()) await once(socket, "message");
  };
  return { socket, on, until };
}

const channel = (number: number, text: string | Buffer) =>
  Buffer.concat([Buffer.of(number), Buffer.from(text)]);

for (const path of ["exec?command=echo", "attach?container=main"]) {
  test(`${path}: input, output, the end of input and how it ended are channels of a WebSocket`, async () => {
    const { socket, on } = open(`${path}&stdin=1&stdout=1`, "v5.channel.k8s.io");
    await once(socket, "open");
    socket.send(channel(0, "hello"));
    socket.send(Buffer.of(255, 0));
    const [code] = await once(socket, "close");
    assert.equal(code, 1000);
    assert.equal(on(1).toString(), "heard hello");
    const { status, details } = JSON.parse(on(3).toString());
    assert.deepEqual([status, details.causes[0].message], ["Failure", "3"]);
  });
}

test("sizes of a terminal are told, in whatever pieces they come", async () => {
  const { socket } = open("exec?command=echo&stdin=1&stdout=1&tty=1", "v4.channel.k8s.io");
  await once(socket, "open");
  for (const text of ['{"Width":80,"Height":24}\n{"Width"', ':132,"Height":50}'])
    socket.send(channel(4, text));
  socket.send(Buffer.of(255, 0));
  await once(socket, "close");
  assert.deepEqual(sizes, [
    { width: 80, height: 24 },
    { width: 132, height: 50 },
  ]);
});

test("what cannot run is told on the error channel", async () => {
  const { socket, on } = open("exec?command=missing&stdout=1", "v4.channel.k8s.io");
  await once(socket, "close");
  assert.equal(JSON.parse(on(3).toString()).message, 'cannot run "missing"');
});

test("a command is left when its client goes", async () => {
  hasLeft = false;
  const { socket } = open("exec?command=echo&stdin=1&stdout=1", "v4.channel.k8s.io");
  await once(socket, "open");
  socket.terminate();
  while (!hasLeft) await new Promise((resolve) => setImmediate(resolve));
});

test("ports are forwarded over channels, each greeting with its number", async () => {
  const { socket, on, until } = open("portforward?ports=8080&ports=81", "v4.channel.k8s.io");
  await until(() => on(3).length > 2 && on(0).length === 2);
  socket.send(channel(0, "ab"));
  await until(() => on(0).length === 6);
  assert.equal(on(0).readUInt16LE(0), 8080);
  assert.equal(on(0).subarray(2).toString(), "abab");
  assert.equal(on(3).readUInt16LE(0), 81);
  assert.equal(on(3).subarray(2).toString(), "nothing listens on 81");
  socket.close();
});

function refusal(path: string, headers: Record<string, string>): Promise<{ status?: number; body: string }> {
  const { host, port } = front;
  const authorization = `Bearer ${token}`;
  return new Promise((resolve, reject) => {
    const outgoing = request({
      host,
      port,
      path: `${POD}/${path}`,
      headers: { ...headers, authorization, ...(headers.upgrade ? { connection: "Upgrade" } : {}) },
      rejectUnauthorized: false,
    });
    outgoing.on("response", async (answer) => {
      let body = "";
      for await (const part of answer) body += part;
      resolve({ status: answer.statusCode ?? 0, body });
    });
    outgoing.on("error", reject).end();
  });
}

test("who asks in a protocol that is not spoken is told which are", async () => {
  const webSocket = await refusal("exec?command=x&stdout=1", {
    upgrade: "websocket",
    "sec-websocket-protocol": "v1.channel.k8s.io",
  });
  assert.equal(webSocket.status, 400);
  assert.match(webSocket.body, /v5\.channel\.k8s\.io, v4\.channel\.k8s\.io/);
  const spdy = await refusal("portforward", { upgrade: "SPDY/3.1", "x-stream-protocol-version": "other" });
  assert.equal(spdy.status, 403);
  assert.match(spdy.body, /portforward\.k8s\.io/);
  assert.match(
    (await refusal("exec?command=x&stdout=1", { upgrade: "h2c" })).body,
    /websocket or SPDY\/3\.1/,
  );
  assert.match((await refusal("exec?command=x&stdout=1", {})).body, /Upgrade request required/);
});

test("wrong questions are refused before the connection changes", async () => {
  const upgrade = { upgrade: "websocket", "sec-websocket-protocol": "v4.channel.k8s.io" };
  assert.match((await refusal("exec?stdout=1", upgrade)).body, /at least one command/);
  assert.match((await refusal("exec?command=x", upgrade)).body, /at least 1 of stdin, stdout, stderr/);
  assert.match((await refusal("portforward?ports=70000", upgrade)).body, /numbers from 1 to 65535/);
});

test("a client that stays is cut off when the server closes", async () => {
  const { socket } = open("exec?command=echo&stdin=1&stdout=1", "v4.channel.k8s.io");
  await once(socket, "open");
  const closed = once(socket, "close");
  await front.close();
  await closed;
});
