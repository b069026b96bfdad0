import assert from "node:assert/strict";
import { test } from "node:test";
import { VirtualClock } from "../../../../sim/virtual-clock.ts";
import { silentLog } from "../../../base/log.ts";
import { ActivatorProbes } from "./activator-probes.ts";

const key = { namespace: "default", name: "hello-00001" };

function withProbes(answers: (askedTimes: number) => boolean) {
  const clock = new VirtualClock();
  const controller = new AbortController();
  const state = { asked: 0, woken: 0 };
  const probes = new ActivatorProbes({
    clock,
    log: silentLog,
    probeActivator: async () => answers(++state.asked),
  });
  probes.start(() => state.woken++, controller.signal);
  return { clock, probes, state, stop: () => controller.abort() };
}

test("one question, one answer, one waking; the answer ages", async () => {
  const { clock, probes, state } = withProbes(() => true);
  probes.ask(key);
  probes.ask(key);
  assert.equal(probes.answer(key), undefined);
  await clock.advance(1);
  assert.deepEqual(state, { asked: 1, woken: 1 });
  assert.equal(probes.answer(key), true);
  await clock.advance(1_500);
  assert.equal(probes.answer(key), undefined);
});

test("watching asks each second until the activator is there", async () => {
  const { clock, probes, state } = withProbes((asked) => asked === 4);
  probes.watch(key);
  await clock.advance(3_500);
  assert.deepEqual(state, { asked: 3, woken: 0 });
  await clock.advance(1_000);
  assert.deepEqual(state, { asked: 4, woken: 1 });
  assert.equal(probes.answer(key), true);
});

test("watching gives up after 45 seconds and has the revision looked at anew", async () => {
  const { clock, probes, state } = withProbes(() => false);
  probes.watch(key);
  await clock.advance(60_000);
  assert.deepEqual(state, { asked: 45, woken: 1 });
  assert.equal(probes.answer(key), undefined);
});

test("a revision that is gone is asked about no longer", async () => {
  const { clock, probes, state, stop } = withProbes(() => false);
  probes.watch(key);
  await clock.advance(1_500);
  probes.forget(key);
  await clock.advance(10_000);
  assert.deepEqual(state, { asked: 1, woken: 0 });
  stop();
  assert.equal(clock.pending, 0);
});
