import assert from "node:assert/strict";
import { test } from "node:test";
import { VirtualClock } from "../../../sim/virtual-clock.ts";
import type { CollectorSpec } from "../../api/wire/decider.ts";
import type { MeshSettings } from "../../api/wire/settings.ts";
import { silentLog } from "../../base/log.ts";
import { metricsText } from "../../base/metrics-text.ts";
import { seededRandom } from "../../base/random.ts";
import { Autoscaler } from "./autoscaler.ts";
import { ScrapeError } from "./pod-scrape.ts";

const key = { namespace: "default", name: "hello-00001" };
const spec: CollectorSpec = {
  stableWindowMs: 60_000,
  panicWindowMs: 6_000,
  scrapeTarget: "hello-00001-private",
  aggregation: "linear",
};
const STAT = {
  podName: "pod",
  averageConcurrentRequests: 1,
  averageProxiedConcurrentRequests: 0,
  requestCount: 1,
  proxiedRequestCount: 0,
  processUptime: 100,
  timestamp: 0,
};

/** Who was asked in so many seconds, by a revision with one pod that a mesh hides, or not. */
async function asked(world: { mesh?: Partial<MeshSettings>; isHidden: boolean; hasService?: boolean }) {
  const clock = new VirtualClock();
  const seen: string[] = [];
  const scaler = new Autoscaler({
    clock,
    random: seededRandom(3),
    log: silentLog,
    pods: () => [{ ip: "127.1.0.1", startedAtMs: 0 }],
    async scrapePod(ip, service) {
      seen.push(service === undefined ? ip : `${ip} of ${service}`);
      if (world.isHidden) throw new ScrapeError("other", "the pod answered 503", true);
      return STAT;
    },
    ...(world.hasService !== false && {
      async scrapeService(service: string) {
        seen.push(service);
        return STAT;
      },
    }),
    mesh: () => ({ mode: "auto", podAddressability: false, ...world.mesh }),
    onDecision() {},
  });
  const controller = new AbortController();
  const running = scaler.run(controller.signal);
  scaler.collectors.put(key, spec);
  await clock.advance(2_900);
  controller.abort();
  await running;
  const text = metricsText({ resource: {}, metrics: scaler.metrics });
  const scrapes = /^kn_autoscaler_scrape_duration_seconds_count\{.*\} (\d+)$/m.exec(text)?.[1];
  return { seen, scrapes: Number(scrapes) };
}

test("pods behind a mesh are asked once, and through their Service from then on", async () => {
  const { seen, scrapes } = await asked({ isHidden: true });
  assert.deepEqual(seen.slice(0, 3), [
    "127.1.0.1",
    "hello-00001-private.default",
    "hello-00001-private.default",
  ]);
  assert.equal(seen.length, scrapes + 1);
});

test("the setting may rule the Service out, or the pods", async () => {
  const disabled = await asked({ isHidden: true, mesh: { mode: "disabled" } });
  assert.deepEqual(new Set(disabled.seen), new Set(["127.1.0.1"]));
  const enabled = await asked({ isHidden: false, mesh: { mode: "enabled" } });
  assert.deepEqual(new Set(enabled.seen), new Set(["hello-00001-private.default"]));
});

test("a mesh that passes requests on is told the Service of each pod, which is then never asked itself", async () => {
  const { seen } = await asked({ isHidden: true, mesh: { podAddressability: true } });
  assert.deepEqual(new Set(seen), new Set(["127.1.0.1 of hello-00001-private.default"]));
});

test("where Services lead nowhere pods are asked on, whatever the setting", async () => {
  const { seen } = await asked({ isHidden: true, hasService: false, mesh: { mode: "enabled" } });
  assert.deepEqual(new Set(seen), new Set(["127.1.0.1"]));
});
