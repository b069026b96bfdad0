import assert from "node:assert/strict";
import { test } from "node:test";
import type { Deployment, DeploymentCondition } from "../../../api/deployment/kind.ts";
import type { Condition, Stored, StoredMeta } from "../../../api/object.ts";
import type { Pod, PodStatus } from "../../../api/pod/kind.ts";
import type { PodAutoscaler, PodAutoscalerStatus } from "../../../api/pod-autoscaler/kind.ts";
import { Conditions, livingSet } from "../../../kube/conditions.ts";
import { type Telling, tellDeployment, tellPodAutoscaler } from "./status.ts";

const metadata: StoredMeta = {
  name: "hello-00001",
  namespace: "default",
  uid: "u",
  resourceVersion: "1",
  generation: 1,
  creationTimestamp: "2030-01-01T00:00:00Z",
};

const PROGRESSING: DeploymentCondition = { type: "Progressing", status: "Unknown", reason: "Waiting" };
const TIMED_OUT: DeploymentCondition = {
  type: "Progressing",
  status: "False",
  reason: "ProgressDeadlineExceeded",
  message: "has timed out progressing.",
};

function telling(podIsAlwaysSchedulable = false): Telling {
  const conditions = new Conditions(livingSet("ResourcesAvailable", "ContainerHealthy"), undefined);
  return { conditions, status: {}, podIsAlwaysSchedulable };
}

/** Status, reason and message of a condition, in one text. */
function told({ conditions }: Telling, type: string): string {
  const { status, reason, message } = conditions.get(type) ?? {};
  return [status, reason, message].filter((text) => text !== undefined).join(" ");
}

function afterDeployment(conditions: DeploymentCondition[], pod?: PodStatus, into = telling()): Telling {
  const deployment = {
    metadata,
    spec: { replicas: 1 },
    status: { conditions },
  } as unknown as Stored<Deployment>;
  const pods = pod ? [{ metadata, spec: { containers: [] }, status: pod } as unknown as Pod] : [];
  tellDeployment(into, deployment, { pods, podAutoscaler: undefined });
  return into;
}

test("what keeps a Deployment's pods from being made is told as it tells it (A-049, A-052)", () => {
  const nothing = afterDeployment([]);
  assert.equal(told(nothing, "ResourcesAvailable"), "Unknown Deploying");
  assert.equal(told(nothing, "ContainerHealthy"), "Unknown Deploying");
  const slow = afterDeployment([TIMED_OUT]);
  assert.equal(told(slow, "ResourcesAvailable"), "False ProgressDeadlineExceeded has timed out progressing.");
  const failure = { type: "ReplicaFailure", status: "True", reason: "FailedCreate" } as const;
  const message = "pods is forbidden: exceeded quota";
  const refused = afterDeployment([PROGRESSING, { ...failure, message }]);
  assert.equal(told(refused, "ResourcesAvailable"), `False FailedCreate ${message}`);
});

test("a pod that no node takes is told, unless the cluster says that nodes will come (A-049, C-103)", () => {
  const condition = { type: "PodScheduled", status: "False", reason: "Unschedulable", message: "no node" };
  const pod = { conditions: [condition] } as PodStatus;
  const text = "False Unschedulable no node";
  assert.equal(told(afterDeployment([PROGRESSING], pod), "ResourcesAvailable"), text);
  const patient = afterDeployment([PROGRESSING], pod, telling(true));
  assert.equal(told(patient, "ResourcesAvailable"), "Unknown Waiting");
});

test("why a container does not run is told: how it ended, what it waits for (A-049, A-050)", () => {
  const withState = (state: object) =>
    ({
      containerStatuses: [{ name: "queue-proxy", lastState: { terminated: { exitCode: 9 } } }, state],
    }) as unknown as PodStatus;
  const ended = (exitCode: number, message?: string) =>
    withState({ name: "user-container", lastState: { terminated: { exitCode, message } } });
  assert.equal(
    told(afterDeployment([PROGRESSING], ended(5, "no database\n")), "ContainerHealthy"),
    "False ExitCode5 Container failed with: no database (exit code 5)",
  );
  assert.equal(
    told(afterDeployment([PROGRESSING], ended(0)), "ContainerHealthy"),
    "False ExitCode0 Container failed with: container exited with no error (exit code 0)",
  );
  const waiting = (reason: string) => withState({ name: "user-container", state: { waiting: { reason } } });
  const available = (conditions: DeploymentCondition[], pod: PodStatus) =>
    told(afterDeployment(conditions, pod), "ResourcesAvailable");
  assert.equal(available([PROGRESSING], waiting("ImagePullBackOff")), "False ImagePullBackOff");
  assert.equal(available([PROGRESSING], waiting("ContainerCreating")), "Unknown Waiting");
  assert.equal(available([TIMED_OUT], waiting("ContainerCreating")), "False ContainerCreating");
});

function afterAutoscaler(status: PodAutoscalerStatus, into = telling()): Telling {
  tellPodAutoscaler(into, { metadata, status } as unknown as PodAutoscaler);
  return into;
}

const ready = (status: Condition["status"], reason: string): Condition => ({ type: "Ready", status, reason });
const INITIALIZED: Condition = { type: "ScaleTargetInitialized", status: "True" };
const SCALED = { serviceName: "hello-00001", metricsServiceName: "hello-00001-private" };

test("the autoscaler's word becomes the Revision's (A-051, A-053)", () => {
  const silent = afterAutoscaler({ ...SCALED, desiredScale: 2, actualScale: -1 });
  assert.deepEqual(silent.status, { desiredReplicas: 2 });
  assert.equal(told(silent, "Active"), "Unknown Deploying");
  assert.equal(told(silent, "ResourcesAvailable"), "Unknown Deploying");

  const active = afterAutoscaler({ ...SCALED, conditions: [ready("True", ""), INITIALIZED] });
  for (const type of ["ResourcesAvailable", "ContainerHealthy", "Ready", "Active"])
    assert.equal(told(active, type), "True", type);
  assert.equal(active.conditions.get("Active")?.severity, "Info");

  const idle = afterAutoscaler({ ...SCALED, conditions: [ready("False", "NoTraffic"), INITIALIZED] });
  assert.equal(told(idle, "Active"), "False NoTraffic");
  assert.equal(told(idle, "Ready"), "True");

  const unnamed = afterAutoscaler(
    { serviceName: "", metricsServiceName: "", conditions: [ready("Unknown", "Queued"), INITIALIZED] },
    active,
  );
  assert.equal(told(unnamed, "ResourcesAvailable"), "Unknown Deploying");
  assert.equal(told(unnamed, "Active"), "Unknown Queued");
});

test("a Revision that never reached its initial scale is given up (A-053)", () => {
  const given = afterAutoscaler({ ...SCALED, conditions: [ready("False", "TimedOut")] });
  assert.equal(
    told(given, "ResourcesAvailable"),
    "False ProgressDeadlineExceeded Initial scale was never achieved",
  );
  const known = afterAutoscaler(
    { ...SCALED, conditions: [ready("False", "TimedOut")] },
    afterDeployment([{ ...TIMED_OUT, reason: "Other", message: "x" }]),
  );
  assert.equal(told(known, "ResourcesAvailable"), "False Other x");
});
