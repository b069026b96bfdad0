import assert from "node:assert/strict";
import { test } from "node:test";
import { PaperIssuer, paperOf } from "../sim/paper-issuer.ts";
import { type Certificate, CertificateKind } from "../src/api/certificate/kind.ts";
import { ClusterDomainClaimKind } from "../src/api/cluster-domain-claim/kind.ts";
import { DeploymentKind } from "../src/api/deployment/kind.ts";
import { DomainMappingKind } from "../src/api/domain-mapping/kind.ts";
import { EventKind } from "../src/api/event/kind.ts";
import { IngressKind } from "../src/api/ingress/kind.ts";
import { NamespaceKind } from "../src/api/namespace/kind.ts";
import { RevisionKind } from "../src/api/revision/kind.ts";
import { RouteKind } from "../src/api/route/kind.ts";
import { SecretKind } from "../src/api/secret/kind.ts";
import { ServiceKind } from "../src/api/service/kind.ts";
import { ControllersWorld } from "./support/controllers-world.ts";

/** What Routes, DomainMappings and namespaces make of certificates (spec C-030, C-053…C-055, C-071, C-073). */

const key = { namespace: "default", name: "hello" };
const EBB = "ebb.certificate.networking.knative.dev";
const urlPorts = { http: 8080, https: 8443 };

interface Given {
  readonly network: Record<string, string>;
  readonly annotations?: Record<string, string>;
  readonly tags?: readonly string[];
  readonly labels?: Record<string, string>;
}

async function inWorld(given: Given, body: (world: ControllersWorld) => Promise<void>): Promise<void> {
  const choices = { certificateClass: EBB };
  const world = await ControllersWorld.start({ issuer: new PaperIssuer(), urlPorts, choices });
  try {
    await world.setConfig("config-domain", { "example.com": "" });
    await world.setConfig("config-network", given.network);
    await world.client.create(ServiceKind, {
      metadata: { ...key, annotations: given.annotations ?? {}, labels: given.labels ?? {} },
      spec: {
        template: { spec: { containers: [{ name: "user-container", image: "dev.local/hello" }] } },
        traffic: [
          { latestRevision: true, percent: 100 },
          ...(given.tags ?? []).map((tag) => ({ latestRevision: true, percent: 0, tag })),
        ],
      },
    });
    await world.clock.advance(3_000);
    await body(world);
  } finally {
    await world.stop();
  }
}

async function routeIn(world: ControllersWorld) {
  const { metadata, status = {} } = await world.client.get(RouteKind, key);
  const told = status.conditions?.find(({ type }) => type === "CertificateProvisioned");
  const words = [told?.status, told?.reason, told?.message].filter((text) => text !== undefined).join(" ");
  const ready = status.conditions?.find(({ type }) => type === "Ready")?.status;
  return {
    uid: metadata.uid,
    url: status.url,
    address: status.address?.url,
    traffic: status.traffic,
    words,
    ready,
  };
}

const certificatesIn = async (world: ControllersWorld) =>
  (await world.client.list(CertificateKind, { namespace: "default" })).items;

const tlsOf = async (world: ControllersWorld) =>
  (await world.client.get(IngressKind, key)).spec.tls?.map(({ hosts, secretName }) => [hosts, secretName]);

/** As a provider of another class would write it. */
async function judgeAs(
  world: ControllersWorld,
  ready: { status: "True" | "False" | "Unknown"; reason?: string },
  more: NonNullable<Certificate["status"]> = {},
): Promise<void> {
  for (const one of await certificatesIn(world)) {
    const at = { lastTransitionTime: "2030-01-01T00:00:00Z" };
    const conditions = [{ type: "Ready", ...ready, ...at }, ...(more.conditions ?? [])];
    const status = { ...more, observedGeneration: one.metadata.generation ?? 0, conditions };
    await world.server.clientFor("certificate-controller").updateStatus(CertificateKind, { ...one, status });
  }
  await world.clock.advance(2_000);
}

