import assert from "node:assert/strict";
import { test } from "node:test";
import { VirtualClock } from "../../../sim/virtual-clock.ts";
import type { CollectorSpec, DeciderSpec } from "../../api/wire/decider.ts";
import type { Stat } from "../../api/wire/stat.ts";
import { type Log, type LogFields, silentLog } from "../../base/log.ts";
import { seededRandom } from "../../base/random.ts";
import { Autoscaler } from "./autoscaler.ts";
import type { ScrapablePod } from "./pod-scrape.ts";

const key = { namespace: "default", name: "hello-00001" };
const decider: DeciderSpec = {
  maxScaleUpRate: 1000,
  maxScaleDownRate: 2,
  scalingMetric: "concurrency",
  targetValue: 70,
  totalValue: 100,
  targetBurstCapacity: 211,
  activatorCapacity: 100,
  panicThreshold: 2,
  stableWindowMs: 60_000,
  scaleDownDelayMs: 0,
  initialScale: 1,
  reachable: true,
  activationScale: 0,
};
const collector: CollectorSpec = {
  stableWindowMs: 60_000,
  panicWindowMs: 6_000,
  scrapeTarget: "hello-00001-private",
  aggregation: "linear",
};

function stat(concurrency: number): Stat {
  return {
    podName: "activator",
    averageConcurrentRequests: concurrency,
    averageProxiedConcurrentRequests: 0,
    requestCount: concurrency,
    proxiedRequestCount: 0,
    processUptime: 0,
    timestamp: 0,
  };
}

/** One revision whose Deployment obeys at once: pods exist `startMs` after they were wanted. */
async function withRevision(
  options: { load?: (atMs: number) => number; podStartMs?: number },
  body: (world: World) => Promise<void>,
): Promise<void> {
  const clock = new VirtualClock();
  const load = options.load ?? (() => 0);
  let pods: ScrapablePod[] = [];
  let fails = false;
  const fail = () => {
    fails = true;
  };
  const scales: { atMs: number; desired: number }[] = [];
  const told: (LogFields | undefined)[] = [];
  const log: Log = { ...silentLog, debug: (_message, fields) => void told.push(fields) };
  const scaler = new Autoscaler({
    clock,
    random: seededRandom(1),
    log,
    pods: () => pods,
    async scrapePod() {
      if (fails) throw new Error("refused");
      return stat(load(clock.monotonic()) / pods.length);
    },
    onDecision() {
      const desired = scaler.deciders.get(key)?.desiredPodCount ?? -1;
      if (scales.at(-1)?.desired !== desired) scales.push({ atMs: clock.monotonic(), desired });
      clock.schedule(options.podStartMs ?? 0, () => setPods(desired));
    },
  });
  const setPods = (count: number) => {
    const made = { ip: "127.1.0.1", startedAtMs: clock.wall() };
    pods = Array.from({ length: Math.max(0, count) }, (_, index) => pods[index] ?? made);
    scaler.podsChanged(key);
  };
  const controller = new AbortController();
  const running = scaler.run(controller.signal);
  scaler.deciders.put(key, decider);
  scaler.collectors.put(key, collector);
  await body({ clock, scaler, scales, told, setPods, pods: () => pods.length, fail });
  controller.abort();
  await running;
  await clock.advance(options.podStartMs ?? 0);
  assert.equal(clock.pending, 0, "a timer outlived the autoscaler");
}

interface World {
  readonly clock: VirtualClock;
  readonly scaler: Autoscaler;
  readonly scales: { atMs: number; desired: number }[];
  /** The fields of each line of the log. */
  readonly told: readonly (LogFields | undefined)[];
  setPods(count: number): void;
  pods(): number;
  /** From now on no scrape succeeds. */
  fail(): void;
}

const poke = { ...key, stat: stat(1) };

test("a revision without pods and traffic holds no timer", () =>
  withRevision({}, async ({ clock, scaler }) => {
    assert.equal(scaler.awake, 0);
    await clock.advance(3_600_000);
    assert.equal(clock.pending, 0);
    assert.deepEqual(scaler.deciders.get(key), { desiredPodCount: -1, excessBurstCapacity: -111 });
  }));

test("the first request at zero is decided on before receive returns, and the log tells why", () =>
  withRevision({}, async ({ scaler, scales, told }) => {
    scaler.receive([poke]);
    assert.deepEqual(
      scales.map(({ desired }) => desired),
      [1],
    );
    const [decision] = told;
    assert.deepEqual(
      [decision?.revision, decision?.cause, decision?.before, decision?.desired, decision?.panicking],
      ["default/hello-00001", "poke", -1, 1, false],
    );
  }));

