import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { X509Certificate } from "node:crypto";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { promisify } from "node:util";
import { ConfigMapKind } from "../../src/api/config-map/kind.ts";
import { RouteKind } from "../../src/api/route/kind.ts";
import { SecretKind } from "../../src/api/secret/kind.ts";
import { ServiceKind } from "../../src/api/service/kind.ts";
import {
  addImage,
  type Engine,
  engineUp,
  program,
  readyUrl,
  removeFolder,
  service,
  temporaryFolder,
  until,
} from "../support/engine.ts";

/** Certificates by themselves: a Service's URL becomes https, and who trusts ca.crt believes it (spec C-046, C-054). */

const folder = temporaryFolder("auto-tls");
let engine: Engine;

before(async () => {
  engine = await engineUp({ home: join(folder, "home") });
  await addImage(engine.home, "hello", program(folder));
});

after(async () => {
  await engine.stop();
  removeFolder(folder);
});

async function configure(data: Record<string, string | null>): Promise<void> {
  const key = { namespace: "knative-serving", name: "config-network" };
  await engine.client.patch(ConfigMapKind, key, { type: "merge", body: { data } });
}

async function urlThat(fits: RegExp): Promise<string> {
  return until(`a URL like ${fits}`, async () => {
    const { status } = await engine.client.get(ServiceKind, { namespace: "default", name: "hello" });
    const isReady = status?.conditions?.some(({ type, status: is }) => type === "Ready" && is === "True");
    return isReady && fits.test(status?.url ?? "") ? status?.url : undefined;
  });
}

/** Status and version, or why not. */
function curl(url: string, ...options: string[]): Promise<string> {
  const args = ["-sS", "--max-time", "10", "-o", "/dev/null", "-w", "%{http_code} %{http_version}"];
  const { hostname, port } = new URL(url);
  const at = ["--resolve", `${hostname}:${port}:127.0.0.1`];
  return promisify(execFile)("curl", [...args, ...at, ...options, url]).then(
    ({ stdout }) => stdout,
    ({ code }) => `exit ${code}`,
  );
}

test("with external-domain-tls a Service's URL is https, for those who trust the engine's authority alone", async () => {
  await engine.client.create(ServiceKind, service("hello", { image: "hello" }));
  await readyUrl(engine.client, "hello");
  assert.match(await urlThat(/^http:/), /^http:\/\/hello\.default\.localhost:\d+$/);
  await configure({ "external-domain-tls": "enabled" });
  const url = await urlThat(/^https:/);
  assert.equal(new URL(url).port, new URL(engine.ready.gatewayTls).port);
  assert.equal(await curl(url, "--cacert", engine.ready.authority), "200 2");
  assert.equal(await curl(url, "--cacert", engine.ready.authority, "--http1.1"), "200 1.1");
  // 60 is curl's "not trusted".
  assert.equal(await curl(url), "exit 60");
  const plain = `http://hello.default.localhost:${new URL(engine.ready.gateway).port}`;
  assert.equal(await curl(plain), "200 1.1");
});

test("with http-protocol redirected plain HTTP is sent there, and the Route stays ready", async () => {
  await configure({ "http-protocol": "redirected" });
  const plain = `http://hello.default.localhost:${new URL(engine.ready.gateway).port}`;
  await until("a redirect", async () => ((await curl(plain)) === "301 1.1" ? true : undefined));
  const url = await urlThat(/^https:/);
  assert.equal(await curl(plain, "-L", "--cacert", engine.ready.authority), "200 2");
  assert.equal(await curl(url, "--cacert", engine.ready.authority), "200 2");
});

test("switched off again, the Service is http as before", async () => {
  await configure({ "external-domain-tls": null, "http-protocol": null });
  const url = await urlThat(/^http:/);
  assert.equal(await curl(url), "200 1.1");
  const { status } = await engine.client.get(RouteKind, { namespace: "default", name: "hello" });
  const told = status?.conditions?.find(({ type }) => type === "CertificateProvisioned");
  assert.equal(told?.message, "external-domain-tls is not enabled");
});

test("with system-internal-tls a new revision mounts its namespace's certificate, and serves (C-030)", async () => {
  await configure({ "system-internal-tls": "enabled" });
  await engine.client.create(ServiceKind, service("inner", { image: "hello" }));
  assert.equal(await curl(await readyUrl(engine.client, "inner")), "200 1.1");
  const secret = await engine.client.get(SecretKind, { namespace: "default", name: "serving-certs" });
  const { subjectAltName } = new X509Certificate(Buffer.from(secret.data?.["tls.crt"] ?? "", "base64"));
  assert.equal(subjectAltName, "DNS:kn-user-default, DNS:data-plane.knative.dev");
});
