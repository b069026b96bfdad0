import assert from "node:assert/strict";
import { test } from "node:test";
import type { AnyObject } from "../any-object.ts";
import { checkBuiltIn } from "./checks.ts";
import { applyBuiltInDefaults } from "./defaults.ts";
import type { ServiceAllocator } from "./service-defaults.ts";

const allocator = {} as ServiceAllocator;

test("A Secret's stringData becomes data in base64 and wins over it; the type is Opaque", () => {
  const secret: AnyObject = { metadata: {}, data: { a: "eA==", b: "eA==" }, stringData: { a: "é" } };
  applyBuiltInDefaults("secrets", secret, { before: undefined, allocator });
  assert.deepEqual(secret, { metadata: {}, data: { a: "w6k=", b: "eA==" }, type: "Opaque" });
});

test("A Secret keeps its type, and an immutable one its data", () => {
  const before: AnyObject = { metadata: {}, type: "Opaque", immutable: true, data: { a: "eA==" } };
  const object: AnyObject = { metadata: {}, type: "example.com/other", immutable: true, data: {} };
  const causes = checkBuiltIn("secrets", { object, before, inside: false });
  assert.deepEqual(
    causes.map(({ field }) => field),
    ["type", "data"],
  );
});
