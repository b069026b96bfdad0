import assert from "node:assert/strict";
import { test } from "node:test";
import { VirtualClock } from "../../../sim/virtual-clock.ts";
import { parseProbes } from "./probe.ts";
import type { AttemptOutcome } from "./probe-run.ts";
import { Readiness } from "./readiness.ts";

function probed(probe: object, outcomeAt: (ms: number, attempt: number) => AttemptOutcome, patienceMs = 0) {
  const clock = new VirtualClock();
  const attemptsAt: number[] = [];
  const limits: number[] = [];
  const readiness = new Readiness({
    probes: parseProbes(JSON.stringify(probe), Array.isArray(probe)),
    clock,
    patienceMs,
    attempt: async (_probe, timeoutMs) => {
      attemptsAt.push(clock.monotonic());
      limits.push(timeoutMs);
      return outcomeAt(clock.monotonic(), attemptsAt.length);
    },
  });
  return { clock, readiness, attemptsAt, limits };
}

const AGGRESSIVE = { tcpSocket: { port: 8080 }, successThreshold: 1 };
const STANDARD = { tcpSocket: { port: 8080 }, periodSeconds: 5, timeoutSeconds: 2, successThreshold: 1 };

test("aggressive mode asks an answering application every 50 ms and gives each attempt 100 ms", async () => {
  const { clock, readiness, attemptsAt, limits } = probed(AGGRESSIVE, (ms) =>
    ms < 200 ? "failed" : "ready",
  );
  assert.equal(await clock.until(readiness.ask()), true);
  assert.deepEqual(attemptsAt, [0, 50, 100, 150, 200]);
  assert.equal(limits[0], 100);
});

test("aggressive mode gives up after 10 s", async () => {
  const { clock, readiness } = probed(AGGRESSIVE, () => "failed");
  assert.equal(await clock.until(readiness.ask()), false);
  assert.ok(clock.monotonic() <= 10_000 && clock.monotonic() > 9_900);
});

test("a listening port is noticed within 1 % of the start time at a bounded number of attempts", async () => {
  for (const opensAt of [30, 300, 1500]) {
    const run = probed(AGGRESSIVE, (ms) => (ms < opensAt ? "refused" : "ready"));
    assert.equal(await run.clock.until(run.readiness.ask()), true);
    assert.ok(run.clock.monotonic() - opensAt <= Math.max(2, opensAt * 0.011), `${run.clock.monotonic()}`);
  }
  const never = probed(AGGRESSIVE, () => "refused");
  assert.equal(await never.clock.until(never.readiness.ask()), false);
  assert.ok(never.attemptsAt.length < 600, `${never.attemptsAt.length} attempts in 10 s`);
});

test("successes must follow each other, and the count survives between runs", async () => {
  const probe = { ...AGGRESSIVE, successThreshold: 3 };
  const outcomes: AttemptOutcome[] = ["ready", "ready", "failed", "ready", "ready", "ready"];
  const run = probed(probe, (_ms, attempt) => outcomes[attempt - 1] ?? "ready");
  assert.equal(await run.clock.until(run.readiness.ask()), true);
  assert.equal(run.attemptsAt.length, 6);
  assert.equal(await run.clock.until(run.readiness.ask()), true);
  assert.equal(run.attemptsAt.length, 7);
});

test("standard mode makes exactly one attempt with the user's time-out", async () => {
  const { clock, readiness, attemptsAt, limits } = probed(STANDARD, () => "refused");
  assert.equal(await clock.until(readiness.ask()), false);
  assert.deepEqual([attemptsAt.length, limits[0]], [1, 2000]);
});

test("a patient queue-proxy keeps a standard health check until the port opens", async () => {
  const run = probed(STANDARD, (ms) => (ms < 700 ? "refused" : "ready"), 10_000);
  assert.equal(await run.clock.until(run.readiness.ask()), true);
  assert.ok(run.clock.monotonic() < 710);
});

test("those who ask at the same time share one run and its result", async () => {
  const { clock, readiness, attemptsAt } = probed(AGGRESSIVE, (ms) => (ms < 100 ? "failed" : "ready"));
  const answers = await clock.until(Promise.all([readiness.ask(), readiness.ask(), readiness.ask()]));
  assert.deepEqual(answers, [true, true, true]);
  assert.equal(attemptsAt.length, 3);
});

test("a restarted application must prove itself anew, and a run that began before does not count", async () => {
  const { clock, readiness } = probed(AGGRESSIVE, (ms) => (ms < 300 ? "failed" : "ready"));
  assert.equal(await clock.until(readiness.ask()), true);
  assert.equal(readiness.mayForward, true);
  const before = readiness.ask();
  readiness.applicationStarted();
  assert.equal(readiness.mayForward, false);
  assert.equal(await clock.until(before), false);
  assert.equal(readiness.mayForward, false);
  assert.equal(await clock.until(readiness.ask()), true);
  assert.equal(readiness.mayForward, true);
});

test("without a probe the pod is ready, with a null probe never", async () => {
  assert.deepEqual(parseProbes("", false), []);
  assert.equal(parseProbes("null", false)[0]?.action.type, "none");
});
