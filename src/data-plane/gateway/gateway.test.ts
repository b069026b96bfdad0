import assert from "node:assert/strict";
import { test } from "node:test";
import { testAuthority } from "../../../test/support/certificates.ts";
import type { IngressSpec } from "../../api/ingress/kind.ts";
import { Cancel } from "../../base/cancel.ts";
import { systemClock } from "../../base/clock.ts";
import { silentLog } from "../../base/log.ts";
import { seededRandom } from "../../base/random.ts";
import { httpFetch } from "../../http/fetch.ts";
import { HeaderBlock } from "../../http/header-block.ts";
import { inProcessUpstream } from "../../http/in-process-upstream.ts";
import type { Handler } from "../../http/message.ts";
import { systemNetwork } from "../../http/network.ts";
import { EMPTY_BODY } from "../../http/received-body.ts";
import { respondWith } from "../../http/responses.ts";
import { UpstreamError, type UpstreamObserver } from "../../http/upstream.ts";
import { addressText } from "../backend.ts";
import { Certificates } from "./certificates.ts";
import { Gateway } from "./gateway.ts";
import { hostRules } from "./ingress-rules.ts";

/** Hosts that are rewritten, Services that stand for names, redirects: gateway and rules without sockets. */

const clock = systemClock;
const network = systemNetwork(clock);
const LOCAL = "hello.default.svc.cluster.local";

/** Answers with what it was asked, and where. */
function echo(address: string): Handler {
  return (exchange) => {
    const { request } = exchange;
    const names = ["host", "k-original-host", "x-forwarded-for", "x-forwarded-host", "k-network-hash", "tag"];
    const seen = Object.fromEntries(names.map((name) => [name, request.headers.all(name).join("|")]));
    const headers = new HeaderBlock();
    respondWith(exchange, {
      status: 200,
      headers,
      body: JSON.stringify({ address, target: request.target, ...seen }),
    });
  };
}

function gatewayWith(...ingresses: readonly { spec: IngressSpec; hash: string }[]): Gateway {
  const upstreamFor = (backend: { ip: string; port: number }) =>
    inProcessUpstream(echo(addressText(backend)), { remoteAddress: "" });
  const gateway = new Gateway({ random: seededRandom(1), log: silentLog, upstreamFor });
  for (const { spec, hash } of ingresses) gateway.routes.set(hash, hostRules(spec, hash, "cluster.local"));
  return gateway;
}

const split = { serviceNamespace: "default", serviceName: "hello", servicePort: 80, percent: 100 };

const mapping = {
  hash: "of-mapping",
  spec: {
    rules: [
      {
        hosts: ["shop.example.org"],
        visibility: "ExternalIP",
        http: {
          paths: [
            {
              rewriteHost: LOCAL,
              splits: [{ ...split, appendHeaders: { "K-Original-Host": "shop.example.org" } }],
            },
          ],
        },
      },
    ],
  } satisfies IngressSpec,
};

const route = {
  hash: "of-route",
  spec: {
    rules: [
      {
        hosts: [LOCAL],
        visibility: "ClusterLocal",
        http: { paths: [{ splits: [{ ...split, serviceName: "hello-00001" }] }] },
      },
    ],
  } satisfies IngressSpec,
};

function standFor(gateway: Gateway, name: string, externalName: string): void {
  gateway.backends.setService({
    namespace: "default",
    name,
    externalName,
    ports: [{ name: "http2", port: 80 }],
  });
}

function serve(gateway: Gateway, name: string, ip: string): void {
  gateway.backends.setService({ namespace: "default", name, ports: [{ name: "http", port: 80 }] });
  gateway.backends.setEndpoints("default", name, [{ name: "http", backends: [{ ip, port: 8012 }] }]);
}

async function ask(gateway: Gateway, host: string, more: { target?: string; headers?: string[] } = {}) {
  const upstream = inProcessUpstream(gateway.handler("public"), { remoteAddress: "10.0.0.9" });
  const answer = await httpFetch(
    { network, clock },
    {
      address: { ip: "unused", port: 1 },
      upstream,
      target: more.target ?? "/",
      headers: new HeaderBlock(["Host", host, ...(more.headers ?? [])]),
      timeoutMs: 2_000,
    },
  );
  const text = Buffer.from(answer.body).toString();
  return { ...answer, seen: answer.status === 200 ? JSON.parse(text) : text };
}

