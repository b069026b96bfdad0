import assert from "node:assert/strict";
import { test } from "node:test";
import { parseConfig } from "../config/config.ts";
import type { ConfigData } from "../config/reader.ts";
import type { Container } from "../container.ts";
import type { RevisionSpec } from "../revision-spec.ts";
import { defaultRevisionSpec } from "./defaults.ts";

/** The first container of a spec after defaulting under these ConfigMaps. */
function defaulted(
  maps: Readonly<Record<string, ConfigData>>,
  container: Partial<Container>,
  pod: Partial<RevisionSpec> = {},
): Container {
  const spec: RevisionSpec = {
    ...pod,
    containers: [{ image: "example.com/app", ...container }],
  } as RevisionSpec;
  defaultRevisionSpec(spec, { config: parseConfig(maps), parent: { name: "hello" }, isCreate: true });
  const [first] = spec.containers;
  assert.ok(first);
  return first;
}

test("resources that the cluster has defaults for are filled in where the user said nothing (A-089)", () => {
  const defaults = {
    "revision-cpu-request": "100m",
    "revision-memory-request": "50M",
    "revision-cpu-limit": "2",
    "revision-ephemeral-storage-limit": "1G",
  };
  const maps = { "config-defaults": defaults };
  assert.deepEqual(
    defaulted(maps, { resources: { requests: { cpu: "1" }, limits: { memory: "1Gi" } } }).resources,
    {
      requests: { cpu: "1", memory: "50M" },
      limits: { cpu: "2", memory: "1Gi", "ephemeral-storage": "1G" },
    },
  );
  assert.deepEqual(defaulted({}, {}).resources, {});
});

test("secure pod defaults close what the user left open, and nothing else (A-094)", () => {
  const maps = (flag: string) => ({ "config-features": { "secure-pod-defaults": flag } });
  const closed = {
    allowPrivilegeEscalation: false,
    seccompProfile: { type: "RuntimeDefault" },
    capabilities: { drop: ["ALL"] },
  };
  const ports = [{ containerPort: 8080 }];
  assert.deepEqual(defaulted(maps("Enabled"), { ports }).securityContext, { ...closed, runAsNonRoot: true });
  assert.deepEqual(defaulted(maps("AllowRootBounded"), { ports }).securityContext, closed);
  assert.equal(defaulted(maps("Disabled"), { ports }).securityContext, undefined);

  const low = defaulted(maps("Enabled"), { ports: [{ containerPort: 80 }] }).securityContext;
  assert.deepEqual(low?.capabilities, { add: ["NET_BIND_SERVICE"], drop: ["ALL"] });

  const own = { allowPrivilegeEscalation: true, capabilities: {}, runAsNonRoot: false };
  const pod = { securityContext: { seccompProfile: { type: "Unconfined" } } } as Partial<RevisionSpec>;
  assert.deepEqual(defaulted(maps("Enabled"), { ports, securityContext: own }, pod).securityContext, own);
});
