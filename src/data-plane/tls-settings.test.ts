import assert from "node:assert/strict";
import { test } from "node:test";
import { tlsSettingsOf } from "./tls-settings.ts";

test("without settings TLS 1.3 is the least that is spoken", () => {
  assert.deepEqual(tlsSettingsOf({}, "QUEUE_PROXY_TLS_"), { minVersion: "TLSv1.3" });
  assert.deepEqual(tlsSettingsOf({ QUEUE_PROXY_TLS_CIPHER_SUITES: "" }, "QUEUE_PROXY_TLS_"), {
    minVersion: "TLSv1.3",
  });
});

test("Go's names of versions, ciphers and curves become OpenSSL's", () => {
  const settings = tlsSettingsOf(
    {
      QUEUE_PROXY_TLS_MIN_VERSION: "1.2",
      QUEUE_PROXY_TLS_MAX_VERSION: "1.3",
      QUEUE_PROXY_TLS_CIPHER_SUITES: "TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256, TLS_AES_128_GCM_SHA256",
      QUEUE_PROXY_TLS_CURVE_PREFERENCES: "X25519,CurveP256",
    },
    "QUEUE_PROXY_TLS_",
  );
  assert.deepEqual(settings, {
    minVersion: "TLSv1.2",
    maxVersion: "TLSv1.3",
    ciphers: "ECDHE-RSA-AES128-GCM-SHA256:TLS_AES_128_GCM_SHA256",
    curves: "X25519:P-256",
  });
});

test("an unknown name is refused with the names that are known", () => {
  assert.throws(
    () => tlsSettingsOf({ QUEUE_PROXY_TLS_MIN_VERSION: "1.1" }, "QUEUE_PROXY_TLS_"),
    /"1.1": must be one of 1.2, 1.3/,
  );
  assert.throws(() => tlsSettingsOf({ QUEUE_PROXY_TLS_CURVE_PREFERENCES: "P-256" }, "QUEUE_PROXY_TLS_"), {
    code: "queue-proxy-config",
  });
});
