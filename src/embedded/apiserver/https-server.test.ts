import assert from "node:assert/strict";
import { mkdtempSync, rmSync, statSync } from "node:fs";
import { request } from "node:https";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { startHttpsApi } from "../../../test/support/https-api.ts";
import { type Clock, systemClock } from "../../base/clock.ts";
import { silentLog } from "../../base/log.ts";
import { systemRandom } from "../../base/random.ts";
import { parseKubeconfig } from "../../kube/kubeconfig.ts";
import { ApiServer } from "./api-server.ts";
import { type Credentials, loadCredentials, writeKubeconfig } from "./credentials.ts";
import { type RunningHttpsServer, startHttpsServer } from "./https-server.ts";
import { SqliteStorage } from "./storage/sqlite-storage.ts";
import { testKinds } from "./test-kinds.ts";
import { userKubeconfig } from "./user-kubeconfig.ts";

const folder = mkdtempSync(join(tmpdir(), "ebb-https-"));
const storage = new SqliteStorage({ path: join(folder, "state.db") });
const common = { clock: systemClock, random: systemRandom, log: silentLog };
const apiServer = new ApiServer({ ...common, storage, kinds: testKinds });
let credentials: Credentials;
let front: RunningHttpsServer;

before(async () => {
  ({ front, credentials } = await startHttpsApi({ apiServer, folder }));
  await call("POST", "/api/v1/namespaces", { body: { metadata: { name: "default" } } });
});

after(async () => {
  await front.close();
  await apiServer.stop();
  rmSync(folder, { recursive: true });
});

interface Answer {
  readonly status: number;
  readonly body: string;
}

interface CallOptions {
  readonly body?: unknown;
  readonly token?: string | null;
  readonly raw?: string;
  readonly onLine?: (line: string) => boolean;
  readonly client?: { readonly cert: string; readonly key: string };
}

/** `onLine` returning true ends the call. */
function call(method: string, path: string, options: CallOptions = {}): Promise<Answer> {
  const token = options.token === undefined ? credentials.token : options.token;
  const headers: Record<string, string> = { "content-type": "application/json" };
  if (token !== null) headers.authorization = `Bearer ${token}`;
  return new Promise((resolve, reject) => {
    const { host, port } = front;
    const outgoing = request({
      host,
      port,
      path,
      method,
      headers,
      ca: credentials.caCertificate,
      agent: false,
      ...options.client,
    });
    outgoing.on("response", (incoming) => {
      let body = "";
      incoming.setEncoding("utf8");
      incoming.on("data", (chunk: string) => {
        body += chunk;
        const lines = body.split("\n").slice(0, -1);
        if (options.onLine && lines.some(options.onLine)) {
          outgoing.destroy();
          resolve({ status: incoming.statusCode ?? 0, body });
        }
      });
      incoming.on("end", () => resolve({ status: incoming.statusCode ?? 0, body }));
    });
    outgoing.on("error", reject);
    outgoing.end(options.raw ?? (options.body === undefined ? undefined : JSON.stringify(options.body)));
  });
}

const maps = "/api/v1/namespaces/default/configmaps";

test("a client that trusts the CA writes, reads and deletes over HTTPS", async () => {
  const created = await call("POST", maps, { body: { metadata: { name: "a" }, data: { x: "1" } } });
  assert.equal(created.status, 201);
  const read = await call("GET", `${maps}/a`);
  assert.deepEqual(JSON.parse(read.body), JSON.parse(created.body));
  const list = JSON.parse((await call("GET", maps)).body);
  assert.equal(list.kind, "ConfigMapList");
  assert.deepEqual(list.items[0].data, { x: "1" });
  assert.equal(list.items[0].kind, undefined);
  assert.equal(JSON.parse((await call("DELETE", `${maps}/a`)).body).status, "Success");
  assert.equal((await call("GET", `${maps}/a`)).status, 404);
});

