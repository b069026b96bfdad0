import assert from "node:assert/strict";
import http from "node:http";
import http2 from "node:http2";
import { type TestContext, test } from "node:test";
import { setTimeout as pause } from "node:timers/promises";
import { REVISION, world } from "../support/data-plane-world.ts";
import { FAULTS, faultyApplication } from "../support/faulty-application.ts";
import { faultyHttp2Application, HTTP2_FAULTS } from "../support/faulty-http2-application.ts";
import { startLoneQueueProxy } from "../support/lone-queue-proxy.ts";

/**
 * Applications that die, lie or keep silent, behind the gateway, the activator and a lone queue-proxy: a clear answer
 * with a code or a cut connection, and never a part of one answer in another.
 */

interface Door {
  readonly ip: string;
  readonly port: number;
}

interface Answer {
  readonly status?: number | undefined;
  readonly code?: string | undefined;
  readonly body?: string;
  readonly isCut?: boolean;
}

interface Client {
  ask(method: string, path: string): Promise<Answer>;
  close(): void;
}

const HOST = "hello.default.localhost";
type Limits = Readonly<Record<string, string>>;
/** For a loaded machine, whose applications answer late without any fault. */
const PATIENT = { REVISION_TIMEOUT_SECONDS: "60", REVISION_RESPONSE_START_TIMEOUT_SECONDS: "50" };
/** For the one fault that is to keep silent. */
const HASTY = { REVISION_TIMEOUT_SECONDS: "60", REVISION_RESPONSE_START_TIMEOUT_SECONDS: "3" };

const DOORS: Record<string, (context: TestContext, env: Limits) => Promise<Door>> = {
  gateway: async (context, env) => {
    const { gateway, port, startPod } = await world(context);
    const pod = await startPod({ env });
    await faultyApplication(context, pod.application);
    const key = { namespace: "default", name: "hello-00001" };
    gateway.backends.setService({ ...key, ports: [{ name: "http", port: 80 }] });
    gateway.backends.setEndpoints(key.namespace, key.name, [{ name: "http", backends: [pod.backend] }]);
    return { ip: "127.0.0.1", port };
  },
  activator: async (context, env) => {
    const { activator, port, startPod } = await world(context);
    const pod = await startPod({ env });
    await faultyApplication(context, pod.application);
    activator.revisions.set(REVISION);
    activator.revisions.setPods("default", "hello-00001", { ready: [pod.backend], notReady: [] });
    return { ip: "127.0.0.1", port };
  },
  "lone queue-proxy": async (context, env) => {
    const { ip } = await startLoneQueueProxy(context, undefined, { env });
    await faultyApplication(context, { ip, port: 8080 });
    return { ip, port: 8012 };
  },
};

/** One connection at a time, kept as long as the server keeps it. */
function http1Client({ ip, port }: Door): Client {
  const agent = new http.Agent({ keepAlive: true, maxSockets: 1 });
  const ask = (method: string, path: string) =>
    new Promise<Answer>((resolve) => {
      const hasBody = method === "POST";
      const headers = { Host: HOST, ...(hasBody && { "Content-Length": 100_000 }) };
      const outgoing = http.request({ host: ip, port, method, path, headers, agent }, (response) => {
        let body = "";
        response.setEncoding("latin1").on("data", (data: string) => {
          body += data;
        });
        response.on("error", () => {});
        response.on("close", () => {
          if (hasBody) outgoing.destroy();
          const code = response.headers["x-ebb-error"]?.toString();
          resolve({ status: response.statusCode, code, body, isCut: !response.complete });
        });
      });
      outgoing.on("error", (error) => resolve({ isCut: true, body: error.message }));
      if (hasBody) outgoing.write("a part");
      else outgoing.end();
    });
  return { ask, close: () => agent.destroy() };
}

function http2Client({ ip, port }: Door): Client {
  const session = http2.connect(`http://${ip}:${port}`);
  session.on("error", () => {});
  const ask = (method: string, path: string) =>
    new Promise<Answer>((resolve) => {
      const hasBody = method === "POST";
      const stream = session.request(
        { ":method": method, ":path": path, ":authority": HOST },
        { endStream: !hasBody },
      );
      if (hasBody) stream.write("a part");
      let head: http2.IncomingHttpHeaders & http2.IncomingHttpStatusHeader = {};
      let body = "";
      stream.on("response", (fields) => {
        head = fields;
      });
      stream.setEncoding("latin1").on("data", (data: string) => {
        body += data;
      });
      stream.on("error", () => {});
      stream.on("end", () => {
        if (hasBody && stream.rstCode === 0) stream.close(http2.constants.NGHTTP2_CANCEL);
      });
      stream.on("close", () => {
        const isCut = !stream.readableEnded || (stream.rstCode !== 0 && !hasBody);
        resolve({ status: head[":status"], code: head["x-ebb-error"]?.toString(), body, isCut });
      });
    });
  return { ask, close: () => session.destroy() };
}

const CLIENTS = { "HTTP/1.1": http1Client, "HTTP/2": http2Client };

