import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { once } from "node:events";
import { writeFileSync } from "node:fs";
import { Agent, type RequestOptions, request } from "node:https";
import { createServer } from "node:net";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { setTimeout as pause } from "node:timers/promises";
import { connect } from "node:tls";
import { promisify } from "node:util";
import { ClusterDomainClaimKind } from "../../src/api/cluster-domain-claim/kind.ts";
import { DomainMappingKind } from "../../src/api/domain-mapping/kind.ts";
import { EndpointsKind } from "../../src/api/endpoints/kind.ts";
import { IngressKind } from "../../src/api/ingress/kind.ts";
import { NamespaceKind } from "../../src/api/namespace/kind.ts";
import { SecretKind } from "../../src/api/secret/kind.ts";
import { ServiceKind } from "../../src/api/service/kind.ts";
import { testAuthority } from "../support/certificates.ts";
import {
  addImage,
  Command,
  type Engine,
  engineUp,
  get,
  program,
  readyUrl,
  removeFolder,
  service,
  temporaryFolder,
  until,
} from "../support/engine.ts";

/** Domains of one's own over https: the command's own port, real clients, Secrets that change (spec C-071, G-016). */

const folder = temporaryFolder("https");
const authority = testAuthority();
const caFile = join(folder, "ca.pem");
let engine: Engine;

/** Says which pod answered, and echoes what comes behind an upgrade. */
const HELLO = `
const server = require("node:http").createServer((request, response) => {
  response.end(process.env.K_REVISION + " " + request.headers["x-forwarded-proto"]);
});
server.on("upgrade", (request, socket) => {
  socket.write("HTTP/1.1 101 Switching Protocols\\r\\nConnection: Upgrade\\r\\nUpgrade: echo\\r\\n\\r\\n");
  socket.pipe(socket);
});
server.listen(process.env.PORT);
process.on("SIGTERM", () => server.close(() => process.exit(0)));
`;
let port: string;

before(async () => {
  writeFileSync(caFile, authority.certificate);
  engine = await engineUp({ home: join(folder, "home") });
  ({ port } = new URL(engine.ready.gatewayTls));
  await addImage(engine.home, "hello", program(folder, HELLO));
  const annotations = { "autoscaling.knative.dev/min-scale": "1" };
  await engine.client.create(ServiceKind, service("hello", { image: "hello", annotations }));
  await readyUrl(engine.client, "hello");
});

after(async () => {
  await engine.stop();
  removeFolder(folder);
});

function tlsData(host: string): Record<string, string> {
  const { cert, key } = authority.issue([host]);
  return { "tls.crt": btoa(cert), "tls.key": btoa(key) };
}

async function putSecret(name: string, host: string): Promise<void> {
  const metadata = { namespace: "default", name };
  await engine.client.create(SecretKind, { metadata, type: "kubernetes.io/tls", data: tlsData(host) });
}

async function map(host: string, secretName: string, annotations = {}): Promise<void> {
  await engine.client.create(ClusterDomainClaimKind, {
    metadata: { name: host },
    spec: { namespace: "default" },
  });
  const ref = { kind: "Service", name: "hello", apiVersion: "serving.knative.dev/v1" };
  const metadata = { namespace: "default", name: host, annotations };
  await engine.client.create(DomainMappingKind, { metadata, spec: { ref, tls: { secretName } } });
}

async function conditionsOf(host: string) {
  const { status } = await engine.client.get(DomainMappingKind, { namespace: "default", name: host });
  return Object.fromEntries((status?.conditions ?? []).map((one) => [one.type, one.status]));
}

async function ready(host: string): Promise<void> {
  await until(`${host} is Ready`, async () =>
    (await conditionsOf(host)).Ready === "True" ? true : undefined,
  );
}

/** What curl answers, with its exit code instead of an exception. */
async function curl(host: string, ...options: string[]): Promise<string> {
  const at = ["--resolve", `${host}:${port}:127.0.0.1`, `https://${host}:${port}/cart`];
  const args = ["-sS", "--max-time", "10", "-w", " %{http_code} %{http_version}", ...options, ...at];
  const run = promisify(execFile)("curl", args);
  return run.then(
    ({ stdout }) => stdout,
    ({ code, stderr }) => `exit ${code} ${stderr}`,
  );
}

