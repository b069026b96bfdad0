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
