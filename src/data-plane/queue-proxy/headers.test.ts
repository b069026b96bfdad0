import assert from "node:assert/strict";
import { test } from "node:test";
import { HeaderBlock } from "../../http/header-block.ts";
import { forwardedValue, healthCheckOf, restoreHost, setForwarded } from "./headers.ts";

test("a component's user agent makes a health check whatever the path, K-Network-Probe alone does not", () => {
  const kind = (...flat: string[]) => healthCheckOf(new HeaderBlock(flat));
  assert.equal(kind("User-Agent", "kube-probe/1.30"), "health");
  assert.equal(kind("User-Agent", "Knative-Activator-Probe", "K-Network-Probe", "probe"), "health");
  assert.equal(kind("User-Agent", "curl/8", "K-Network-Probe", "queue"), "none");
  assert.equal(kind("User-Agent", "curl/8", "K-Network-Probe", "probe"), "hash-echo");
  assert.equal(kind("K-Kubelet-Probe", "1"), "none");
});

test("Forwarded is made of the X-Forwarded lines, host and proto with the first address", () => {
  assert.equal(
    forwardedValue("1.1.1.1 ,2.2.2.2", "h", "https"),
    "for=1.1.1.1;host=h;proto=https, for=2.2.2.2",
  );
  assert.equal(forwardedValue("2001:db8::1", "", ""), 'for="[2001:db8::1]"');
  assert.equal(forwardedValue("", "h", ""), "host=h");
  assert.equal(forwardedValue("", "", ""), "");
});

test("the peer is appended to X-Forwarded-For, an existing Forwarded is kept", () => {
  const headers = new HeaderBlock(["X-Forwarded-For", "1.1.1.1", "Forwarded", "for=9.9.9.9"]);
  setForwarded(headers, "127.0.0.1");
  assert.equal(headers.get("x-forwarded-for"), "1.1.1.1, 127.0.0.1");
  assert.equal(headers.get("forwarded"), "for=9.9.9.9");
});

test("the Host that the activator hid comes back", () => {
  const headers = new HeaderBlock(["Host", "10.0.0.1:8012", "K-Original-Host", "app.example.com"]);
  restoreHost(headers);
  assert.deepEqual([...headers], [["Host", "app.example.com"]]);
});
