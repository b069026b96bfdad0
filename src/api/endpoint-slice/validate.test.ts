import assert from "node:assert/strict";
import { test } from "node:test";
import { causesText } from "../field-cause.ts";
import type { EndpointSlice } from "./kind.ts";
import { sliceCauses } from "./validate.ts";

const slice = (addresses: string[], addressType = "IPv4") =>
  ({ metadata: {}, addressType, endpoints: [{ addresses }] }) as unknown as EndpointSlice;
const outside = { inside: false, before: undefined };

test("a client may not point at the machine itself, the engine's own components may", () => {
  assert.equal(
    causesText(sliceCauses(slice(["127.0.0.9"]), outside)),
    'endpoints[0].addresses[0]: Invalid value: "127.0.0.9": may not be in the loopback range (127.0.0.0/8, ::1/128)',
  );
  assert.deepEqual(sliceCauses(slice(["127.0.0.9"]), { inside: true, before: undefined }), []);
});

test("addresses are of the slice's type, which never changes", () => {
  assert.equal(
    causesText(sliceCauses(slice(["256.1.1.1"]), outside)),
    'endpoints[0].addresses[0]: Invalid value: "256.1.1.1": must be a valid IPv4 address',
  );
  assert.deepEqual(sliceCauses(slice(["2001:db8::1"], "IPv6"), outside), []);
  assert.equal(
    causesText(sliceCauses(slice(["a.example.com"], "FQDN"), { ...outside, before: slice([]) })),
    'addressType: Invalid value: "FQDN": field is immutable',
  );
});
