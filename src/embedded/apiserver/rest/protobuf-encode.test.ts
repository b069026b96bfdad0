import assert from "node:assert/strict";
import { test } from "node:test";
import { decodeProtobuf } from "./protobuf.ts";
import { encodeItem, encodeList, encodeProtobuf, encodeWatchEvent } from "./protobuf-encode.ts";

/** What the decoder, which Go's own types judge, makes of what was encoded. */
function back(object: Record<string, unknown>): unknown {
  const bytes = encodeProtobuf(object);
  assert.ok(bytes);
  return decodeProtobuf(bytes);
}

test("a ConfigMap comes back as it was, odd keys and all", () => {
  const object = {
    apiVersion: "v1",
    kind: "ConfigMap",
    metadata: {
      name: "a",
      namespace: "ns",
      uid: "u",
      resourceVersion: "7",
      creationTimestamp: "2026-01-02T03:04:05Z",
      labels: { a: "", constructor: "x" },
      ownerReferences: [{ apiVersion: "v1", kind: "Pod", name: "p", uid: "q", controller: true }],
      managedFields: [
        {
          manager: "m",
          operation: "Update",
          apiVersion: "v1",
          time: "2026-01-02T03:04:05Z",
          fieldsType: "FieldsV1",
          fieldsV1: { "f:data": {} },
        },
      ],
    },
    data: { k: "ü" },
    binaryData: { b: "AAEC" },
    immutable: true,
  };
  assert.deepEqual(back(object), object);
});

test("a Deployment comes back with its ports, probes, quantities and negative numbers", () => {
  const object = {
    apiVersion: "apps/v1",
    kind: "Deployment",
    metadata: { name: "d", generation: 3 },
    spec: {
      replicas: 0,
      selector: { matchLabels: { a: "b" } },
      strategy: { type: "RollingUpdate", rollingUpdate: { maxUnavailable: 0, maxSurge: "25%" } },
      template: {
        metadata: { labels: { a: "b" } },
        spec: {
          containers: [
            {
              name: "c",
              image: "x",
              resources: { limits: { cpu: "500m" } },
              readinessProbe: { httpGet: { path: "/", port: 8080, scheme: "HTTP" }, periodSeconds: 10 },
              securityContext: { runAsUser: -1, privileged: false },
            },
          ],
          tolerations: [{ key: "k", operator: "Exists", tolerationSeconds: 300 }],
        },
      },
    },
  };
  assert.deepEqual(back(object), object);
});

test("an event's micro time and a Service's named port come back", () => {
  const lease = {
    apiVersion: "coordination.k8s.io/v1",
    kind: "Lease",
    metadata: { name: "l" },
    spec: { renewTime: "2026-01-02T03:04:05.000123Z", leaseTransitions: 0 },
  };
  assert.deepEqual(back(lease), lease);
  const ports = [{ port: 80, targetPort: "http" }];
  const service = { apiVersion: "v1", kind: "Service", metadata: { name: "s" }, spec: { ports } };
  assert.deepEqual(back(service), service);
});

test("a custom resource has no such form", () => {
  assert.equal(encodeProtobuf({ apiVersion: "serving.knative.dev/v1", kind: "Service" }), undefined);
});

test("a list is its type, its metadata and its items, and is written from JSON as from encoded items", () => {
  const metadata = { resourceVersion: "9", continue: "c", remainingItemCount: 0 };
  const items = [{ metadata: { name: "a" } }, { metadata: { name: "b" }, data: { x: "1" } }];
  const type = { apiVersion: "v1", kind: "ConfigMap" };
  const listType = { apiVersion: "v1", kind: "ConfigMapList" };
  const encoded = items.map((item) => encodeItem(type, item));
  const list = encodeList({ type: listType, metadata, items: encoded });
  assert.deepEqual(encodeProtobuf({ ...listType, metadata, items }), list);
  // The second item's name and data stand in it as they were given.
  assert.ok(list.includes(encodeItem(type, items[1] ?? {})));
});

test("an event of a watch stands in a frame that begins with its length and holds the whole object", () => {
  const object = { apiVersion: "v1", kind: "ConfigMap", metadata: { name: "a" } };
  const frame = encodeWatchEvent("ADDED", object);
  assert.ok(frame);
  assert.equal(frame.readUInt32BE(0), frame.length - 4);
  const raw = encodeProtobuf(object);
  assert.ok(raw && frame.subarray(-raw.length).equals(raw));
  assert.equal(encodeWatchEvent("ADDED", { apiVersion: "serving.knative.dev/v1", kind: "Route" }), undefined);
});
