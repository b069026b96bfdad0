import assert from "node:assert/strict";
import { createServer, type Server } from "node:https";
import type { AddressInfo } from "node:net";
import { after, before, test } from "node:test";
import { systemRandom } from "../../../base/random.ts";
import { issueServerCertificate, makeAuthority } from "../../../base/x509.ts";
import { MemoryStorage } from "../storage/memory-storage.ts";
import { HttpsWebhookCaller } from "./caller.ts";

/** A real webhook over HTTPS, found by its URL and behind a Service. */

const validity = { notBeforeMs: Date.now() - 60_000, notAfterMs: Date.now() + 3_600_000 };
const serial = () => Uint8Array.of(1, ...systemRandom.bytes(15));
const authority = makeAuthority("test-ca", validity, serial());
const caBundle = Buffer.from(authority.certificate).toString("base64");
let server: Server;
let port: number;
let silent = false;

before(async () => {
  const names = { name: "hook", dnsNames: ["localhost", "hook.ns.svc"], addresses: [] };
  const { certificate, key } = issueServerCertificate(authority, names, { validity, serial: serial() });
  server = createServer({ cert: certificate, key }, async (incoming, outgoing) => {
    if (silent) return;
    let body = "";
    for await (const chunk of incoming) body += chunk;
    outgoing.statusCode = incoming.url?.startsWith("/broken") ? 500 : 200;
    outgoing.end(`${incoming.url} ${body}`);
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  port = (server.address() as AddressInfo).port;
});

after(() => {
  server.closeAllConnections();
  server.close();
});

const how = () => ({ timeoutSeconds: 3, signal: new AbortController().signal });

test("a webhook is asked at its URL, with the time it has", async () => {
  const caller = new HttpsWebhookCaller(new MemoryStorage());
  const answer = await caller.call({ url: `https://localhost:${port}/hook`, caBundle }, "{}", how());
  assert.equal(answer, "/hook?timeout=3s {}");
});

test("a webhook that no bundle vouches for is not asked", async () => {
  const caller = new HttpsWebhookCaller(new MemoryStorage());
  const url = `https://localhost:${port}/hook`;
  await assert.rejects(
    caller.call({ url }, "{}", how()),
    /^Error: Post "https:\/\/localhost:\d+\/hook\?timeout=3s": /,
  );
  await assert.rejects(
    caller.call({ url: `https://localhost:${port}/broken`, caBundle }, "{}", how()),
    /the webhook answered with status 500$/,
  );
});

test("a webhook behind a Service is found by its ready address and named by its DNS name", async () => {
  const storage = new MemoryStorage();
  await storage.start();
  const put = (collection: string, object: object) =>
    storage.append({
      key: { collection, namespace: "ns", name: "hook" },
      expected: 0,
      type: "put",
      render: () => JSON.stringify(object),
    });
  const caller = new HttpsWebhookCaller(storage);
  const service = { namespace: "ns", name: "hook", path: "/x", port: 443 };
  await assert.rejects(caller.call({ service, caBundle }, "{}", how()), {
    message: 'Post "https://hook.ns.svc:443/x?timeout=3s": service "hook" not found',
  });
  put("services", { metadata: {}, spec: { ports: [{ name: "https", port: 443, targetPort: "https" }] } });
  await assert.rejects(
    caller.call({ service, caBundle }, "{}", how()),
    /no endpoints available for service "hook"$/,
  );
  const addresses = [{ ip: "127.0.0.1" }];
  put("endpoints", { metadata: {}, subsets: [{ addresses, ports: [{ name: "https", port }] }] });
  assert.equal(await caller.call({ service, caBundle }, "{}", how()), "/x?timeout=3s {}");
  await storage.stop();
});

test("a webhook that says nothing is given up when its time is over", async () => {
  silent = true;
  const caller = new HttpsWebhookCaller(new MemoryStorage());
  const late = new AbortController();
  const asking = caller.call({ url: `https://localhost:${port}/hook`, caBundle }, "{}", {
    timeoutSeconds: 1,
    signal: late.signal,
  });
  late.abort();
  await assert.rejects(asking, /context deadline exceeded$/);
  silent = false;
});
