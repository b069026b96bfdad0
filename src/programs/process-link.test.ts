import assert from "node:assert/strict";
import { test } from "node:test";
import type { QueueProxyHost } from "../api/wire/hosting.ts";
import { EbbError } from "../base/errors.ts";
import { hostingOver, serveHosting } from "./hosting-link.ts";
import { memoryLinkPair } from "./process-link.ts";

test("a channel keeps what was sent before anybody listened, in order", async () => {
  const { near, far } = memoryLinkPair();
  near.send("numbers", 1);
  near.send("numbers", 2);
  await Promise.resolve();
  const seen: unknown[] = [];
  far.listen("numbers", (message) => seen.push(message));
  near.send("numbers", 3);
  await Promise.resolve();
  assert.deepEqual(seen, [1, 2, 3]);
});

const pod = { uid: "u1", namespace: "default", name: "p", ip: "127.1.0.2", env: {}, userPorts: [] };

test("hosting calls cross a link and their failures keep code and message", async () => {
  const { near, far } = memoryLinkPair();
  const moments: unknown[] = [];
  const host: QueueProxyHost = {
    host: () => Promise.reject(new EbbError("address-in-use", "127.1.0.2:8012 is taken")),
    drain: () => Promise.resolve(),
    restarting: () => Promise.resolve(),
    remove: () => Promise.resolve(),
    moment: (...moment) => moments.push(moment),
  };
  serveHosting(far, host);
  const remote = hostingOver(near);
  await assert.rejects(remote.host(pod), { code: "address-in-use", message: "127.1.0.2:8012 is taken" });
  remote.moment("u1", "processStarted", 5);
  await remote.drain("u1");
  assert.deepEqual(moments, [["u1", "processStarted", 5]]);
});

test("with the data plane nothing is left to drain or to remove, and nothing can be hosted", async () => {
  const { near, close } = memoryLinkPair();
  const remote = hostingOver(near);
  const hosting = remote.host(pod);
  const draining = remote.drain("u1");
  close();
  await assert.rejects(hosting, { code: "data-plane-gone" });
  await draining;
  await remote.remove("u1");
  await assert.rejects(remote.host(pod), { code: "data-plane-gone" });
});
