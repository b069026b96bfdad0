import assert from "node:assert/strict";
import { test } from "node:test";
import type { Stored, StoredMeta } from "../../../api/object.ts";
import type { Route } from "../../../api/route/kind.ts";
import type { Service } from "../../../api/service/kind.ts";
import { configurationOf, routeOf } from "./children.ts";
import { desiredService } from "./desired.ts";

const meta = (uid: string): StoredMeta => ({
  name: "hello",
  namespace: "default",
  uid,
  resourceVersion: "1",
  generation: 1,
  creationTimestamp: "2030-01-01T00:00:00Z",
});

const owned = {
  ownerReferences: [
    { apiVersion: "serving.knative.dev/v1", kind: "Service", name: "hello", uid: "s", controller: true },
  ],
};
const ready = { observedGeneration: 1, conditions: [{ type: "Ready", status: "True" as const }] };

/** RoutesReady of a Service whose Route is ready and serves `traffic`. */
function routesReady(traffic: NonNullable<NonNullable<Route["status"]>["traffic"]>) {
  const service: Stored<Service> = {
    metadata: meta("s"),
    spec: {
      template: { spec: { containers: [{ name: "user-container" }] } },
      traffic: [
        { latestRevision: true, percent: 90 },
        { revisionName: "hello-1", percent: 10, tag: "old" },
      ],
    },
  };
  const configuration = {
    ...configurationOf(service, undefined),
    metadata: { ...meta("c"), ...owned },
    status: { ...ready, latestCreatedRevisionName: "hello-2", latestReadyRevisionName: "hello-2" },
  };
  const route = { ...routeOf(service), metadata: { ...meta("r"), ...owned }, status: { ...ready, traffic } };
  const { status } = desiredService(service, { configuration, route, namedRevision: undefined });
  const found = status?.conditions?.find(({ type }) => type === "RoutesReady");
  return [found?.status, found?.reason].filter((text) => text !== undefined).join(" ");
}

test("a Service is ready only when its Route serves what the Service wants, by the newest ready Revision (C-012)", () => {
  const old = { revisionName: "hello-1", percent: 10, tag: "old", latestRevision: false, url: "http://old" };
  const newest = { revisionName: "hello-2", percent: 90, latestRevision: true };
  assert.equal(routesReady([newest, old]), "True");
  assert.equal(routesReady([{ ...newest, revisionName: "hello-1" }, old]), "Unknown TrafficNotMigrated");
  assert.equal(routesReady([newest, { ...old, percent: 0 }]), "Unknown TrafficNotMigrated");
  assert.equal(routesReady([newest]), "Unknown TrafficNotMigrated");
});

test("until its children have looked at what it wants now, a Service says that they are behind (A-046, A-047)", () => {
  const service: Stored<Service> = {
    metadata: meta("s"),
    spec: { template: { spec: { containers: [{ name: "user-container" }] } }, traffic: [] },
  };
  const behind = { observedGeneration: 0, conditions: [] };
  const { status } = desiredService(service, {
    configuration: {
      ...configurationOf(service, undefined),
      metadata: { ...meta("c"), ...owned },
      status: behind,
    },
    route: { ...routeOf(service), metadata: { ...meta("r"), ...owned }, status: behind },
  });
  for (const [type, kind] of [
    ["ConfigurationsReady", "Configuration"],
    ["RoutesReady", "Route"],
  ]) {
    const found = status?.conditions?.find((one) => one.type === type);
    assert.deepEqual(
      [found?.status, found?.reason, found?.message],
      ["Unknown", "OutOfDate", `The ${kind} is still working to reflect the latest desired specification.`],
    );
  }
});
