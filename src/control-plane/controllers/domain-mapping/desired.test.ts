import assert from "node:assert/strict";
import { test } from "node:test";
import { parseConfig } from "../../../api/config/config.ts";
import type { DomainMapping } from "../../../api/domain-mapping/kind.ts";
import type { Stored } from "../../../api/object.ts";
import { desiredMapping } from "./desired.ts";

test("a claim that could not be written is told with the reason, and nothing is built on it (A-057)", () => {
  const mapping: Stored<DomainMapping> = {
    metadata: {
      name: "shop.example.org",
      namespace: "default",
      uid: "m",
      resourceVersion: "1",
      generation: 1,
      creationTimestamp: "2030-01-01T00:00:00Z",
    },
    spec: { ref: { apiVersion: "v1", kind: "Service", name: "hello", namespace: "default" } },
  };
  const config = parseConfig({ "config-network": { "autocreate-cluster-domain-claims": "true" } });
  const failure = {
    kind: "ClusterDomainClaim",
    name: "shop.example.org",
    reason: "InternalError",
    message: "the disk is full",
  };
  const observed = { claim: undefined, ingress: undefined, certificate: undefined, target: undefined };
  const { children, status } = desiredMapping(mapping, observed, { config, nowMs: 0, failure });
  assert.deepEqual(children, []);
  const claimed = status?.conditions?.find(({ type }) => type === "DomainClaimed");
  assert.deepEqual(
    [claimed?.status, claimed?.reason, claimed?.message],
    ["False", "DomainClaimFailed", "the disk is full"],
  );
});
