import assert from "node:assert/strict";
import { test } from "node:test";
import type { Timeline } from "../api/wire/hosting.ts";
import { waterfall } from "./waterfall.ts";

const timeline: Timeline = {
  requestId: "r",
  namespace: "default",
  revision: "hello-00001",
  podUid: "u",
  moments: { received: 1000, scaleDecided: 1001, processStarted: 1010, firstByte: 1020 },
};

test("a waterfall tells for each moment when it came and how long its step took", () => {
  const lines = waterfall(timeline).trimEnd().split("\n");
  assert.deepEqual(
    lines.map((line) => line.replace(/█+/, "#").replace(/\s+/g, " ").trim()),
    [
      "received # 0.0 ms +0.0 ms",
      "scale decided # 1.0 ms +1.0 ms",
      "process started # 10.0 ms +9.0 ms",
      "first byte # 20.0 ms +10.0 ms",
    ],
  );
});

test("moments that came before the request, as with a pod already starting, count as zero", () => {
  const text = waterfall({ ...timeline, moments: { received: 1000, podCreated: 900, firstByte: 1004 } });
  assert.match(text, /pod created.* 0\.0 ms/);
});

test("without an arrival there is nothing to draw", () => {
  assert.equal(waterfall({ ...timeline, moments: {} }), "no moments were recorded\n");
});
