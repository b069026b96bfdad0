import assert from "node:assert/strict";
import { test } from "node:test";
import { VirtualClock } from "../../../sim/virtual-clock.ts";
import type { StatMessage } from "../../api/wire/stat.ts";
import { silentLog } from "../../base/log.ts";
import { StatReporter } from "./stat-reporter.ts";

function reporter() {
  const clock = new VirtualClock();
  const told: { concurrency: number; count: number }[] = [];
  const report = (messages: StatMessage[]) => {
    for (const { stat } of messages) {
      told.push({ concurrency: stat.averageConcurrentRequests, count: stat.requestCount });
    }
  };
  return { clock, told, reporter: new StatReporter({ clock, log: silentLog, podName: "activator", report }) };
}

test("the first request of an idle revision is told at once and not counted twice", async () => {
  const { clock, told, reporter: stats } = reporter();
  stats.enter("default", "hello");
  assert.deepEqual(told, [{ concurrency: 1, count: 1 }]);
  await clock.advance(1000);
  assert.deepEqual(told.at(-1), { concurrency: 0, count: 0 });
  await clock.advance(1000);
  assert.deepEqual(told.at(-1), { concurrency: 1, count: 0 });
});

test("concurrency is weighted by time", async () => {
  const { clock, told, reporter: stats } = reporter();
  const traffic = stats.enter("default", "hello");
  for (let request = 1; request < 3; request++) assert.equal(stats.enter("default", "hello"), traffic);
  await clock.advance(500);
  stats.leave(traffic);
  await clock.advance(500);
  assert.deepEqual(told.at(-1), { concurrency: 1.5, count: 2 });
});

test("a revision without traffic has no timer after its last report, and wakes with a poke again", async () => {
  const { clock, told, reporter: stats } = reporter();
  stats.leave(stats.enter("default", "hello"));
  await clock.advance(5000);
  assert.equal(clock.pending, 0);
  const before = told.length;
  stats.enter("default", "hello");
  assert.equal(told.length, before + 1);
});
