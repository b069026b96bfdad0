import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import type { EndpointSubset } from "../../../api/endpoints/kind.ts";
import { chooseSubset } from "./choose-subset.ts";
import { forcedMode, publicSubsets, readyAddresses } from "./public-endpoints.ts";

const PORTS = [
  { name: "http", port: 8012, protocol: "TCP" },
  { name: "http2", port: 8013, protocol: "TCP" },
  { name: "https", port: 8112, protocol: "TCP" },
  { name: "http-autometric", port: 9090, protocol: "TCP" },
];

function subsetsAt(prefix: string): fc.Arbitrary<EndpointSubset[]> {
  const ips = fc.uniqueArray(
    fc.integer({ min: 1, max: 250 }).map((last) => `${prefix}.${last}`),
    { maxLength: 12 },
  );
  return fc.array(
    fc.record({ ready: ips, notReady: ips }).map(({ ready, notReady }) => ({
      ...(ready.length > 0 ? { addresses: ready.map((ip) => ({ ip })) } : {}),
      ...(notReady.length > 0 ? { notReadyAddresses: notReady.map((ip) => ({ ip })) } : {}),
      ports: PORTS,
    })),
    { maxLength: 2 },
  );
}

const sources = fc.record({
  mode: fc.constantFrom("Serve" as const, "Proxy" as const),
  own: subsetsAt("127.1.0"),
  activators: subsetsAt("10.9.0"),
});
const facts = sources.chain((given) =>
  fc.record({
    protocol: fc.constantFrom("http1" as const, "h2c" as const),
    numActivators: fc.integer({ min: 0, max: 15 }),
    name: fc.constantFrom("hello-00001", "other-00007"),
    given: fc.constant(given),
  }),
);

function subsetsOf({ given, name, ...rest }: typeof facts extends fc.Arbitrary<infer F> ? F : never) {
  return publicSubsets({ ...given, ...rest, choose: (all, count) => chooseSubset(all, count, name) });
}

test("no activator forces Serve, else no ready pod forces Proxy, else the wish holds", () => {
  fc.assert(
    fc.property(sources, (given) => {
      const mode = forcedMode(given);
      if (readyAddresses(given.activators) === 0) assert.equal(mode, "Serve");
      else if (readyAddresses(given.own) === 0) assert.equal(mode, "Proxy");
      else assert.equal(mode, given.mode);
    }),
  );
});

test("the public Service is never without a ready address while a pod or an activator is ready", () => {
  fc.assert(
    fc.property(facts, (one) => {
      const { own, activators } = one.given;
      if (readyAddresses(own) + readyAddresses(activators) > 0) assert.ok(readyAddresses(subsetsOf(one)) > 0);
    }),
  );
});

test("so many activators answer as are wanted, and always the same ones", () => {
  fc.assert(
    fc.property(facts, (one) => {
      if (forcedMode(one.given) !== "Proxy" || one.numActivators === 0) return;
      const first = ipsOf(subsetsOf(one));
      const all = ipsOf(one.given.activators);
      assert.equal(first.size, Math.min(all.size, one.numActivators));
      const reversed = { ...one.given, activators: one.given.activators.toReversed() };
      assert.deepEqual([...first].sort(), [...ipsOf(subsetsOf({ ...one, given: reversed }))].sort());
    }),
  );
});

test("only the traffic's port and the TLS port are published", () => {
  fc.assert(
    fc.property(facts, (one) => {
      const wanted = one.protocol === "h2c" ? [8013, 8112] : [8012, 8112];
      for (const { ports = [] } of subsetsOf(one))
        assert.deepEqual(
          ports.map(({ port }) => port),
          wanted,
        );
    }),
  );
});

function ipsOf(subsets: readonly EndpointSubset[]): Set<string> {
  return new Set(subsets.flatMap(({ addresses = [] }) => addresses.map(({ ip }) => ip)));
}