test("with external-domain-tls each public host gets a certificate, a Secret and https", () =>
  inWorld({ network: { "external-domain-tls": "enabled" }, tags: ["blue"] }, async (world) => {
    const { uid, url, traffic, words, ready, address } = await routeIn(world);
    assert.deepEqual(
      [url, traffic?.[1]?.url, address, words, ready],
      [
        "https://hello.default.example.com:8443",
        "https://blue-hello.default.example.com:8443",
        "http://hello.default.svc.cluster.local",
        "True",
        "True",
      ],
    );
    const service = await world.client.get(ServiceKind, key);
    assert.equal(service.status?.url, url);
    const names = [`route-${uid}-69140905`, `route-${uid}`];
    assert.deepEqual(await tlsOf(world), [
      [["blue-hello.default.example.com"], names[0]],
      [["hello.default.example.com"], names[1]],
    ]);
    const [, main] = await Promise.all(
      names.map((name) => world.client.get(CertificateKind, { namespace: "default", name })),
    );
    assert.deepEqual(main?.spec, {
      dnsNames: ["hello.default.example.com"],
      domain: "example.com",
      secretName: names[1],
    });
    assert.deepEqual(main?.metadata.labels, {
      "serving.knative.dev/route": "hello",
      "networking.knative.dev/certificate-type": "external-domain",
    });
    assert.equal(main?.metadata.ownerReferences?.[0]?.uid, uid);
    assert.equal(main?.status?.notAfter, "2030-04-01T00:00:00Z");
    const secret = await world.client.get(SecretKind, { namespace: "default", name: names[1] ?? "" });
    assert.equal(secret.type, "kubernetes.io/tls");
    assert.deepEqual(Object.keys(secret.data ?? {}).sort(), ["ca.crt", "tls.crt", "tls.key"]);
    assert.equal(
      secret.metadata.labels?.["networking.internal.knative.dev/certificate-uid"],
      main?.metadata.uid,
    );
  }));

test("certificates of a tag that is gone are deleted, and settled ones are written no more", () =>
  inWorld({ network: { "external-domain-tls": "enabled" }, tags: ["blue"] }, async (world) => {
    assert.equal((await certificatesIn(world)).length, 2);
    const service = await world.client.get(ServiceKind, key);
    const traffic = [{ latestRevision: true, percent: 100 }];
    await world.client.update(ServiceKind, { ...service, spec: { ...service.spec, traffic } });
    await world.clock.advance(5_000);
    const { uid } = await routeIn(world);
    assert.deepEqual(
      (await certificatesIn(world)).map(({ metadata }) => metadata.name),
      [`route-${uid}`],
    );
    await world.watchWrites();
    await world.clock.advance(60_000);
    assert.deepEqual(world.writes, []);
  }));

test("another domain changes the certificate in its place, which is told in an Event", () =>
  inWorld({ network: { "external-domain-tls": "enabled" } }, async (world) => {
    const { uid } = await routeIn(world);
    await world.setConfig("config-domain", { "example.org": "" });
    await world.clock.advance(5_000);
    const [certificate, ...others] = await certificatesIn(world);
    assert.deepEqual(others, []);
    assert.deepEqual(certificate?.spec.dnsNames, ["hello.default.example.org"]);
    assert.equal((await routeIn(world)).url, "https://hello.default.example.org:8443");
    const events = (await world.client.list(EventKind)).items;
    const updated = events.filter(({ reason }) => reason === "Updated").map(({ message }) => message);
    assert.deepEqual(updated, [`Updated Spec for Certificate default/route-${uid}`]);
  }));

test("with the Service go its certificates and their Secrets", () =>
  inWorld({ network: { "external-domain-tls": "enabled" }, tags: ["blue"] }, async (world) => {
    assert.equal((await world.client.list(SecretKind)).items.length, 2);
    await world.client.delete(ServiceKind, key);
    await world.clock.advance(5_000);
    assert.deepEqual(await certificatesIn(world), []);
    assert.deepEqual((await world.client.list(SecretKind)).items, []);
  }));

