import assert from "node:assert/strict";
import { test } from "node:test";
import { VirtualClock } from "../../../sim/virtual-clock.ts";
import { seededRandom } from "../../base/random.ts";
import { parseProbes } from "./probe.ts";
import { Readiness } from "./readiness.ts";
import { StartTimes } from "./start-times.ts";

test("a program that was never seen has no expected time, a known one its usual time and a margin", () => {
  const times = new StartTimes();
  assert.equal(times.expected("a"), undefined);
  times.note("a", 300);
  assert.deepEqual(times.expected("a"), { fromMs: 270, untilMs: 330 });
  times.note("b", 8);
  assert.deepEqual(times.expected("b"), { fromMs: 3, untilMs: 13 });
});

test("one slow start, as the first often is, does not blur what is usual", () => {
  const times = new StartTimes();
  for (const durationMs of [4000, 100, 104, 96, 101]) times.note("a", durationMs);
  const expected = times.expected("a");
  assert.ok(expected && expected.fromMs > 80 && expected.untilMs < 120, JSON.stringify(expected));
});

test("a program that became slower is known as such after a few starts", () => {
  const times = new StartTimes();
  for (let start = 0; start < 20; start++) times.note("a", 100);
  for (let start = 0; start < 6; start++) times.note("a", 900);
  const expected = times.expected("a");
  assert.ok(expected && expected.fromMs < 900 && expected.untilMs > 900, JSON.stringify(expected));
});

interface Start {
  /** From the open port to the answer "ready". */
  readonly delayMs: number;
  readonly attempts: number;
}

/** Starts of one program, each learnt from; the port opens after `opensAfterMs(n)`. */
async function starts(
  count: number,
  opensAfterMs: (start: number) => number,
  probe: object,
): Promise<Start[]> {
  const times = new StartTimes();
  const seen: Start[] = [];
  for (let start = 0; start < count; start++) {
    const clock = new VirtualClock();
    const opensMs = opensAfterMs(start);
    let attempts = 0;
    const readiness = new Readiness({
      probes: parseProbes(JSON.stringify(probe), Array.isArray(probe)),
      clock,
      patienceMs: 10_000,
      expectedAt: () => times.expected("app"),
      onPortOpen: () => times.note("app", clock.monotonic()),
      attempt: async () => {
        attempts += 1;
        return clock.monotonic() >= opensMs ? "ready" : "refused";
      },
    });
    assert.equal(await clock.until(readiness.ask()), true);
    seen.push({ delayMs: clock.monotonic() - opensMs, attempts });
  }
  return seen;
}

const AGGRESSIVE = { tcpSocket: { port: 8080 }, successThreshold: 1 };
const STANDARD = { ...AGGRESSIVE, periodSeconds: 10, timeoutSeconds: 1 };

for (const [usualMs, jitterMs] of [
  [5, 2],
  [120, 10],
  [900, 60],
  [3000, 150],
  [8000, 400],
] as const) {
  for (const probe of [AGGRESSIVE, STANDARD]) {
    const mode = probe === STANDARD ? "standard" : "aggressive";
    test(`once ${usualMs} ms are known as usual, half of all starts are seen within 5 ms (${mode} mode)`, async () => {
      const random = seededRandom(usualMs);
      const opens = () => usualMs + (random.next() - 0.5) * 2 * jitterMs;
      const all = await starts(60, opens, probe);
      const learnt = all.slice(3);
      const delays = learnt.map(({ delayMs }) => delayMs).sort((left, right) => left - right);
      const half = delays[delays.length >> 1] ?? 0;
      assert.ok(half <= 5, `p50 is ${half} ms`);
      assert.ok(Math.max(...learnt.map(({ attempts }) => attempts)) <= 700, "attempts are bounded");
    });
  }
}

test("a start that is much faster, or much slower, than usual is seen soon all the same", async () => {
  const faster = (await starts(12, (start) => (start < 10 ? 2000 : 60), AGGRESSIVE)).at(-1);
  assert.ok(faster && faster.delayMs <= 50, `${faster?.delayMs} ms`);
  const slower = (await starts(12, (start) => (start < 10 ? 60 : 4000), AGGRESSIVE)).at(-1);
  assert.ok(slower && slower.delayMs <= 50 && slower.attempts <= 700, JSON.stringify(slower));
});
