import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { freezeJson } from "../base/json.ts";
import { Packer } from "./packer.ts";

test("what is unpacked says what was packed, whatever was packed before", () => {
  const packer = new Packer();
  const name = fc.oneof(fc.string(), fc.constantFrom("ключ", "💡", "\ud800", "__proto__"));
  const kind = fc.constantFrom("Deployment", "Secret");
  fc.assert(
    fc.property(kind, fc.dictionary(name, fc.jsonValue({ maxDepth: 3 }), { maxKeys: 5 }), (kind, value) => {
      const text = JSON.stringify(value);
      const object = JSON.parse(text);
      assert.equal(JSON.stringify(packer.unpack(packer.pack(kind, object))), text);
    }),
    { numRuns: 40 },
  );
});

test("an object too large to be deflated in one turn is kept as its text", () => {
  const packer = new Packer();
  const object = { data: { text: "ž".repeat(100_000) } };
  const packed = packer.pack("ConfigMap", object);
  assert.deepEqual(packer.unpack(packed), object);
});

test("an object like those of its kind before it takes a small part of its text", () => {
  const packer = new Packer();
  const containers = Array.from({ length: 20 }, (_, index) => ({
    name: `c${index}`,
    image: `i${index * 7}`,
  }));
  const podOf = (name: string) => ({ metadata: { name, uid: `uid-of-${name}` }, spec: { containers } });
  packer.pack("Pod", podOf("first"));
  assert.ok(packer.pack("Pod", podOf("second")).length < JSON.stringify(podOf("second")).length / 10);
});

test("what was frozen comes back frozen all through, and what was not can be changed", () => {
  const packer = new Packer();
  const frozen = packer.unpack(packer.pack("Pod", freezeJson({ spec: { containers: [{ name: "a" }] } })));
  const { spec } = frozen as { spec: { containers: { name: string }[] } };
  assert.throws(() => spec.containers.push({ name: "b" }), TypeError);
  assert.equal(Object.isFrozen(packer.unpack(packer.pack("Pod", { spec: {} }))), false);
});

test("more kinds than there is room for samples are kept all the same", () => {
  const packer = new Packer();
  const objects = Array.from({ length: 300 }, (_, index) => ({ metadata: { name: `n${index}` } }));
  const packed = objects.map((object, index) => packer.pack(`kind-${index}`, object));
  assert.deepEqual(
    packed.map((one) => packer.unpack(one)),
    objects,
  );
});

test("an object shared by two caches is packed once, and so is one that was unpacked", () => {
  const packer = new Packer();
  const object = { metadata: { name: "shared" } };
  const packed = packer.pack("Pod", object);
  assert.equal(packer.pack("Pod", object), packed);
  assert.equal(packer.pack("Pod", packer.unpack(packed)), packed);
});