test("while nobody signs, http goes on: HTTPDowngrade, and no TLS in the Ingress", () =>
  inWorld(
    { network: { "external-domain-tls": "enabled", "certificate-class": "nobody.example.com" } },
    async (world) => {
      const { uid, url, words, ready } = await routeIn(world);
      assert.equal(url, "http://hello.default.example.com:8080");
      assert.equal(words, `True HTTPDowngrade Certificate route-${uid} is not ready downgrade HTTP.`);
      assert.deepEqual([ready, await tlsOf(world)], ["True", undefined]);
      await judgeAs(world, { status: "False", reason: "DoesNotExist" });
      assert.match((await routeIn(world)).words, /^True HTTPDowngrade /);
      await judgeAs(world, { status: "True" });
      assert.deepEqual([(await routeIn(world)).words, (await tlsOf(world))?.length], ["True", 1]);
    },
  ));

test("where http is redirected an unready certificate keeps the Route from being ready", () =>
  inWorld(
    {
      network: {
        "external-domain-tls": "enabled",
        "http-protocol": "redirected",
        "certificate-class": "nobody.example.com",
      },
    },
    async (world) => {
      const before = await routeIn(world);
      const { uid } = before;
      assert.deepEqual(
        [before.url, before.words, before.ready],
        [
          "https://hello.default.example.com:8443",
          `Unknown CertificateNotReady Certificate route-${uid} is not ready: `,
          "Unknown",
        ],
      );
      await judgeAs(world, { status: "Unknown", reason: "InProgress" });
      assert.equal(
        (await routeIn(world)).words,
        `Unknown CertificateNotReady Certificate route-${uid} is not ready: InProgress`,
      );
      await judgeAs(world, { status: "False", reason: "DoesNotExist" });
      assert.equal(
        (await routeIn(world)).words,
        `False CertificateProvisionFailed Certificate route-${uid} fails to be provisioned: DoesNotExist`,
      );
      await judgeAs(world, { status: "True" });
      const after = await routeIn(world);
      assert.deepEqual([after.words, after.ready], ["True", "True"]);
      assert.equal((await world.client.get(IngressKind, key)).spec.httpOption, "Redirected");
    },
  ));

test("challenges of an unready or renewing certificate lead the paths of their host", () =>
  inWorld(
    { network: { "external-domain-tls": "enabled", "certificate-class": "nobody.example.com" } },
    async (world) => {
      const http01Challenges = ["hello.default.example.com", "other.example.com"].map((host) => ({
        url: `http://${host}/.well-known/acme-challenge/token`,
        serviceName: "solver",
        serviceNamespace: "default",
        servicePort: 8089,
      }));
      const pathsOf = async () => {
        const { spec } = await world.client.get(IngressKind, key);
        return spec.rules?.map(({ http }) =>
          http?.paths.map(({ path, splits }) => [path, splits[0]?.serviceName]),
        );
      };
      const solving = ["/.well-known/acme-challenge/token", "solver"];
      await judgeAs(world, { status: "Unknown" }, { http01Challenges });
      const serving = [undefined, "hello-00001"];
      assert.deepEqual(await pathsOf(), [[serving], [solving, serving]]);
      await judgeAs(world, { status: "True" }, { http01Challenges });
      assert.deepEqual(await pathsOf(), [[serving], [serving]]);
      const renewing = {
        type: "Renewing",
        status: "True" as const,
        lastTransitionTime: "2030-01-01T00:00:00Z",
      };
      await judgeAs(world, { status: "True" }, { http01Challenges, conditions: [renewing] });
      assert.deepEqual(await pathsOf(), [[serving], [solving, serving]]);
    },
  ));