test("a mapped domain reaches the Service's pods under the Service's own name, in one pass through the rules", async () => {
  const gateway = gatewayWith(mapping, route);
  standFor(gateway, "hello", "gateway-internal.knative-serving.svc.cluster.local");
  serve(gateway, "hello-00001", "10.1.0.1");
  const { seen } = await ask(gateway, "shop.example.org", { target: "/cart?x=1" });
  assert.equal(seen.address, "10.1.0.1:8012");
  assert.equal(seen.target, "/cart?x=1");
  assert.equal(seen.host, LOCAL);
  assert.equal(seen["k-original-host"], "shop.example.org");
  assert.equal(seen["x-forwarded-host"], "shop.example.org");
  assert.equal(seen["x-forwarded-for"], "10.0.0.9");
});

test("its route probe is answered with the hash of the mapping, not of the Route behind it", async () => {
  const gateway = gatewayWith(mapping, route);
  standFor(gateway, "hello", "gateway-internal.knative-serving.svc.cluster.local");
  serve(gateway, "hello-00001", "10.1.0.1");
  const headers = ["K-Network-Probe", "probe", "K-Network-Hash", "override"];
  const { seen } = await ask(gateway, "shop.example.org", { headers });
  assert.equal(seen["k-network-hash"], "of-mapping");
});

test("a Service may stand for another Service of the cluster, or for a name outside", async () => {
  const gateway = gatewayWith(mapping);
  standFor(gateway, "hello", "other.default.svc.cluster.local");
  serve(gateway, "other", "10.1.0.2");
  assert.equal((await ask(gateway, "shop.example.org")).seen.address, "10.1.0.2:8012");
  standFor(gateway, "hello", "www.example.com");
  assert.equal((await ask(gateway, "shop.example.org")).seen.address, "www.example.com:80");
});

test("names that lead to one another in a circle end in a clear error", async () => {
  const gateway = gatewayWith(mapping);
  standFor(gateway, "hello", "other.default.svc.cluster.local");
  standFor(gateway, "other", "hello.default.svc.cluster.local");
  const around = await ask(gateway, "shop.example.org");
  assert.equal(around.status, 502);
  assert.equal(around.headers.get("x-ebb-error"), "name-loop");
  standFor(gateway, "hello", "gateway.knative-serving.svc.cluster.local");
  assert.equal((await ask(gateway, "shop.example.org")).status, 404);
});

test("plain HTTP is redirected where the Ingress says so and the host has a certificate", async () => {
  const redirected = (tls: NonNullable<IngressSpec["tls"]>) =>
    gatewayWith({ hash: "h", spec: { ...mapping.spec, httpOption: "Redirected", tls } });
  const secured = redirected([{ hosts: ["shop.example.org"], secretName: "s", secretNamespace: "default" }]);
  const answer = await ask(secured, "shop.example.org:8080", { target: "/cart?x=1" });
  assert.equal(answer.status, 301);
  assert.equal(answer.headers.get("location"), "https://shop.example.org/cart?x=1");
  for (const gateway of [secured, redirected([])]) serve(gateway, "hello", "10.1.0.3");
  const challenge = await ask(secured, "shop.example.org", { target: "/.well-known/acme-challenge/abc" });
  assert.equal(challenge.status, 200);
  const headers = ["K-Network-Probe", "probe", "K-Network-Hash", "override"];
  assert.equal((await ask(secured, "shop.example.org", { headers })).seen["k-network-hash"], "h");
  const plain = redirected([]);
  serve(plain, "hello", "10.1.0.3");
  assert.equal((await ask(plain, "shop.example.org")).status, 200);
});

test("a client that named the gateway's own port is redirected to its port for https", async () => {
  const tls = [{ hosts: ["shop.example.org"], secretName: "s", secretNamespace: "default" }];
  const gateway = gatewayWith({ hash: "h", spec: { ...mapping.spec, httpOption: "Redirected", tls } });
  const located = async (host: string) => {
    const upstream = inProcessUpstream(gateway.handler("public", { httpsPort: 8443 }), { remoteAddress: "" });
    const headers = new HeaderBlock(["Host", host]);
    const address = { ip: "unused", port: 1 };
    const answer = await httpFetch(
      { network, clock },
      { address, upstream, target: "/", headers, timeoutMs: 2_000 },
    );
    return answer.headers.get("location");
  };
  assert.equal(await located("shop.example.org:8080"), "https://shop.example.org:8443/");
  assert.equal(await located("shop.example.org"), "https://shop.example.org/");
});

