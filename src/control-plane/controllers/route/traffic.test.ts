import assert from "node:assert/strict";
import { test } from "node:test";
import type { Configuration } from "../../../api/configuration/kind.ts";
import type { Stored, StoredMeta } from "../../../api/object.ts";
import type { Revision } from "../../../api/revision/kind.ts";
import type { Route } from "../../../api/route/kind.ts";
import type { TrafficTarget } from "../../../api/traffic-target.ts";
import { type References, resolveTraffic } from "./traffic.ts";

function meta(name: string, more: Partial<StoredMeta> = {}): StoredMeta {
  const fixed = { namespace: "default", generation: 1, creationTimestamp: "2030-01-01T00:00:00Z" };
  return { name, uid: `uid-${name}`, resourceVersion: "1", ...fixed, ...more };
}

function routeOf(traffic: TrafficTarget[], more: Partial<StoredMeta> = {}): Stored<Route> {
  return { metadata: meta("hello", more), spec: { traffic } };
}

function revision(name: string, ready: "True" | "False" | "Unknown" = "True"): Stored<Revision> {
  const labels = { "serving.knative.dev/configuration": "hello", "serving.knative.dev/service": "hello" };
  return {
    metadata: meta(name, { labels }),
    spec: { containers: [{ name: "user-container" }] },
    status: { observedGeneration: 1, conditions: [{ type: "Ready", status: ready }] },
  };
}

function known(latest: string | undefined, ...revisions: Stored<Revision>[]): References {
  const configuration: Stored<Configuration> = {
    metadata: meta("hello"),
    spec: { template: { spec: { containers: [] } } },
    status: latest === undefined ? {} : { latestReadyRevisionName: latest },
  };
  return {
    configuration: (name) => (name === "hello" ? configuration : undefined),
    revision: (name) => revisions.find(({ metadata }) => metadata.name === name),
  };
}

const latest = { configurationName: "hello", latestRevision: true };

test("one target gets everything, whatever its percentage", () => {
  const traffic = resolveTraffic(routeOf([{ ...latest, percent: 40 }]), known("one", revision("one")));
  assert.ok("byName" in traffic);
  assert.deepEqual(
    traffic.byName.get("")?.map(({ revisionName, percent }) => [revisionName, percent]),
    [["one", 100]],
  );
});

test("targets of one Revision are one split on the main origin and stay apart by tag", () => {
  const targets = [
    { revisionName: "one", percent: 60 },
    { revisionName: "two", percent: 30 },
    { ...latest, percent: 10, tag: "new" },
  ];
  const traffic = resolveTraffic(routeOf(targets), known("two", revision("one"), revision("two")));
  assert.ok("byName" in traffic);
  assert.deepEqual(
    traffic.byName.get("")?.map(({ revisionName, percent }) => [revisionName, percent]),
    [
      ["one", 60],
      ["two", 40],
    ],
  );
  assert.equal(traffic.byName.get("new")?.[0]?.percent, 100);
  assert.equal(traffic.listed.length, 3);
});

test("what cannot be waited for is told before what can", () => {
  const targets = [
    { revisionName: "slow", percent: 50 },
    { revisionName: "nope", percent: 50 },
  ];
  const problem = resolveTraffic(routeOf(targets), known("one", revision("slow", "Unknown")));
  assert.ok("reason" in problem);
  assert.deepEqual(
    [problem.reason, problem.message, problem.final],
    ["RevisionMissing", 'Revision "nope" referenced in traffic not found.', true],
  );
});

test("a Service's Route does not serve another Service's Revision", () => {
  const owner = {
    apiVersion: "serving.knative.dev/v1",
    kind: "Service",
    name: "other",
    uid: "u",
    controller: true,
  };
  const route = routeOf([{ revisionName: "one", percent: 100 }], { ownerReferences: [owner] });
  const problem = resolveTraffic(route, known("one", revision("one")));
  assert.ok("reason" in problem);
  assert.equal(problem.message, 'Revision "one" belongs to Service "hello", not Service "other".');
});