test("a burst behind the first request is decided on while no pod is ready", () =>
  withRevision({ podStartMs: 5_000 }, async ({ clock, scaler, scales }) => {
    scaler.receive([poke]);
    await clock.advance(1_000);
    scaler.receive([{ ...key, stat: stat(500) }]);
    assert.deepEqual(
      scales.map(({ atMs, desired }) => [atMs, desired]),
      [
        [0, 1],
        [1_000, 4],
      ],
    );
  }));

test("steady load is scraped and does not flap", () =>
  withRevision({ load: () => 200 }, async ({ clock, scaler, scales }) => {
    scaler.receive([poke]);
    await clock.advance(600_000);
    assert.deepEqual(
      scales.map(({ desired }) => desired),
      [1, 3],
    );
  }));

test("a burst panics: it is answered within the panic window and not taken back during it", () =>
  withRevision(
    { load: (atMs) => (atMs > 120_000 && atMs < 130_000 ? 2_000 : 50) },
    async ({ clock, scaler, scales }) => {
      scaler.receive([poke]);
      await clock.advance(128_000);
      assert.ok((scales.at(-1)?.desired ?? 0) >= 20, JSON.stringify(scales));
      const peak = scales.at(-1)?.desired;
      await clock.advance(40_000);
      assert.ok((scales.at(-1)?.desired ?? 0) >= (peak ?? 0));
      await clock.advance(300_000);
      assert.equal(scales.at(-1)?.desired, 1);
    },
  ));

test("without traffic the wish falls to zero after the stable window, then everything sleeps", () =>
  withRevision({ load: (atMs) => (atMs < 60_000 ? 5 : 0) }, async ({ clock, scaler, scales, pods }) => {
    scaler.receive([poke]);
    await clock.advance(200_000);
    assert.equal(pods(), 0);
    const zero = scales.at(-1);
    assert.equal(zero?.desired, 0);
    assert.ok((zero?.atMs ?? 0) > 118_000 && (zero?.atMs ?? 0) < 126_000, `zero at ${zero?.atMs} ms`);
    await clock.advance(200_000);
    assert.equal(scaler.awake, 0);
    scaler.receive([{ ...key, stat: stat(0) }]);
    assert.equal(clock.pending, 0);
    scaler.receive([poke]);
    assert.equal(scaler.deciders.get(key)?.desiredPodCount, 1);
  }));

test("pods that cannot be asked keep their scale, however long", () =>
  withRevision({ load: () => 5 }, async ({ clock, scaler, scales, fail }) => {
    scaler.receive([poke]);
    await clock.advance(30_000);
    fail();
    await clock.advance(600_000);
    assert.deepEqual(
      scales.map(({ desired }) => desired),
      [1],
    );
  }));

test("a wish without pods ends when the activator holds nothing any more", () =>
  withRevision({ podStartMs: 3_600_000 }, async ({ clock, scaler, scales }) => {
    scaler.receive([poke]);
    await clock.advance(90_000);
    assert.deepEqual(
      scales.map(({ desired }) => desired),
      [1, 0],
    );
    assert.equal(scaler.awake, 0);
  }));

test("an autoscaler that restarts beside four pods keeps them while it learns", () =>
  withRevision({ load: () => 1 }, async ({ clock, scaler, setPods, scales }) => {
    scaler.deciders.delete(key);
    setPods(4);
    scaler.deciders.put(key, decider);
    await clock.advance(50_000);
    assert.deepEqual(
      scales.map(({ desired }) => desired),
      [4],
    );
    await clock.advance(300_000);
    assert.equal(scales.at(-1)?.desired, 1);
  }));

test("a wall clock that jumps scales nothing", () =>
  withRevision({ load: () => 100 }, async ({ clock, scaler, scales }) => {
    scaler.receive([poke]);
    await clock.advance(100_000);
    const before = scales.length;
    clock.jumpWall(7_200_000);
    await clock.advance(100_000);
    clock.jumpWall(-7_200_000);
    await clock.advance(100_000);
    assert.equal(scales.length, before);
  }));

test("pods that cannot be scraped become a fault of the collection, and its end is told", async () => {
  const clock = new VirtualClock();
  const told: unknown[] = [];
  let fails = true;
  const scaler = new Autoscaler({
    clock,
    random: seededRandom(3),
    log: silentLog,
    pods: () => [{ ip: "127.1.0.1", startedAtMs: 0 }],
    scrapePod: () => (fails ? Promise.reject(new Error("refused")) : Promise.resolve(stat(1))),
    onDecision() {},
    onCollectorFault: () => told.push(scaler.collectors.put(key, collector)),
  });
  const controller = new AbortController();
  const running = scaler.run(controller.signal);
  scaler.collectors.put(key, collector);
  await clock.advance(3_500);
  fails = false;
  await clock.advance(3_500);
  assert.deepEqual(told, [{ failed: "pods exhausted" }, undefined]);
  controller.abort();
  await running;
});