test("without its certificate a host is not redirected, and its route probe has to wait", async () => {
  const certificates = new Certificates({ clock, log: silentLog });
  const tls = [{ hosts: ["shop.example.org"], secretName: "s", secretNamespace: "default" }];
  const spec = { ...mapping.spec, httpOption: "Redirected" as const, tls };
  const gateway = new Gateway({ ...gatewayWith().options, certificates });
  gateway.routes.set("h", hostRules(spec, "h", "cluster.local"));
  certificates.set("h", [{ hosts: ["shop.example.org"], secret: "default/s" }]);
  serve(gateway, "hello", "10.1.0.3");
  const headers = ["K-Network-Probe", "probe", "K-Network-Hash", "override"];
  assert.equal((await ask(gateway, "shop.example.org")).status, 200);
  const probe = await ask(gateway, "shop.example.org", { headers });
  assert.deepEqual([probe.status, probe.headers.get("x-ebb-error")], [503, "no-certificate"]);
  const { cert, key } = testAuthority().issue(["shop.example.org"]);
  const data = { "tls.crt": btoa(cert), "tls.key": btoa(key) };
  certificates.setSecret("default/s", data);
  assert.equal((await ask(gateway, "shop.example.org")).status, 301);
  assert.equal((await ask(gateway, "shop.example.org", { headers })).status, 200);
});

test("a Service whose only address refuses is told with that address", async () => {
  const refused = new UpstreamError("refused", "connection refused", { sent: false });
  const upstreamFor = () => ({
    send: (_request: unknown, observer: UpstreamObserver) => observer.failed(refused),
  });
  const gateway = new Gateway({ random: seededRandom(1), log: silentLog, upstreamFor });
  gateway.routes.set("h", hostRules(mapping.spec, "h", "cluster.local"));
  serve(gateway, "hello", "10.1.0.5");
  const answer = await ask(gateway, "shop.example.org");
  assert.equal(answer.status, 503);
  assert.match(answer.seen, /service default\/hello takes no connection at 10\.1\.0\.5:8012/);
});

test("headers of the path and then of the split overwrite what the client sent", async () => {
  const paths = [
    {
      headers: { "Knative-Serving-Tag": { exact: "blue" } },
      appendHeaders: { tag: "path" },
      splits: [split],
    },
    { splits: [{ ...split, appendHeaders: { tag: "split" } }], appendHeaders: { tag: "default" } },
  ];
  const rules = [{ hosts: ["shop.example.org"], visibility: "ExternalIP" as const, http: { paths } }];
  const gateway = gatewayWith({ hash: "h", spec: { rules } });
  serve(gateway, "hello", "10.1.0.4");
  const tagged = await ask(gateway, "shop.example.org", {
    headers: ["Knative-Serving-Tag", "blue", "Tag", "forged"],
  });
  assert.equal(tagged.seen.tag, "path");
  assert.equal((await ask(gateway, "shop.example.org", { headers: ["Tag", "forged"] })).seen.tag, "split");
});

test("the Service's port decides which HTTP its pods are spoken to with, whoever asks and even at zero", async () => {
  const spoken: string[] = [];
  const upstreamFor = () =>
    inProcessUpstream(
      (exchange) => {
        spoken.push(exchange.request.version);
        respondWith(exchange, { status: 200 });
      },
      { remoteAddress: "" },
    );
  const fallback = { ip: "10.0.0.1", port: 8012 };
  const gateway = new Gateway({ random: seededRandom(1), log: silentLog, upstreamFor, fallback });
  const { spec, hash } = route;
  gateway.routes.set(hash, hostRules(spec, hash, "cluster.local"));
  const speak = async (version: "1.1" | "2", headers = new HeaderBlock()) => {
    headers.set("Host", LOCAL);
    headers.set("Knative-Serving-Revision", "hello-00001");
    await new Promise<void>((resolve, reject) => {
      inProcessUpstream(gateway.handler("private"), { remoteAddress: "10.0.0.9" }).send(
        { head: { method: "GET", target: "/", version, headers }, body: EMPTY_BODY, cancel: new Cancel() },
        { interim() {}, response: () => resolve(), upgraded() {}, failed: reject },
      );
    });
    return spoken.pop();
  };
  const service = { namespace: "default", name: "hello-00001" };
  const backend = { ip: "10.0.0.2", port: 8013 };
  gateway.backends.setService({ ...service, ports: [{ name: "http2", port: 80, http2: true }] });
  assert.equal(await speak("1.1"), "2");
  gateway.backends.setEndpoints("default", service.name, [
    { name: "http2", backends: [{ ...backend, http2: true }] },
  ]);
  assert.equal(await speak("1.1"), "2");
  assert.equal(await speak("1.1", new HeaderBlock(["Connection", "Upgrade", "Upgrade", "websocket"])), "1.1");
  gateway.backends.setService({ ...service, ports: [{ name: "http", port: 80 }] });
  gateway.backends.setEndpoints("default", service.name, [{ name: "http", backends: [backend] }]);
  assert.equal(await speak("2"), "1.1");
});
