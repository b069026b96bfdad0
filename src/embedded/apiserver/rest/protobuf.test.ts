import assert from "node:assert/strict";
import { test } from "node:test";
import { decodeProtobuf } from "./protobuf.ts";

const field = (number: number, ...parts: Uint8Array[]) => {
  const content = Buffer.concat(parts);
  return Buffer.concat([Buffer.of(number * 8 + 2, content.length), content]);
};
const text = (value: string) => Buffer.from(value, "utf8");
const body = (kind: string, raw: Uint8Array) =>
  Buffer.concat([text("k8s\0"), field(1, field(1, text("v1")), field(2, text(kind))), field(2, raw)]);

test("a ConfigMap as a typed client sends it", () => {
  const entry = (key: string, value: string) => field(2, field(1, text(key)), field(2, text(value)));
  const raw = Buffer.concat([
    field(1, field(1, text("a")), field(3, text(""))),
    entry("x", "1"),
    entry("y", "2"),
  ]);
  assert.deepEqual(decodeProtobuf(body("ConfigMap", raw)), {
    apiVersion: "v1",
    kind: "ConfigMap",
    metadata: { name: "a" },
    data: { x: "1", y: "2" },
  });
});

test("what is not understood is said, what is cut off is refused", () => {
  assert.equal(decodeProtobuf(text("{}")), undefined);
  assert.equal(decodeProtobuf(body("Odd", text(""))), undefined);
  assert.throws(() => decodeProtobuf(body("ConfigMap", Buffer.of(10, 200))), RangeError);
  assert.throws(() => decodeProtobuf(body("ConfigMap", Buffer.of(255, 255, 255))), RangeError);
});

test("a zero that a pointer holds is kept, and one that means nothing is not", () => {
  const probe = Buffer.concat([
    // httpGet stands in a message of its own, whose fields JSON writes into the probe.
    field(
      1,
      field(2, field(1, text("/ready")), field(2, Buffer.of(8, 0, 16, 0x90, 0x3f), field(3, text("")))),
    ),
    Buffer.of(2 * 8, 0),
    Buffer.of(7 * 8, 0),
  ]);
  const container = Buffer.concat([field(1, text("app")), field(2, text("")), field(11, probe)]);
  assert.deepEqual(decodeProtobuf(body("Pod", field(2, field(2, container)))), {
    apiVersion: "v1",
    kind: "Pod",
    spec: {
      containers: [
        {
          name: "app",
          readinessProbe: { httpGet: { path: "/ready", port: 8080 }, terminationGracePeriodSeconds: 0 },
        },
      ],
    },
  });
});

test("what JSON writes in a form of its own comes out in that form", () => {
  const time = field(8, Buffer.of(8, 0x80, 0xb0, 0x94, 0xc8, 0x06));
  const data = field(2, field(1, text("key")), field(2, Buffer.of(0, 255)));
  assert.deepEqual(decodeProtobuf(body("Secret", Buffer.concat([field(1, time), data]))), {
    apiVersion: "v1",
    kind: "Secret",
    metadata: { creationTimestamp: "2025-10-31T20:11:44Z" },
    data: { key: "AP8=" },
  });
  const minusOne = Buffer.of(8, ...Array<number>(9).fill(255), 1);
  assert.deepEqual(decodeProtobuf(body("DeleteOptions", minusOne)), {
    apiVersion: "v1",
    kind: "DeleteOptions",
    gracePeriodSeconds: -1,
  });
});

test("a name that JavaScript's objects have is a key like any other", () => {
  const labels = field(11, field(1, text("__proto__")), field(2, text("x")));
  const object = decodeProtobuf(body("ConfigMap", field(1, labels)));
  const metadata = object?.metadata as { labels: object };
  assert.deepEqual(Object.entries(metadata.labels), [["__proto__", "x"]]);
});
