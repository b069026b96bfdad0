import assert from "node:assert/strict";
import { test } from "node:test";
import { parseConfig } from "../../../api/config/config.ts";
import type { Stored } from "../../../api/object.ts";
import type { Route } from "../../../api/route/kind.ts";
import { desiredRoute } from "./desired.ts";

test("a Route whose templates make no host is told so, and nothing of it is carried out (A-054)", () => {
  const route: Stored<Route> = {
    metadata: {
      name: "hello",
      namespace: "default",
      uid: "r",
      resourceVersion: "1",
      generation: 1,
      creationTimestamp: "2030-01-01T00:00:00Z",
      annotations: { sub: "NOT_A_HOST" },
    },
    spec: { traffic: [{ configurationName: "hello", latestRevision: true, percent: 100 }] },
  };
  const template = '{{index .Annotations "sub"}}{{.Name}}.{{.Namespace}}.{{.Domain}}';
  const config = parseConfig({ "config-network": { "domain-template": template } });
  const none = () => undefined;
  const observed = {
    configuration: none,
    revision: none,
    services: [],
    certificate: none,
    ownCertificates: [],
    wildcards: () => [],
  };
  const { children, status } = desiredRoute(route, observed, { config, nowMs: 0 });
  assert.deepEqual(children, []);
  const assigned = status?.conditions?.find(({ type }) => type === "AllTrafficAssigned");
  assert.deepEqual([assigned?.status, assigned?.reason], ["False", "ErrorConfig"]);
  assert.match(
    assigned?.message ?? "",
    /^domain name error: invalid domain name "NOT_A_HOSThello\.default\./,
  );
});
