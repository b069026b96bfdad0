import assert from "node:assert/strict";
import { test } from "node:test";
import type { PodAutoscalerStatus } from "../../../api/pod-autoscaler/kind.ts";
import { autoscalerStatus, conditionOf, notOwnedStatus } from "./status.ts";

/** Status, reason and message of a condition, in one text. */
function told(status: PodAutoscalerStatus, type: string): string {
  const { status: value, reason, message } = conditionOf(status, type) ?? {};
  return [value, reason, message].filter((text) => text !== undefined).join(" ");
}

const facts = {
  before: undefined,
  serviceName: "hello-00001",
  metricsServiceName: "hello-00001-private",
  sksNotReady: undefined,
  want: 1,
  ready: 0,
  threshold: 1,
};

test("Active tells why a revision does not answer by itself (A-058)", () => {
  const starting = autoscalerStatus(facts);
  const queued = "Requests to the target are being buffered as resources are provisioned.";
  assert.equal(told(starting, "Active"), `Unknown Queued ${queued}`);
  const active = autoscalerStatus({ ...facts, before: starting, ready: 1 });
  assert.equal(told(active, "Active"), "True");
  const idle = autoscalerStatus({ ...facts, before: active, want: 0, ready: 1 });
  assert.equal(told(idle, "Active"), "False NoTraffic The target is not receiving traffic.");
  const failed = autoscalerStatus({ ...facts, before: starting, want: 0 });
  assert.equal(told(failed, "Active"), "False TimedOut The target could not be activated.");
  const foreign = notOwnedStatus(active, "ServerlessService", "hello-00001");
  assert.match(
    told(foreign, "Active"),
    /^False NotOwned There is an existing ServerlessService "hello-00001"/,
  );
  assert.equal(conditionOf(foreign, "Ready")?.status, "False");
});

test("a scale target that was reached once stays initialized (A-059)", () => {
  const unnamed = autoscalerStatus({ ...facts, ready: 1, serviceName: "" });
  assert.equal(told(unnamed, "ScaleTargetInitialized"), "Unknown");
  const reached = autoscalerStatus({ ...facts, ready: 1 });
  assert.equal(told(reached, "ScaleTargetInitialized"), "True");
  const idle = autoscalerStatus({ ...facts, before: reached, want: 0 });
  assert.equal(told(idle, "ScaleTargetInitialized"), "True");
});

test("SKSReady passes on what the ServerlessService waits for (A-060)", () => {
  assert.equal(told(autoscalerStatus(facts), "SKSReady"), "True");
  const waiting = autoscalerStatus({ ...facts, sksNotReady: "No Private Service Name" });
  assert.equal(told(waiting, "SKSReady"), "Unknown NotReady No Private Service Name");
});
