import assert from "node:assert/strict";
import { test } from "node:test";
import type { Backend } from "../backend.ts";
import { PodSet } from "./pod-set.ts";

const pod = (last: number, podUid = `u${last}`): Backend => ({ ip: `10.0.0.${last}`, port: 8012, podUid });

test("a pod is used only after a probe of ours succeeded", () => {
  const pods = new PodSet();
  pods.observe({ ready: [pod(1)], notReady: [] });
  assert.deepEqual(pods.usable(), []);
  assert.deepEqual(pods.unproven(), [pod(1)]);
  pods.prove(pod(1));
  assert.deepEqual(pods.usable(), [pod(1)]);
  assert.deepEqual(pods.unproven(), []);
});

test("a proven pod counts before Kubernetes calls it ready, unless only the kubelet can know", () => {
  const pods = new PodSet();
  pods.observe({ ready: [], notReady: [pod(1)] });
  pods.prove(pod(1));
  assert.deepEqual(pods.usable(), [pod(1)]);
  pods.trustsProbes = false;
  assert.deepEqual(pods.usable(), []);
  pods.observe({ ready: [pod(1)], notReady: [] });
  assert.deepEqual(pods.usable(), [pod(1)]);
});

test("a pod that fell back to not ready must be probed again", () => {
  const pods = new PodSet();
  pods.observe({ ready: [pod(1)], notReady: [] });
  pods.prove(pod(1));
  pods.observe({ ready: [], notReady: [pod(1)] });
  assert.deepEqual(pods.usable(), []);
  assert.deepEqual(pods.unproven(), [pod(1)]);
});

test("an address that another pod got is not proven by its predecessor", () => {
  const pods = new PodSet();
  pods.observe({ ready: [pod(1, "old")], notReady: [] });
  pods.prove(pod(1, "old"));
  pods.observe({ ready: [pod(1, "new")], notReady: [] });
  assert.deepEqual(pods.usable(), []);
  pods.prove(pod(1, "old"));
  assert.deepEqual(pods.usable(), []);
});

test("a draining pod gets nothing new although the Endpoints still list it", () => {
  const pods = new PodSet();
  pods.observe({ ready: [pod(1), pod(2)], notReady: [] });
  pods.prove(pod(1));
  pods.prove(pod(2));
  pods.drain(pod(1));
  assert.deepEqual(pods.usable(), [pod(2)]);
  pods.observe({ ready: [pod(1), pod(2)], notReady: [] });
  assert.deepEqual(pods.usable(), [pod(2)]);
});

test("a pod of this process is probed before the Endpoints list it, and kept until they have", () => {
  const pods = new PodSet();
  pods.introduce(pod(1));
  assert.deepEqual(pods.unproven(), [pod(1)]);
  pods.observe({ ready: [pod(2)], notReady: [] });
  pods.prove(pod(1));
  assert.deepEqual(pods.usable(), [pod(1)]);
  pods.observe({ ready: [], notReady: [pod(1)] });
  assert.deepEqual(pods.usable(), [pod(1)]);
  pods.observe({ ready: [], notReady: [] });
  assert.deepEqual(pods.usable(), []);
});

test("a pod of this process that ends before the Endpoints listed it is forgotten", () => {
  const pods = new PodSet();
  pods.introduce(pod(1));
  pods.prove(pod(1));
  assert.equal(pods.drain(pod(1)), true);
  assert.deepEqual([pods.usable(), pods.unproven()], [[], []]);
  assert.equal(pods.drain(pod(1)), false);
});

test("a pod that only the kubelet can call ready goes on being probed until it does", () => {
  const pods = new PodSet();
  pods.trustsProbes = false;
  const pod = { ip: "10.0.0.1", port: 8012 };
  pods.observe({ ready: [], notReady: [pod] });
  assert.equal(pods.prove(pod), false);
  assert.deepEqual(pods.usable(), []);
  assert.deepEqual(pods.unproven(), [pod]);
  pods.observe({ ready: [pod], notReady: [] });
  assert.deepEqual(pods.usable(), [pod], "its probe has passed already");
  assert.deepEqual(pods.unproven(), []);
});
