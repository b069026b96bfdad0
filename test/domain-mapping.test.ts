import assert from "node:assert/strict";
import { test } from "node:test";
import { ClusterDomainClaimKind } from "../src/api/cluster-domain-claim/kind.ts";
import { CoreServiceKind } from "../src/api/core-service/kind.ts";
import { type DomainMapping, DomainMappingKind } from "../src/api/domain-mapping/kind.ts";
import { IngressKind } from "../src/api/ingress/kind.ts";
import { ServiceKind } from "../src/api/service/kind.ts";
import { ControllersWorld } from "./support/controllers-world.ts";

/** DomainMappings beyond the recorded case: claims, references, certificates (spec C-068…C-071, A-057). */

const DOMAIN = "shop.example.org";
const claimKey = { namespace: "", name: DOMAIN };

async function inWorld(body: (world: ControllersWorld) => Promise<void>): Promise<void> {
  const world = await ControllersWorld.start({ namespaces: ["other"] });
  try {
    const container = { name: "user-container", image: "dev.local/hello" };
    for (const namespace of ["default", "other"])
      await world.client.create(ServiceKind, {
        metadata: { namespace, name: "hello" },
        spec: { template: { spec: { containers: [container] } } },
      });
    await world.clock.advance(3_000);
    await body(world);
  } finally {
    await world.stop();
  }
}

function mapping(namespace: string, more: Partial<DomainMapping["spec"]> = {}): DomainMapping {
  const ref = { apiVersion: "serving.knative.dev/v1", kind: "Service", name: "hello", namespace };
  return { metadata: { namespace, name: DOMAIN }, spec: { ref, ...more } };
}

async function map(world: ControllersWorld, object: DomainMapping): Promise<void> {
  await world.client.create(DomainMappingKind, object);
  await world.clock.advance(2_000);
}

async function conditionOf(world: ControllersWorld, namespace: string, type: string) {
  const stored = await world.client.get(DomainMappingKind, { namespace, name: DOMAIN });
  const found = stored.status?.conditions?.find((one) => one.type === type);
  return [found?.status, found?.reason, found?.message].filter((text) => text !== undefined).join(" ");
}

const autocreate = (world: ControllersWorld) =>
  world.setConfig("config-network", { "autocreate-cluster-domain-claims": "true" });

test("without a claim a domain is nobody's, unless the cluster makes claims by itself", () =>
  inWorld(async (world) => {
    await map(world, mapping("default"));
    assert.match(await conditionOf(world, "default", "Ready"), /^False DomainAlreadyClaimed /);
    assert.deepEqual(
      (await world.client.list(IngressKind, { namespace: "default" })).items.map((one) => one.metadata.name),
      ["hello"],
    );
    await autocreate(world);
    await world.clock.advance(3_000);
    assert.equal(await conditionOf(world, "default", "Ready"), "True");
    const claim = await world.client.get(ClusterDomainClaimKind, claimKey);
    assert.equal(claim.spec.namespace, "default");
    assert.equal(claim.metadata.ownerReferences, undefined);
  }));

test("a domain that another namespace has is refused, and given when that one lets it go", () =>
  inWorld(async (world) => {
    await autocreate(world);
    await map(world, mapping("default"));
    await map(world, mapping("other"));
    assert.match(await conditionOf(world, "other", "DomainClaimed"), /^False DomainAlreadyClaimed /);
    await world.client.delete(DomainMappingKind, { namespace: "default", name: DOMAIN });
    await world.clock.advance(3_000);
    assert.equal(await conditionOf(world, "other", "Ready"), "True");
    assert.equal((await world.client.get(ClusterDomainClaimKind, claimKey)).spec.namespace, "other");
  }));

test("an administrator's claim outlives the mapping", () =>
  inWorld(async (world) => {
    await world.client.create(ClusterDomainClaimKind, {
      metadata: { name: DOMAIN },
      spec: { namespace: "default" },
    });
    await map(world, mapping("default"));
    assert.equal(await conditionOf(world, "default", "Ready"), "True");
    await world.client.delete(DomainMappingKind, { namespace: "default", name: DOMAIN });
    await world.clock.advance(2_000);
    assert.equal((await world.client.list(DomainMappingKind)).items.length, 0);
    assert.equal((await world.client.list(IngressKind, { namespace: "default" })).items.length, 1);
    await world.client.get(ClusterDomainClaimKind, claimKey);
  }));

test("a reference that leads nowhere is told, and followed as soon as it leads somewhere", () =>
  inWorld(async (world) => {
    await autocreate(world);
    const ref = { apiVersion: "v1", kind: "Service", name: "later", namespace: "default" };
    await map(world, mapping("default", { ref }));
    assert.match(
      await conditionOf(world, "default", "ReferenceResolved"),
      /^False ResolveFailed failed to get object default\/later: services "later" not found$/,
    );
    await world.client.create(CoreServiceKind, {
      metadata: { namespace: "default", name: "later" },
      spec: { ports: [{ port: 80 }] },
    });
    await world.clock.advance(2_000);
    assert.equal(await conditionOf(world, "default", "Ready"), "True");
    const ingress = await world.client.get(IngressKind, { namespace: "default", name: DOMAIN });
    const [path] = ingress.spec.rules?.[0]?.http?.paths ?? [];
    assert.equal(path?.rewriteHost, "later.default.svc.cluster.local");
    assert.equal(path?.splits[0]?.serviceName, "later");
  }));

test("a kind without an address, and one that nobody here knows, are refused in words", () =>
  inWorld(async (world) => {
    await autocreate(world);
    const ref = { apiVersion: "messaging.example.org/v1", kind: "Channel", name: "x", namespace: "default" };
    await map(world, mapping("default", { ref }));
    assert.match(
      await conditionOf(world, "default", "ReferenceResolved"),
      /messaging\.example\.org\/v1 Channel/,
    );
  }));

test("a secret of one's own makes the address https and goes into the Ingress", () =>
  inWorld(async (world) => {
    await autocreate(world);
    await map(world, mapping("default", { tls: { secretName: "shop-tls" } }));
    const stored = await world.client.get(DomainMappingKind, { namespace: "default", name: DOMAIN });
    assert.equal(stored.status?.url, `https://${DOMAIN}`);
    assert.match(
      await conditionOf(world, "default", "CertificateProvisioned"),
      /^True CertificateExternallyProvided /,
    );
    const ingress = await world.client.get(IngressKind, { namespace: "default", name: DOMAIN });
    assert.deepEqual(ingress.spec.tls, [
      { hosts: [DOMAIN], secretName: "shop-tls", secretNamespace: "default" },
    ]);
  }));

test("an Ingress of that name that is somebody else's is left alone", () =>
  inWorld(async (world) => {
    await autocreate(world);
    const foreign = await world.client.get(IngressKind, { namespace: "default", name: "hello" });
    await world.client.create(IngressKind, {
      metadata: { namespace: "default", name: DOMAIN },
      spec: foreign.spec,
    });
    await map(world, mapping("default"));
    assert.match(await conditionOf(world, "default", "IngressReady"), /^False NotOwned /);
  }));