test("spec E-215: no token is anonymous, a wrong one is refused, health and version are open", async () => {
  assert.equal((await call("GET", maps, { token: "wrong" })).status, 401);
  const anonymous = await call("GET", maps, { token: null });
  assert.equal(anonymous.status, 403);
  assert.match(anonymous.body, /User \\"system:anonymous\\" cannot list resource \\"configmaps\\"/);
  assert.equal((await call("GET", "/healthz", { token: null })).body, "ok");
  assert.equal((await call("GET", "/version", { token: null })).status, 200);
});

test("a watch streams events as they become durable", async () => {
  const names: string[] = [];
  const watching = call("GET", `${maps}?watch=true&resourceVersion=0`, {
    onLine(line) {
      const event = JSON.parse(line);
      names.push(`${event.type} ${event.object.metadata.name}`);
      return event.type === "DELETED";
    },
  });
  await call("POST", maps, { body: { metadata: { name: "w" } } });
  await call("DELETE", `${maps}/w`);
  await watching;
  assert.ok(names.includes("ADDED w"));
  assert.ok(names.includes("DELETED w"));
});

test("a body over three MiB is refused with 413", async () => {
  const raw = JSON.stringify({ metadata: { name: "big" }, data: { x: "y".repeat(3 * 1024 * 1024) } });
  const answer = await call("POST", maps, { raw }).catch(() => undefined);
  assert.ok(answer === undefined || answer.status === 413);
  assert.equal((await call("GET", `${maps}/big`)).status, 404);
});

test("keys are made once and are readable by their owner alone, as is the kubeconfig", async () => {
  assert.deepEqual(loadCredentials({ folder, ...common }), credentials);
  assert.equal(statSync(join(folder, "api-credentials.json")).mode & 0o777, 0o600);
  const path = join(folder, "kubeconfig");
  writeKubeconfig({ path, url: front.url, credentials });
  assert.equal(statSync(path).mode & 0o777, 0o600);
});

test("a taken port is named in one sentence", async () => {
  const address = { host: "127.0.0.1", port: front.port };
  await assert.rejects(startHttpsServer({ apiServer, address, credentials, ...common }), {
    code: "api-port-unusable",
    message: `cannot serve the API on 127.0.0.1:${front.port}: another process listens there; choose another port with --api-port (0 = any free one)`,
  });
});

test("spec E-215: a user's kubeconfig names its bearer, and one of another authority nobody", async () => {
  const user = { name: 'jane "the user"', groups: ["system:masters", "devs"], validDays: 1 };
  const path = "/apis/authentication.k8s.io/v1/selfsubjectreviews";
  const ask = async (from: Credentials) => {
    const text = userKubeconfig(user, { url: front.url, credentials: from }, common);
    const { server, clientCertificate = "", clientKey = "" } = parseKubeconfig(text, String);
    assert.equal(server, front.url);
    const client = { cert: clientCertificate, key: clientKey };
    return call("POST", path, { body: {}, token: null, client });
  };
  const { status, body } = await ask(credentials);
  assert.equal(status, 201);
  assert.deepEqual(JSON.parse(body).status.userInfo, {
    username: 'jane "the user"',
    groups: ["system:masters", "devs", "system:authenticated"],
  });
  const stranger = loadCredentials({ folder: join(folder, "stranger"), ...common });
  assert.equal((await ask(stranger)).status, 403);
  const { caKey: _, ...older } = credentials;
  await assert.rejects(ask(older), { code: "no-authority-key" });
});

test("spec E-215: a user's kubeconfig ends with its days", async () => {
  const yesterday: Clock = { ...systemClock, wall: () => Date.now() - 25 * 60 * 60 * 1000 };
  const text = userKubeconfig(
    { name: "jane", groups: [], validDays: 1 },
    { url: front.url, credentials },
    { ...common, clock: yesterday },
  );
  const { clientCertificate = "", clientKey = "" } = parseKubeconfig(text, String);
  const client = { cert: clientCertificate, key: clientKey };
  assert.equal((await call("GET", "/api/v1/namespaces", { token: null, client })).status, 403);
});