/** The certificate that a client is shown who asks by that name. */
async function serialOf(host: string): Promise<string> {
  const socket = connect({
    host: "127.0.0.1",
    port: Number(port),
    servername: host,
    ca: authority.certificate,
  });
  await once(socket, "secureConnect");
  const { serialNumber } = socket.getPeerCertificate();
  socket.destroy();
  return serialNumber;
}

test("two domains answer over https in HTTP/1.1 and HTTP/2, each with its own certificate", async () => {
  for (const name of ["shop", "news"]) {
    await putSecret(name, `${name}.example.org`);
    await map(`${name}.example.org`, name);
  }
  for (const host of ["shop.example.org", "news.example.org"]) {
    await ready(host);
    assert.match(await curl(host, "--cacert", caFile, "--http1.1"), /^hello-00001 https 200 1\.1$/);
    assert.match(await curl(host, "--cacert", caFile, "--http2"), /^hello-00001 https 200 2$/);
  }
  assert.notEqual(await serialOf("shop.example.org"), await serialOf("news.example.org"));
  assert.match(await curl("other.example.org", "-k"), /^exit 35 .*handshake failure/);
  const { status } = await engine.client.get(DomainMappingKind, {
    namespace: "default",
    name: "shop.example.org",
  });
  assert.match(status?.url ?? "", /^https:\/\/shop\.example\.org/);
});

test("a connection can be upgraded over https", async () => {
  const host = "shop.example.org";
  const headers = { host, connection: "Upgrade", upgrade: "echo" };
  const options = { host: "127.0.0.1", port, servername: host, headers, agent: false };
  const outgoing = request({ ...options, ca: authority.certificate }).end();
  const [, socket] = await once(outgoing, "upgrade");
  socket.write("there and back");
  assert.equal(String((await once(socket, "data"))[0]), "there and back");
  socket.destroy();
});

test("a mapping whose Secret is missing is Ready as soon as there is one, and answers plain HTTP until then", async () => {
  const host = "late.example.org";
  await map(host, "late", { "networking.knative.dev/http-protocol": "redirected" });
  const plain = `http://${host}:${new URL(engine.ready.gateway).port}/cart`;
  await until("the rules are in force", async () =>
    (await get(plain, { at: "127.0.0.1" })).status === 200 ? true : undefined,
  );
  assert.equal((await conditionsOf(host)).Ready, "Unknown");
  await until("it is told", () =>
    engine.command.stderr.includes("Secret default/late is missing") ? true : undefined,
  );
  await putSecret("late", host);
  await ready(host);
  assert.match(await curl(host, "--cacert", caFile), /^hello-00001 https /);
  const redirect = await get(plain, { at: "127.0.0.1" });
  assert.deepEqual([redirect.status, redirect.headers.location], [301, `https://${host}:${port}/cart`]);
});

test("a host of the cluster is served over https by the inner gateway alone, from a Secret of any namespace", async () => {
  const host = "inner.default.svc.cluster.local";
  await engine.client.create(NamespaceKind, { metadata: { name: "vault" }, spec: {} });
  const metadata = { namespace: "vault", name: "inner" };
  await engine.client.create(SecretKind, { metadata, type: "kubernetes.io/tls", data: tlsData(host) });
  const split = {
    serviceNamespace: "default",
    serviceName: "hello-00001",
    servicePort: 80,
    percent: 100,
    appendHeaders: {
      "Knative-Serving-Namespace": "default",
      "Knative-Serving-Revision": "hello-00001",
    },
  };
  await engine.client.create(IngressKind, {
    metadata: {
      namespace: "default",
      name: "inner",
      annotations: { "networking.knative.dev/ingress.class": "ebb.ingress.networking.knative.dev" },
    },
    spec: {
      rules: [{ hosts: [host], visibility: "ClusterLocal", http: { paths: [{ splits: [split] }] } }],
      tls: [{ hosts: [host], secretNamespace: "vault", secretName: "inner" }],
    },
  });
  await until("the Ingress is Ready", async () => {
    const { status } = await engine.client.get(IngressKind, { namespace: "default", name: "inner" });
    const isReady = status?.conditions?.some((one) => one.type === "Ready" && one.status === "True");
    return isReady ? true : undefined;
  });
  const key = { namespace: "knative-serving", name: "gateway-internal" };
  const { subsets } = await engine.client.get(EndpointsKind, key);
  const [{ addresses, ports } = {}] = subsets ?? [];
  const inside = { host: addresses?.[0]?.ip ?? "", port: ports?.find(({ name }) => name === "https")?.port };
  assert.equal(await ask(host, false, inside), "status 200");
  assert.equal(await ask(host, false), "status 404");
});

