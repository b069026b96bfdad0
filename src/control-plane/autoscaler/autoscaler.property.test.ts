import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { VirtualClock } from "../../../sim/virtual-clock.ts";
import type { Stat } from "../../api/wire/stat.ts";
import { silentLog } from "../../base/log.ts";
import { seededRandom } from "../../base/random.ts";
import { Autoscaler } from "./autoscaler.ts";
import type { ScrapablePod } from "./pod-scrape.ts";

const key = { namespace: "default", name: "hello-00001" };
const TARGET = 10;
const STABLE_MS = 20_000;

/** Load for a while, piece by piece, then none for good. */
const pieces = fc.array(
  fc.record({ load: fc.integer({ min: 1, max: 300 }), forMs: fc.integer({ min: 1_000, max: 60_000 }) }),
  { minLength: 1, maxLength: 6 },
);

function statOf(concurrency: number): Stat {
  return {
    podName: "pod",
    averageConcurrentRequests: concurrency,
    averageProxiedConcurrentRequests: 0,
    requestCount: concurrency,
    proxiedRequestCount: 0,
    processUptime: 1,
    timestamp: 0,
  };
}

/** A Deployment that follows after `startMs`; every pod answers its share of the load. */
async function run(options: {
  seed: number;
  startMs: number;
  pieces: readonly { load: number; forMs: number }[];
}) {
  const clock = new VirtualClock();
  let pods: ScrapablePod[] = [];
  let load = 0;
  const seen: { desired: number; load: number }[] = [];
  const scaler = new Autoscaler({
    clock,
    random: seededRandom(options.seed),
    log: silentLog,
    pods: () => pods,
    scrapePod: async () => statOf(load / pods.length),
    onDecision() {
      const desired = scaler.deciders.get(key)?.desiredPodCount ?? -1;
      seen.push({ desired, load });
      clock.schedule(options.startMs, () => {
        pods = Array.from({ length: desired }, () => ({ ip: "127.1.0.1", startedAtMs: 0 }));
        scaler.podsChanged(key);
      });
    },
  });
  const ended = new AbortController();
  const running = scaler.run(ended.signal);
  scaler.collectors.put(key, {
    stableWindowMs: STABLE_MS,
    panicWindowMs: 2_000,
    scrapeTarget: "hello-00001-private",
    aggregation: "linear",
  });
  scaler.deciders.put(key, {
    maxScaleUpRate: 1000,
    maxScaleDownRate: 2,
    scalingMetric: "concurrency",
    targetValue: TARGET,
    totalValue: TARGET,
    targetBurstCapacity: 0,
    activatorCapacity: 100,
    panicThreshold: 2,
    stableWindowMs: STABLE_MS,
    scaleDownDelayMs: 0,
    initialScale: 1,
    reachable: true,
    activationScale: 0,
  });
  for (const piece of options.pieces) {
    load = piece.load;
    for (let secondMs = 0; secondMs < piece.forMs; secondMs += 1_000) {
      if (pods.length === 0) scaler.receive([{ ...key, stat: statOf(load) }]);
      await clock.advance(1_000);
    }
  }
  load = 0;
  await clock.advance(300_000);
  ended.abort();
  await running;
  return { seen, awake: scaler.awake, pods: pods.length, pending: clock.pending };
}

test("whatever the load: never zero during it, never more than it needs, and asleep at zero after it", async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.record({ seed: fc.nat(), startMs: fc.integer({ min: 0, max: 5_000 }), pieces }),
      async (options) => {
        const { seen, awake, pods, pending } = await run(options);
        const most = Math.max(...options.pieces.map(({ load }) => load));
        // In the second of a start both the activator and the first pod may tell of the same requests.
        for (const { desired, load } of seen) {
          if (load > 0) assert.ok(desired > 0, "scaled to zero under load");
          assert.ok(desired <= Math.ceil((2 * most) / TARGET), `${desired} pods for ${most} requests`);
        }
        assert.equal(seen.at(-1)?.desired, 0);
        assert.deepEqual({ awake, pods, pending }, { awake: 0, pods: 0, pending: 0 });
      },
    ),
    { numRuns: 25 },
  );
});

test("the same seed decides the same", async () => {
  const options = { seed: 5, startMs: 700, pieces: [{ load: 120, forMs: 30_000 }] };
  assert.deepEqual((await run(options)).seen, (await run(options)).seen);
});
