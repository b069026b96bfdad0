import assert from "node:assert/strict";
import { test } from "node:test";
import { defaultConfig } from "../../../api/config/config.ts";
import type { Ingress } from "../../../api/ingress/kind.ts";
import { ROLLOUT } from "../../../api/labels.ts";
import type { Stored, StoredMeta } from "../../../api/object.ts";
import type { Revision } from "../../../api/revision/kind.ts";
import type { Route } from "../../../api/route/kind.ts";
import { rolloutPlan, spreadTargets } from "./rollout-plan.ts";
import type { RevisionTarget } from "./traffic.ts";

function meta(name: string, annotations: Record<string, string> = {}): StoredMeta {
  const fixed = { namespace: "default", generation: 1, creationTimestamp: "2030-01-01T00:00:00Z" };
  return { name, uid: `uid-${name}`, resourceVersion: "1", annotations, ...fixed };
}

function targets(revisionName: string): ReadonlyMap<string, readonly RevisionTarget[]> {
  const target = { revisionName, configurationName: "hello", latestRevision: true, percent: 100 };
  return new Map([["", [{ ...target, tag: "", protocol: "http1" } as const]]]);
}

const FIRST =
  '{"configurations":[{"configurationName":"hello","percent":100,' +
  '"revisions":[{"revisionName":"hello-1","percent":100}],"stepParams":{}}]}';
const NOW_MS = 1_900_000_000_000;

function planWith(options: { duration?: string; configSeconds?: number; gone?: boolean }) {
  const { duration, configSeconds = 0, gone = false } = options;
  const config = defaultConfig();
  const annotations = duration === undefined ? {} : { "serving.knative.dev/rollout-duration": duration };
  const route: Stored<Route> = { metadata: meta("hello", annotations), spec: {} };
  const ingress: Stored<Ingress> = {
    metadata: meta("hello", { [ROLLOUT]: FIRST }),
    spec: { rules: [] },
  };
  const revision = (name: string): Stored<Revision> | undefined =>
    gone && name === "hello-1"
      ? undefined
      : {
          metadata: meta(name),
          spec: {
            containers: [
              { name: "c", ports: [{ containerPort: 1, name: name === "hello-1" ? "h2c" : "http1" }] },
            ],
          },
        };
  const observed = { ingress, revision, configuration: () => undefined };
  const context = {
    config: { ...config, network: { ...config.network, rolloutDurationSeconds: configSeconds } },
    nowMs: NOW_MS,
  };
  const byName = targets("hello-2");
  const plan = rolloutPlan({ route, byName, observed, context });
  const shares = spreadTargets(byName, plan.rollout, observed).get("") ?? [];
  return { plan, shares: shares.map((one) => [one.revisionName, one.percent, one.protocol]) };
}

const allAtOnce = [["hello-2", 100, "http1"]];
const firstPercent = [
  ["hello-1", 99, "h2c"],
  ["hello-2", 1, "http1"],
];

test("without a duration a new Revision gets all traffic at once", () => {
  assert.deepEqual(planWith({}).shares, allAtOnce);
});

test("a duration makes it start with one percent, each Revision on its own protocol's port", () => {
  const { plan, shares } = planWith({ duration: "60s" });
  assert.deepEqual(shares, firstPercent);
  assert.equal(plan.inProgress, true);
});

test("the cluster's duration holds where the Route has none, or one below a second", () => {
  assert.deepEqual(planWith({ configSeconds: 60 }).shares, firstPercent);
  assert.deepEqual(planWith({ configSeconds: 60, duration: "0s" }).shares, firstPercent);
  assert.deepEqual(planWith({ duration: "900ms" }).shares, allAtOnce);
});

test("a Revision that was deleted meanwhile gets no traffic", () => {
  assert.deepEqual(planWith({ duration: "60s", gone: true }).shares, allAtOnce);
});
