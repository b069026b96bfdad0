import assert from "node:assert/strict";
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { defaultConfig } from "../../src/api/config/config.ts";
import type { CoreService } from "../../src/api/core-service/kind.ts";
import type { Deployment } from "../../src/api/deployment/kind.ts";
import type { Endpoints } from "../../src/api/endpoints/kind.ts";
import type { Metric } from "../../src/api/metric/kind.ts";
import type { ApiObject, Condition, Stored } from "../../src/api/object.ts";
import type { PodAutoscaler } from "../../src/api/pod-autoscaler/kind.ts";
import type { ServerlessService } from "../../src/api/serverless-service/kind.ts";
import { firstDecision } from "../../src/control-plane/autoscaler/decide.ts";
import { desired as desiredOfAutoscaler } from "../../src/control-plane/controllers/pod-autoscaler/controller.ts";
import { deciderSpec, scaleSourceOf } from "../../src/control-plane/controllers/pod-autoscaler/scale-spec.ts";
import { desired as desiredOfSks } from "../../src/control-plane/controllers/serverless-service/controller.ts";
import { goldenFolder } from "../support/golden.ts";

/** What the controllers of this folder make of each recorded PodAutoscaler and ServerlessService. */

interface Recording {
  readonly after: readonly { readonly objects: Readonly<Record<string, ApiObject[] | undefined>> }[];
}

const folder = join(goldenFolder, "reconcile");
const config = defaultConfig();
const now = { config, nowMs: Date.UTC(2030, 0, 1) };

if (!existsSync(folder))
  test("recorded reconciliations", (context) => {
    assert.notEqual(process.env.CI, "true", `${folder} is missing: set EBB_GOLDEN to the recorded cases`);
    context.skip(`no recorded cases at ${folder}: set EBB_GOLDEN to their folder`);
  });
else
  for (const file of readdirSync(folder).filter((name) => name.endsWith(".json")))
    test(`${file}: children and statuses as recorded`, () => {
      const { after } = JSON.parse(readFileSync(join(folder, file), "utf8")) as Recording;
      for (const { objects } of after) judge(objects);
    });

function judge(objects: Readonly<Record<string, ApiObject[] | undefined>>): void {
  const find = <T extends ApiObject>(kind: string, name: string) =>
    objects[kind]?.find(({ metadata }) => metadata.name === name) as Stored<T> | undefined;
  for (const autoscaler of (objects.PodAutoscaler ?? []) as Stored<PodAutoscaler>[]) {
    const { name } = autoscaler.metadata;
    const sks = find<ServerlessService>("ServerlessService", name);
    const metric = find<Metric>("Metric", name);
    const deployment = find<Deployment>("Deployment", autoscaler.spec.scaleTargetRef.name ?? "");
    if (!sks || !metric || !deployment) continue;
    judgeAutoscaler({ autoscaler, sks, metric, deployment });
    const privateName = sks.status?.privateServiceName ?? "";
    judgeSks(sks, {
      deployment,
      own: find<Endpoints>("Endpoints", privateName),
      publicEndpoints: find<Endpoints>("Endpoints", name),
      services: [find<CoreService>("CoreService", privateName), find<CoreService>("CoreService", name)],
    });
  }
}

function judgeAutoscaler(recorded: {
  autoscaler: Stored<PodAutoscaler>;
  sks: Stored<ServerlessService>;
  metric: Stored<Metric>;
  deployment: Stored<Deployment>;
}): void {
  const { autoscaler, sks, metric, deployment } = recorded;
  const wanted = autoscaler.status;
  const decision = firstDecision(deciderSpec(scaleSourceOf(autoscaler), config.autoscaler));
  const observed = {
    sks,
    foreign: undefined,
    pods: { ready: wanted?.actualScale ?? 0, notReady: 0, pending: 0, terminating: 0 },
    replicas: deployment.spec.replicas ?? 1,
    decision: { ...decision, desiredPodCount: wanted?.desiredScale ?? -1 },
    activatorConfirmed: undefined,
  };
  const { observedGeneration: _generation, ...rest } = wanted ?? {};
  const recordedStatus = { ...rest, conditions: untimed(wanted?.conditions) };
  const settled = desiredOfAutoscaler(autoscaler, observed, now);
  assert.deepEqual(settled.patches, [], "the recorded scale is the wanted one");
  const { status: _, ...fresh } = autoscaler;
  const first = desiredOfAutoscaler(fresh as Stored<PodAutoscaler>, observed, now);
  for (const { children, patches, status } of [settled, first]) {
    const [madeSks, madeMetric] = children.map(({ object }) => object);
    same(madeSks, sks, ["labels", "annotations", "spec"]);
    same(madeMetric, metric, ["labels", "annotations", "spec"]);
    // A first pass that still has to reach the initial scale is not yet where the recording ended.
    if (patches?.length === 0)
      assert.deepEqual({ ...status, conditions: untimed(status?.conditions) }, recordedStatus);
  }
}

function judgeSks(
  sks: Stored<ServerlessService>,
  recorded: {
    deployment: Stored<Deployment>;
    own: Endpoints | undefined;
    publicEndpoints: Endpoints | undefined;
    services: readonly (CoreService | undefined)[];
  },
): void {
  const observed = {
    selector: recorded.deployment.spec.selector.matchLabels,
    own: recorded.own?.subsets ?? [],
    activators: recorded.publicEndpoints?.subsets ?? [],
    foreign: undefined,
  };
  const { status: _, ...fresh } = sks;
  const { children, status } = desiredOfSks(fresh as Stored<ServerlessService>, observed);
  const [privateService, publicService, endpoints] = children.map(({ object }) => object);
  for (const [made, found] of [
    [privateService, recorded.services[0]],
    [publicService, recorded.services[1]],
  ]) {
    same(made, found, ["labels", "annotations"]);
    const specOf = (object: ApiObject | undefined) => (object as CoreService | undefined)?.spec;
    assert.deepEqual(specOf(made)?.ports, specOf(found)?.ports);
    assert.deepEqual(specOf(made)?.selector, specOf(found)?.selector);
  }
  same(endpoints, recorded.publicEndpoints, ["labels", "annotations"]);
  assert.deepEqual((endpoints as Endpoints).subsets, recorded.publicEndpoints?.subsets);
  const { observedGeneration: _generation, ...rest } = sks.status ?? {};
  assert.deepEqual(
    { ...status, conditions: untimed(status?.conditions) },
    { ...rest, conditions: untimed(sks.status?.conditions) },
  );
}

function same(
  made: ApiObject | undefined,
  recorded: ApiObject | undefined,
  parts: readonly ("labels" | "annotations" | "spec")[],
): void {
  assert.equal(made?.metadata.name, recorded?.metadata.name);
  for (const part of parts) {
    const of = (object: ApiObject | undefined) =>
      part === "spec" ? (object as { spec?: unknown } | undefined)?.spec : object?.metadata[part];
    assert.deepEqual(of(made), of(recorded), `${part} of ${made?.kind} ${made?.metadata.name}`);
  }
}

function untimed(conditions: readonly Condition[] | undefined): unknown[] {
  return (conditions ?? []).map(({ lastTransitionTime: _, ...words }) => words);
}