test("an annotation opts out, another chooses the class", async () => {
  const network = { "external-domain-tls": "enabled" };
  const off = { "networking.knative.dev/disable-external-domain-tls": "true" };
  await inWorld({ network, annotations: off }, async (world) => {
    const { words, url } = await routeIn(world);
    assert.equal(words, "True TLSNotEnabled external-domain-tls is not enabled");
    assert.equal(url, "http://hello.default.example.com:8080");
    assert.deepEqual(await certificatesIn(world), []);
  });
  const other = { "networking.knative.dev/certificate-class": "other.example.com" };
  await inWorld({ network, annotations: other }, async (world) => {
    const [certificate] = await certificatesIn(world);
    assert.equal(
      certificate?.metadata.annotations?.["networking.knative.dev/certificate.class"],
      "other.example.com",
    );
    assert.equal(certificate?.status?.conditions, undefined);
  });
});

test("a Route within the cluster has no public host to secure", () =>
  inWorld(
    {
      network: { "external-domain-tls": "enabled" },
      labels: { "networking.knative.dev/visibility": "cluster-local" },
    },
    async (world) => {
      const { words } = await routeIn(world);
      assert.equal(words, "True TLSNotEnabled TLS is not enabled for cluster-local");
      assert.deepEqual(await certificatesIn(world), []);
    },
  ));

test("with cluster-local-domain-tls the names within the cluster get one certificate, and the address https", () =>
  inWorld({ network: { "cluster-local-domain-tls": "enabled" }, tags: ["blue"] }, async (world) => {
    const { uid, url, address, words } = await routeIn(world);
    assert.deepEqual(
      [url, address, words],
      ["http://hello.default.example.com:8080", "https://hello.default.svc.cluster.local", "True"],
    );
    const hosts = ["hello.default", "hello.default.svc", "hello.default.svc.cluster.local"];
    const main = await world.client.get(CertificateKind, {
      namespace: "default",
      name: `route-${uid}-local`,
    });
    assert.deepEqual(main.spec, {
      dnsNames: hosts,
      domain: "svc.cluster.local",
      secretName: `route-${uid}-local`,
    });
    assert.equal(main.metadata.labels?.["networking.knative.dev/certificate-type"], "cluster-local-domain");
    assert.deepEqual((await tlsOf(world))?.[0], [hosts, `route-${uid}-local`]);
    assert.equal((await tlsOf(world))?.length, 2);
  }));

test("a certificate of someone else in the way is told, and left alone", () =>
  inWorld({ network: {} }, async (world) => {
    const { uid } = await routeIn(world);
    const name = `route-${uid}`;
    const spec = { dnsNames: ["elsewhere.example.com"], secretName: "elsewhere" };
    const annotations = { "networking.knative.dev/certificate.class": "other.example.com" };
    await world.client.create(CertificateKind, {
      metadata: { namespace: "default", name, annotations },
      spec,
    });
    await world.setConfig("config-network", { "external-domain-tls": "enabled" });
    await world.clock.advance(2_000);
    const { words, ready } = await routeIn(world);
    assert.equal(
      words,
      `False CertificateNotOwned There is an existing certificate ${name} that we don't own.`,
    );
    assert.equal(ready, "False");
    assert.deepEqual(
      (await certificatesIn(world)).map((one) => one.spec),
      [spec],
    );
  }));

test("a Certificate that the API refuses is told as a failed provision", () =>
  inWorld(
    {
      network: {
        "external-domain-tls": "enabled",
        "domain-template": "{{.Name}}.{{.Namespace}}.elsewhere.org",
      },
    },
    async (world) => {
      const { uid, words, ready } = await routeIn(world);
      assert.match(
        words,
        new RegExp(`^False CertificateProvisionFailed Certificate route-${uid} fails to be prov`),
      );
      assert.equal(ready, "False");
    },
  ));

