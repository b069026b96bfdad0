import assert from "node:assert/strict";
import { test } from "node:test";
import { quantityText } from "../../base/quantity.ts";
import type { ApiObject } from "../object.ts";
import type { ResourceQuota, ResourceQuotaSpec } from "./kind.ts";
import type { Countable } from "./scopes.ts";
import { collectionCounted, concerns, quotaUsage } from "./usage.ts";

const quota = (spec: ResourceQuotaSpec): ResourceQuota => ({ metadata: { name: "q" }, spec });

const one = (collection: string, spec: object, more: object = {}): Countable => ({
  collection,
  object: { metadata: { name: "a" }, spec, ...more } as ApiObject,
});

function used(spec: ResourceQuotaSpec, counted: readonly Countable[]): Record<string, string> {
  return Object.fromEntries(
    [...quotaUsage(quota(spec), counted)].map(([name, of]) => [name, quantityText(of)]),
  );
}

const pod = (requests: object, more: object = {}) =>
  one("pods", { containers: [{ resources: { requests } }], ...more });

test("pods count for what they ask for until they have ended, and for themselves as objects ever after", () => {
  const ended = { ...pod({ cpu: "1" }).object, status: { phase: "Succeeded" } } as ApiObject;
  const counted = [pod({ cpu: "250m", memory: "1Gi" }), { collection: "pods", object: ended }];
  assert.deepEqual(used({ hard: { pods: 9, cpu: 9, "requests.memory": 9, "count/pods": 9 } }, counted), {
    pods: "1",
    cpu: "250m",
    "requests.memory": "1Gi",
    "count/pods": "2",
  });
});

test("services count their node ports and load balancers, claims their storage, also by class", () => {
  const ports = [{ port: 1 }, { port: 2 }];
  const services = [
    one("services", { type: "NodePort", ports }),
    one("services", { type: "LoadBalancer", ports }),
    one("services", { type: "ClusterIP", ports }),
  ];
  const hard = { services: 9, "services.nodeports": 9, "services.loadbalancers": 9 };
  assert.deepEqual(Object.values(used({ hard }, services)), ["3", "4", "1"]);
  const claim = one("persistentvolumeclaims", {
    storageClassName: "fast",
    resources: { requests: { storage: "2Gi" } },
  });
  const ofClass = "fast.storageclass.storage.k8s.io/requests.storage";
  assert.deepEqual(used({ hard: { "requests.storage": 9, [ofClass]: 9 } }, [claim]), {
    "requests.storage": "2Gi",
    [ofClass]: "2Gi",
  });
});

test("a quota with scopes counts the pods in all of them and nothing else", () => {
  const scoped = { hard: { pods: 9 }, scopes: ["BestEffort", "NotTerminating"] };
  const pods = [pod({}), pod({ cpu: 1 }), pod({}, { activeDeadlineSeconds: 5 })];
  assert.deepEqual(used(scoped, pods), { pods: "1" });
  assert.equal(concerns(quota({ ...scoped, hard: { configmaps: 1 } }), one("configmaps", {})), false);
  const scopeSelector = {
    matchExpressions: [{ scopeName: "PriorityClass", operator: "In", values: ["high"] }],
  };
  const high = pod({}, { priorityClassName: "high" });
  assert.deepEqual(used({ hard: { pods: 9 }, scopeSelector }, [high, pod({})]), { pods: "1" });
});

test("a name says whose objects it counts", () => {
  const names = ["limits.cpu", "count/services.serving.knative.dev", "services.nodeports", "secrets"];
  assert.deepEqual(names.map(collectionCounted), [
    "pods",
    "services.serving.knative.dev",
    "services",
    "secrets",
  ]);
  assert.equal(
    collectionCounted("gold.storageclass.storage.k8s.io/requests.storage"),
    "persistentvolumeclaims",
  );
});