/** Keeps asking on kept and on new connections; returns how often each answer came. */
async function load(host: string, over: () => boolean): Promise<Record<string, number>> {
  const answers: Record<string, number> = {};
  const kept = new Agent({ keepAlive: true, ca: authority.certificate });
  const lane = async (agent: Agent | false) => {
    while (!over()) {
      const answer = await ask(host, agent);
      answers[answer] = (answers[answer] ?? 0) + 1;
    }
  };
  await Promise.all([lane(kept), lane(kept), lane(false), lane(false)]);
  kept.destroy();
  return answers;
}

function ask(
  host: string,
  agent: Agent | false,
  at: RequestOptions = { host: "127.0.0.1", port },
): Promise<string> {
  return new Promise((resolve) => {
    const options = { ...at, servername: host, headers: { host }, agent };
    const outgoing = request({ ...options, ca: authority.certificate }, (response) => {
      response.resume();
      response.once("end", () => resolve(`status ${response.statusCode}`));
      response.once("error", (error) => resolve(`cut: ${error.message}`));
    });
    outgoing.once("error", (error) => resolve(`lost: ${error.message}`));
    outgoing.end();
  });
}

test("under load no request is lost when the Secret changes and when the data plane is replaced", async () => {
  const host = "shop.example.org";
  let isOver = false;
  const answers = load(host, () => isOver);
  const seen = new Set([await serialOf(host)]);
  for (let change = 0; change < 3; change++) {
    const key = { namespace: "default", name: "shop" };
    await engine.client.patch(SecretKind, key, { type: "merge", body: { data: tlsData(host) } });
    await until("the new certificate", async () => (seen.has(await serialOf(host)) ? undefined : true));
    seen.add(await serialOf(host));
  }
  process.kill(engine.pid, "SIGUSR2");
  await until("the replacement", () =>
    /^replaced the data/m.test(engine.command.stderr) ? true : undefined,
  );
  await pause(300);
  assert(seen.has(await serialOf(host)));
  isOver = true;
  const counts = await answers;
  assert.deepEqual(Object.keys(counts), ["status 200"], JSON.stringify(counts));
  assert.equal(seen.size, 4);
});

test("a Secret that is spoilt leaves the certificate before it in service, and is told", async () => {
  const host = "news.example.org";
  const before = await serialOf(host);
  const { "tls.key": stranger } = tlsData(host);
  const body = { data: { "tls.key": stranger } };
  await engine.client.patch(SecretKind, { namespace: "default", name: "news" }, { type: "merge", body });
  await until("it is told", () =>
    engine.command.stderr.includes("Secret default/news has no certificate and key") ? true : undefined,
  );
  assert.equal(await serialOf(host), before);
});

test("where the usual port is taken, and nobody asked for it, another one is found", async () => {
  const squatter = createServer();
  // Taken by somebody else is as good.
  await new Promise<void>((resolve) =>
    squatter.once("error", () => resolve()).listen(8443, "127.0.0.1", resolve),
  );
  const args = ["up", "--home", join(folder, "second"), "--http-port", "0", "--api-port", "0", "-o", "json"];
  const command = new Command({ args });
  const line = await until("the ready line", () =>
    command.stdout.includes("\n") ? command.stdout : undefined,
  );
  const { gatewayTls } = JSON.parse(line) as { gatewayTls: string };
  command.child.kill("SIGTERM");
  assert.equal((await command.ended).code, 0);
  squatter.close();
  assert.match(gatewayTls, /^https:\/\/127\.0\.0\.1:\d+$/);
  assert.notEqual(new URL(gatewayTls).port, "8443");
});
