import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { isDone, isValid, noSteps, observeReady, type Rollout, step } from "./rollout.ts";
import { readRollout, writeRollout } from "./rollout-annotation.ts";

const START_NS = 1_700_000_000_000_000_000n;
const MS_NS = 1_000_000n;

function goalOf(revision: number, percent: number): Rollout {
  const revisions = [{ revisionName: `hello-${revision}`, percent }];
  const followed = { configurationName: "hello", tag: "", percent, revisions, steps: noSteps };
  return { configurations: percent === 0 ? [] : [followed] };
}

const events = fc.array(
  fc.record({
    newRevision: fc.boolean(),
    percent: fc.option(fc.integer({ min: 0, max: 100 }), { nil: undefined }),
    becameReady: fc.boolean(),
    laterMs: fc.integer({ min: 0, max: 60_000 }),
  }),
  { maxLength: 40 },
);

test("shares always add up to what the Configuration shall have, and survive the annotation", () => {
  fc.assert(
    fc.property(events, fc.integer({ min: 1, max: 600 }), (list, durationSeconds) => {
      let state: Rollout | undefined;
      let nowNs = START_NS;
      let revision = 1;
      let percent = 100;
      for (const event of list) {
        nowNs += BigInt(event.laterMs) * MS_NS;
        if (event.newRevision) revision++;
        percent = event.percent ?? percent;
        const before = state && event.becameReady ? observeReady(state, nowNs, durationSeconds) : state;
        state = step(goalOf(revision, percent), before, nowNs).rollout;
        assert.ok(isValid(state));
        for (const { revisions } of state.configurations) {
          assert.equal(revisions.at(-1)?.revisionName, `hello-${revision}`);
          assert.ok(revisions.every((one) => one.percent > 0));
        }
        assert.deepEqual(readRollout(writeRollout(state)), state);
      }
    }),
  );
});

test("once its first percent is served a rollout reaches the end within its duration, give or take a step", () => {
  fc.assert(
    fc.property(
      fc.integer({ min: 2, max: 100 }),
      fc.integer({ min: 1, max: 900 }),
      fc.integer({ min: 0, max: 30_000 }),
      (percent, durationSeconds, readyMs) => {
        let { rollout } = step(goalOf(2, percent), goalOf(1, percent), START_NS);
        const readyNs = START_NS + BigInt(readyMs) * MS_NS;
        rollout = observeReady(rollout, readyNs, durationSeconds);
        let next = rollout.configurations[0]?.steps.nextStepTimeNs ?? 0n;
        const stepNs = rollout.configurations[0]?.steps.stepDurationNs ?? 0n;
        let last = readyNs;
        while (!isDone(rollout)) {
          assert.ok(next > 0n);
          last = next;
          const stepped = step(goalOf(2, percent), rollout, next);
          rollout = stepped.rollout;
          next = stepped.nextStepTimeNs;
        }
        const tookSeconds = Number(last - START_NS) / 1e9;
        const slowest = Math.max(durationSeconds, 2 * Math.ceil(readyMs / 1000)) + 2;
        // Rounding the size of a step down makes more of them than planned: half as many again at most.
        assert.ok(
          tookSeconds <= slowest * 1.5 + Number(stepNs) / 1e9,
          `${tookSeconds} s of ${durationSeconds} s`,
        );
      },
    ),
  );
});

test("nothing moves before the gateways have shown that they serve the first percent", () => {
  const started = step(goalOf(2, 100), goalOf(1, 100), START_NS);
  assert.equal(started.nextStepTimeNs, 0n);
  const later = step(goalOf(2, 100), started.rollout, START_NS + 3_600_000n * MS_NS);
  assert.deepEqual(later.rollout, started.rollout);
});

test("a state that does not add up is not trusted", () => {
  for (const text of ["", "{", '{"configurations":[{"configurationName":"a","percent":7}]}', "[]", "null"])
    assert.deepEqual(readRollout(text)?.configurations ?? [], [], text);
});
