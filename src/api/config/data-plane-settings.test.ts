import assert from "node:assert/strict";
import { test } from "node:test";
import { QUIET_SETTINGS } from "../wire/settings.ts";
import { parseConfig } from "./config.ts";
import { dataPlaneSettings } from "./data-plane-settings.ts";

test("without ConfigMaps nothing is measured, traced or logged", () => {
  assert.deepEqual(dataPlaneSettings(parseConfig({})), {
    ...QUIET_SETTINGS,
    logLevels: { base: undefined, components: {} },
  });
});

test("each setting comes from its ConfigMap", () => {
  const config = parseConfig({
    "config-observability": {
      "metrics-protocol": "prometheus",
      "tracing-protocol": "stdout",
      "tracing-sampling-rate": "0.5",
      "logging.enable-request-log": "true",
      "logging.request-log-template": "{{.Request.Host}}",
    },
    "config-network": { "mesh-compatibility-mode": "enabled", "enable-mesh-pod-addressability": "true" },
    "config-logging": { "loglevel.activator": "debug", "zap-logger-config": '{"level": "error"}' },
  });
  assert.deepEqual(dataPlaneSettings(config), {
    measures: true,
    tracing: { protocol: "stdout", endpoint: "", samplingRate: 0.5 },
    requestLogTemplate: "{{.Request.Host}}",
    mesh: { mode: "enabled", podAddressability: true },
    logLevels: { base: "error", components: { activator: "debug" } },
  });
});

test("a zap configuration that cannot be read says nothing of levels", () => {
  for (const text of ["{", "null", '{"level": 3}', '{"level": "loud"}']) {
    const { logLevels } = dataPlaneSettings(parseConfig({ "config-logging": { "zap-logger-config": text } }));
    assert.equal(logLevels.base, undefined, text);
  }
});