test("a DomainMapping asks for a certificate and becomes https with it", () =>
  inWorld({ network: { "external-domain-tls": "enabled" } }, async (world) => {
    const name = "shop.example.org";
    await world.client.create(ClusterDomainClaimKind, { metadata: { name }, spec: { namespace: "default" } });
    const ref = {
      apiVersion: "serving.knative.dev/v1",
      kind: "Service",
      name: "hello",
      namespace: "default",
    };
    await world.client.create(DomainMappingKind, { metadata: { namespace: "default", name }, spec: { ref } });
    await world.clock.advance(3_000);
    const { status } = await world.client.get(DomainMappingKind, { namespace: "default", name });
    assert.deepEqual([status?.url, status?.address?.url], [`https://${name}:8443`, `https://${name}:8443`]);
    const told = status?.conditions?.map(({ type, status: is, reason }) => [type, is, reason]);
    assert.deepEqual(told, [
      ["CertificateProvisioned", "True", undefined],
      ["DomainClaimed", "True", undefined],
      ["IngressReady", "True", undefined],
      ["Ready", "True", undefined],
      ["ReferenceResolved", "True", undefined],
    ]);
    const { spec } = await world.client.get(IngressKind, { namespace: "default", name });
    assert.deepEqual(spec.tls, [{ hosts: [name], secretName: name, secretNamespace: "default" }]);
    const certificate = await world.client.get(CertificateKind, { namespace: "default", name });
    assert.deepEqual(certificate.spec, { dnsNames: [name], domain: name, secretName: name });
  }));

test("a Secret of someone else in a Certificate's place stays, and is told until it goes", () =>
  inWorld({ network: {} }, async (world) => {
    const named = { namespace: "default", name: "taken" };
    await world.client.create(SecretKind, { metadata: named, type: "Opaque", data: { a: "YQ==" } });
    const spec = { dnsNames: ["a.example.com"], secretName: "taken" };
    await world.client.create(CertificateKind, { metadata: { ...named, name: "hand-made" }, spec });
    await world.clock.advance(1_000);
    const readyIs = async () => {
      const { status } = await world.client.get(CertificateKind, { ...named, name: "hand-made" });
      return [
        status?.conditions?.[0]?.status,
        status?.conditions?.[0]?.reason,
        status?.conditions?.[0]?.message,
      ];
    };
    const notOwned = 'There is an existing Secret "taken" that we do not own.';
    assert.deepEqual(await readyIs(), ["False", "NotOwned", notOwned]);
    assert.deepEqual((await world.client.get(SecretKind, named)).data, { a: "YQ==" });
    await world.client.delete(SecretKind, named);
    await world.clock.advance(1_000);
    assert.deepEqual(await readyIs(), ["True", undefined, undefined]);
  }));

test("names that no certificate can hold are refused in words, and a changed list is signed anew", () =>
  inWorld({ network: {} }, async (world) => {
    const named = { namespace: "default", name: "hand-made" };
    const spec = { dnsNames: ["a b.example.com"], secretName: "made" };
    await world.client.create(CertificateKind, { metadata: named, spec });
    await world.clock.advance(1_000);
    const bad = await world.client.get(CertificateKind, named);
    assert.equal(bad.status?.conditions?.[0]?.reason, "InvalidName");
    const dnsNames = ["a.example.com", "b.example.com"];
    await world.client.update(CertificateKind, { ...bad, spec: { ...spec, dnsNames } });
    await world.clock.advance(1_000);
    const secret = await world.client.get(SecretKind, { namespace: "default", name: "made" });
    const paper = paperOf(Buffer.from(secret.data?.["tls.crt"] ?? "", "base64").toString());
    assert.deepEqual(paper.dnsNames, dnsNames);
    assert.equal((await world.client.get(CertificateKind, named)).status?.conditions?.[0]?.status, "True");
  }));

const selector = "matchLabels: {tls: wildcard}";

async function labelNamespace(world: ControllersWorld, tls: string): Promise<void> {
  const namespaceKey = { namespace: "", name: "default" };
  const body = { metadata: { labels: { tls } } };
  await world.client.patch(NamespaceKind, namespaceKey, { type: "merge", body });
  await world.clock.advance(3_000);
}

