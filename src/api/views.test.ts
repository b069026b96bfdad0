import assert from "node:assert/strict";
import { test } from "node:test";
import { EVENT_VIEW } from "./event/view.ts";
import { AUTOSCALER_VIEW } from "./horizontal-pod-autoscaler/view.ts";

test("an event of events.k8s.io is the core event with other names, there and back", () => {
  const given = {
    metadata: { name: "e", namespace: "ns" },
    eventTime: "2020-01-01T00:00:00.000000Z",
    reportingController: "example.com/c",
    reportingInstance: "i",
    regarding: { kind: "Pod", name: "p" },
    note: "it happened",
    deprecatedSource: {},
    deprecatedFirstTimestamp: null,
    deprecatedLastTimestamp: null,
  };
  const stored = EVENT_VIEW.store(given) as { message?: string; involvedObject?: unknown };
  assert.equal(stored.message, "it happened");
  assert.deepEqual(stored.involvedObject, given.regarding);
  assert.deepEqual(EVENT_VIEW.show(stored as never), given);
});

test("autoscaling/v1 changes the CPU's target and keeps what it cannot say", () => {
  const memory = {
    type: "Resource",
    resource: { name: "memory", target: { averageUtilization: undefined } },
  };
  const cpu = {
    type: "Resource",
    resource: { name: "cpu", target: { type: "Utilization", averageUtilization: 80 } },
  };
  const before = { metadata: {}, spec: { scaleTargetRef: {}, metrics: [cpu, memory], behavior: {} } };
  const shown = AUTOSCALER_VIEW.show(before) as unknown as { spec: Record<string, unknown> };
  assert.equal(shown.spec.targetCPUUtilizationPercentage, 80);
  shown.spec.targetCPUUtilizationPercentage = 50;
  const { spec } = AUTOSCALER_VIEW.store(shown as never, before) as typeof before;
  assert.equal(spec.metrics[0]?.resource.target.averageUtilization, 50);
  assert.deepEqual(spec.metrics[1], memory);
  assert.deepEqual(spec.behavior, {});
});
