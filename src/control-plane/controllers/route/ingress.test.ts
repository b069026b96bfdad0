import assert from "node:assert/strict";
import { test } from "node:test";
import { type Config, parseConfig } from "../../../api/config/config.ts";
import type { Stored } from "../../../api/object.ts";
import type { Route } from "../../../api/route/kind.ts";
import { ingressOf } from "./ingress.ts";
import { originsOf } from "./origins.ts";
import type { RevisionTarget } from "./traffic.ts";

function target(revisionName: string, tag: string, percent = 100): RevisionTarget {
  return { revisionName, tag, percent, latestRevision: false, protocol: "http1" };
}

const byName = new Map([
  ["", [target("hello-1", "", 100), target("hello-2", "blue", 0)]],
  ["blue", [target("hello-2", "blue")]],
]);

function specFor(options: { config: Config; annotations?: Record<string, string> }) {
  const route: Stored<Route> = {
    metadata: {
      name: "hello",
      namespace: "default",
      uid: "u",
      resourceVersion: "1",
      creationTimestamp: "2030-01-01T00:00:00Z",
      annotations: options.annotations ?? {},
    },
    spec: {},
  };
  const { config } = options;
  const origins = originsOf({ route, tags: ["blue"], config, localServices: new Set() });
  return ingressOf({ route, origins, byName, rollout: "{}", config, tls: { tls: [], challenges: [] } }).spec;
}

const byHeader = parseConfig({ "config-features": { "tag-header-based-routing": "Enabled" } });

test("with tag-header-based-routing a request that names a tag goes to it, and the rest is marked as default", () => {
  const [main] = specFor({ config: byHeader }).rules ?? [];
  const paths = main?.http?.paths ?? [];
  assert.deepEqual(
    paths.map(({ headers, appendHeaders, splits }) => [headers, appendHeaders, splits[0]?.serviceName]),
    [
      [{ "Knative-Serving-Tag": { exact: "blue" } }, undefined, "hello-2"],
      [undefined, { "Knative-Serving-Default-Route": "true" }, "hello-1"],
    ],
  );
});

test("a tag's own host then tells the tag", () => {
  const ofTag = specFor({ config: byHeader }).rules?.find(({ hosts }) => hosts?.[0]?.startsWith("blue-"));
  assert.deepEqual(ofTag?.http?.paths[0]?.appendHeaders, { "Knative-Serving-Tag": "blue" });
});

test("without the flag there is one path per host and no such header", () => {
  for (const { http } of specFor({ config: parseConfig({}) }).rules ?? []) {
    assert.equal(http?.paths.length, 1);
    assert.equal(http?.paths[0]?.appendHeaders, undefined);
  }
});

test("plain HTTP is redirected as the annotation says, else as the cluster does", () => {
  const redirecting = parseConfig({ "config-network": { "http-protocol": "Redirected" } });
  const disabled = parseConfig({ "config-network": { "http-protocol": "Disabled" } });
  const enabled = { "networking.knative.dev/http-protocol": "Enabled" };
  const redirected = { "networking.knative.dev/httpOption": "REDIRECTED" };
  assert.equal(specFor({ config: parseConfig({}) }).httpOption, "Enabled");
  assert.equal(specFor({ config: redirecting }).httpOption, "Redirected");
  assert.equal(specFor({ config: redirecting, annotations: enabled }).httpOption, "Enabled");
  assert.equal(specFor({ config: disabled, annotations: redirected }).httpOption, "Redirected");
  const wrong = { "networking.knative.dev/http-protocol": "maybe" };
  assert.throws(() => specFor({ config: redirecting, annotations: wrong }), {
    code: "incorrect-http-protocol",
    message: "incorrect http-protocol annotation: maybe",
  });
});