test("a namespace that the selector names gets one certificate for all hosts, which its Routes then use", () =>
  inWorld(
    { network: { "external-domain-tls": "enabled", "namespace-wildcard-cert-selector": selector } },
    async (world) => {
      const { uid } = await routeIn(world);
      await labelNamespace(world, "wildcard");
      const wildcard = await world.client.get(CertificateKind, {
        namespace: "default",
        name: "default.example.com",
      });
      const { metadata, spec } = wildcard;
      assert.deepEqual(spec, { dnsNames: ["*.default.example.com"], secretName: "default.example.com" });
      assert.deepEqual(metadata.labels, { "networking.knative.dev/wildcardDomain": "example.com" });
      assert.equal(metadata.ownerReferences?.[0]?.kind, "Namespace");
      assert.deepEqual(await tlsOf(world), [[["hello.default.example.com"], "default.example.com"]]);
      assert.equal((await routeIn(world)).url, "https://hello.default.example.com:8443");
      await labelNamespace(world, "none");
      assert.deepEqual(
        (await certificatesIn(world)).map((one) => one.metadata.name),
        [`route-${uid}`],
      );
      assert.deepEqual(await tlsOf(world), [[["hello.default.example.com"], `route-${uid}`]]);
    },
  ));

test("a wildcard that an administrator brought serves as well, and no second one is made", () =>
  inWorld(
    { network: { "external-domain-tls": "enabled", "namespace-wildcard-cert-selector": selector } },
    async (world) => {
      const labels = { "networking.knative.dev/wildcardDomain": "example.com" };
      const spec = { dnsNames: ["*.default.example.com"], secretName: "bought" };
      const named = { namespace: "default", name: "bought", labels };
      await world.client.create(CertificateKind, { metadata: named, spec });
      await labelNamespace(world, "wildcard");
      const made = (await certificatesIn(world)).map((one) => one.metadata.name);
      assert.ok(made.includes("bought") && !made.includes("default.example.com"), made.join());
      assert.deepEqual(await tlsOf(world), [[["hello.default.example.com"], "bought"]]);
    },
  ));

test("with system-internal-tls pods wait for their namespace's certificate, and mount it (C-030)", () =>
  inWorld(
    { network: { "system-internal-tls": "enabled", "certificate-class": "nobody.example.com" } },
    async (world) => {
      const [revision] = (await world.client.list(RevisionKind)).items;
      const told = revision?.status?.conditions?.find(({ type }) => type === "ResourcesAvailable");
      assert.equal(told?.message, "secret default/serving-certs is not ready yet: secret could not be found");
      assert.deepEqual((await world.client.list(DeploymentKind)).items, []);
      const [certificate] = await certificatesIn(world);
      assert.equal(certificate?.metadata.ownerReferences?.[0]?.kind, "Namespace");
      assert.deepEqual(certificate?.spec, {
        dnsNames: ["kn-user-default", "data-plane.knative.dev"],
        secretName: "serving-certs",
      });
      const metadata = { namespace: "default", name: "serving-certs" };
      const data = { "tls.crt": "YQ==", "tls.key": "Yg==" };
      await world.client.create(SecretKind, { metadata, type: "kubernetes.io/tls", data });
      await world.clock.advance(5_000);
      const [deployment] = (await world.client.list(DeploymentKind)).items;
      const pod = deployment?.spec.template.spec;
      assert.deepEqual(pod?.volumes, [
        { name: "server-certs", secret: { secretName: "serving-certs", defaultMode: 420 } },
      ]);
      const queue = pod?.containers.find(({ name }) => name === "queue-proxy");
      assert.deepEqual(queue?.volumeMounts, [
        { name: "server-certs", mountPath: "/var/lib/knative/certs", readOnly: true },
      ]);
      assert.equal((await routeIn(world)).ready, "True");
    },
  ));