/** What the client must see. */
const WANTED: Readonly<Record<string, Answer & { readonly method?: string }>> = {
  good: { status: 200, body: "good 1" },
  silent: { status: 504, code: "timeout-response-start", body: "request timeout" },
  "closes-at-once": { status: 502, code: "upstream-closed" },
  "resets-at-once": { status: 502, code: "upstream-reset" },
  "dies-in-the-head": { status: 502, code: "upstream-malformed" },
  "dies-in-a-length": { status: 200, body: "half", isCut: true },
  "resets-in-a-length": { isCut: true },
  "dies-in-a-chunk": { status: 200, body: "half", isCut: true },
  "dies-between-chunks": { status: 200, body: "half", isCut: true },
  "dies-in-the-trailers": { status: 200, body: "half", isCut: true },
  "sends-a-bad-chunk": { status: 200, isCut: true },
  "sends-garbage": { status: 502, code: "upstream-malformed" },
  "sends-a-bad-status": { status: 502, code: "upstream-malformed" },
  "sends-two-lengths": { status: 502, code: "upstream-malformed" },
  "sends-an-endless-head": { status: 502, code: "upstream-malformed" },
  "switches-unasked": { status: 502, code: "upstream-upgrade" },
  "answers-early": { status: 413, body: "early", method: "POST" },
  "answers-early-and-ends": { status: 413, body: "early", method: "POST" },
  "answers-early-and-resets": { status: 413, body: "early", method: "POST" },
  "answers-twice": { status: 200, body: "good 1" },
  "answers-again-later": { status: 200, body: "good 1" },
  "sends-more-than-it-said": { status: 200, body: "good 1" },
  "answers-HEAD-with-a-body": { status: 200, body: "", method: "HEAD" },
  "answers-204-with-a-body": { status: 204, body: "" },
  "answers-304-with-a-body": { status: 304, body: "" },
};

const SILENT = "silent";
/** Nobody could tell its late words from an answer if another request were on that connection by then. */
const ALONE = "answers-again-later";

test("each fault that an application can play is one that is judged", () => {
  assert.deepEqual(Object.keys(WANTED).sort(), Object.keys(FAULTS).sort());
});

async function judge(client: Client, name: string): Promise<string[]> {
  const { method = "GET", isCut = false, ...wanted } = WANTED[name] ?? {};
  const answer = await client.ask(method, `/${name}/1`);
  const wrong = (Object.keys(wanted) as (keyof typeof wanted)[])
    .filter((field) => answer[field] !== wanted[field])
    .map((field) => `${name}: ${field} ${answer[field]}, not ${wanted[field]}`);
  if (answer.isCut !== isCut)
    wrong.push(`${name}: ${JSON.stringify(answer)} must ${isCut ? "" : "not "}be cut`);
  for (const id of ["2", "3"]) {
    await pause(50);
    const next = await client.ask("GET", `/good/${id}`);
    if (next.body !== `good ${id}`) wrong.push(`after ${name}: ${JSON.stringify(next)}`);
  }
  return wrong;
}

for (const [door, open] of Object.entries(DOORS)) {
  for (const [version, connect] of Object.entries(CLIENTS)) {
    // Alone in its pod a queue-proxy speaks to the application as its client speaks to it (spec Q-011).
    if (door === "lone queue-proxy" && version === "HTTP/2") continue;
    test(`faults of the application behind the ${door}, for a client of ${version}`, async (context) => {
      const [patient, hasty] = [await open(context, PATIENT), await open(context, HASTY)];
      const judgeOne = async (name: string) => {
        const client = connect(name === SILENT ? hasty : patient);
        try {
          return await judge(client, name);
        } finally {
          client.close();
        }
      };
      const others = Object.keys(WANTED).filter((name) => name !== ALONE);
      const wrong = await Promise.all(others.map(judgeOne));
      assert.deepEqual([...wrong.flat(), ...(await judgeOne(ALONE))], []);
    });
  }
}

/** What a client of HTTP/2 may see of an application that speaks it too. */
const BROKEN = { status: 502, codes: ["upstream-closed", "upstream-reset"] };
const CUT = { status: 200, body: "half", isCut: true };
const WANTED_OF_HTTP2: Readonly<Record<string, Answer & { readonly codes?: readonly string[] }>> = {
  good: { status: 200, body: "good 1" },
  "resets-the-stream": { status: 502, codes: ["upstream-reset"] },
  "closes-at-once": BROKEN,
  "resets-the-connection": BROKEN,
  "sends-no-frames": { status: 502, codes: ["upstream-malformed"] },
  "says-goodbye-and-closes": BROKEN,
  "resets-in-the-body": CUT,
  "closes-in-the-body": CUT,
  "ends-before-its-length": CUT,
};

test("faults of an application of HTTP/2 behind the lone queue-proxy", async (context) => {
  assert.deepEqual(Object.keys(WANTED_OF_HTTP2).sort(), Object.keys(HTTP2_FAULTS).sort());
  const { ip } = await startLoneQueueProxy(context, undefined, { env: PATIENT });
  await faultyHttp2Application(context, { ip, port: 8080 });
  const client = http2Client({ ip, port: 8012 });
  context.after(() => client.close());
  for (const [name, { codes, ...wanted }] of Object.entries(WANTED_OF_HTTP2)) {
    const { code, ...answer } = await client.ask("GET", `/${name}/1`);
    assert.deepEqual({ ...answer, ...(codes && { body: "" }) }, { isCut: false, body: "", ...wanted }, name);
    if (codes) assert.ok(codes.includes(code ?? ""), `${name}: ${code}`);
    const next = await client.ask("GET", "/good/2");
    assert.equal(next.body, "good 2", `after ${name}: ${JSON.stringify(next)}`);
  }
});
