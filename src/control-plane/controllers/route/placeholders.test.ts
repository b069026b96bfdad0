import assert from "node:assert/strict";
import { test } from "node:test";
import type { CoreService } from "../../../api/core-service/kind.ts";
import type { Ingress, LoadBalancerStatus } from "../../../api/ingress/kind.ts";
import type { Stored, StoredMeta } from "../../../api/object.ts";
import type { Route } from "../../../api/route/kind.ts";
import { endpointsOf, mustBeMadeAnew, placeholderOf, revisePlaceholder } from "./placeholders.ts";

type Answering = NonNullable<LoadBalancerStatus["ingress"]>[number];

const metadata: StoredMeta = {
  name: "hello",
  namespace: "default",
  uid: "u",
  resourceVersion: "1",
  creationTimestamp: "2030-01-01T00:00:00Z",
};
const route: Stored<Route> = { metadata, spec: {} };
const origin = { tag: "", hostName: "hello", isLocal: false, domain: "hello.default.example.com" };

function ingressAt(...ingress: Answering[]): Stored<Ingress> {
  return { metadata, spec: {}, status: { publicLoadBalancer: { ingress } } };
}

function placeholderFor(...ingress: Answering[]): CoreService {
  return placeholderOf(route, origin, ingressAt(...ingress));
}

test("a load balancer with an address makes a Service without one of its own, and Endpoints with it (C-047)", () => {
  const { spec } = placeholderFor({ ip: "10.0.0.7" });
  assert.deepEqual([spec.type, spec.clusterIP, spec.ports?.[0]?.name], ["ClusterIP", "None", "http2"]);
  const endpoints = endpointsOf(placeholderFor({ ip: "10.0.0.7" }), ingressAt({ ip: "10.0.0.7" }));
  assert.deepEqual(endpoints?.subsets, [
    { addresses: [{ ip: "10.0.0.7" }], ports: [{ name: "http2", port: 80 }] },
  ]);
});

test("one with a name makes an ExternalName, the mesh a ClusterIP, and without any the public domain stands in", () => {
  assert.equal(
    placeholderFor({ domainInternal: "gw.x.svc.cluster.local" }).spec.externalName,
    "gw.x.svc.cluster.local",
  );
  assert.equal(placeholderFor({ domain: "gw.example.com" }).spec.externalName, "gw.example.com");
  assert.deepEqual(placeholderFor({ meshOnly: true }).spec.ports?.[0]?.name, "http");
  assert.equal(placeholderFor().spec.externalName, origin.domain);
  assert.equal(endpointsOf(placeholderFor(), ingressAt({ domain: "gw.example.com" })), undefined);
});

test("several load balancers are refused", () => {
  assert.throws(() => placeholderFor({ ip: "10.0.0.7" }, { ip: "10.0.0.8" }), {
    code: "several-load-balancers",
  });
});

test("between an address and none a Service is made anew; from a name to none it is changed without leftovers", () => {
  const [headless, mesh, named] = [{ ip: "10.0.0.7" }, { meshOnly: true }, { domain: "gw" }].map((one) =>
    placeholderFor(one),
  ) as [CoreService, CoreService, CoreService];
  assert.ok(mustBeMadeAnew(mesh, headless));
  assert.ok(mustBeMadeAnew(headless, mesh));
  assert.ok(!mustBeMadeAnew(named, headless));
  assert.ok(!mustBeMadeAnew(headless, headless));
  const stored = { ...named, metadata: { ...metadata, ...named.metadata } } as Stored<CoreService>;
  assert.deepEqual(revisePlaceholder(stored, headless).spec, headless.spec);
});
