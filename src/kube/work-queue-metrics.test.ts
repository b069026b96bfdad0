import assert from "node:assert/strict";
import { test } from "node:test";
import { VirtualClock } from "../../sim/virtual-clock.ts";
import { sleep } from "../base/clock.ts";
import { metricsText } from "../base/metrics-text.ts";
import { WorkQueue } from "./work-queue.ts";
import { WorkQueueMetrics } from "./work-queue-metrics.ts";

test("a queue's metrics tell what waits, what is worked on and for how long, and what came back", async () => {
  const clock = new VirtualClock();
  const all = new WorkQueueMetrics();
  let fails = true;
  const queue: WorkQueue = all.measure("hello", (meter) => {
    const work = async (key: string) => {
      await sleep(clock, 400);
      if (fails) queue.addRateLimited(key);
      fails = false;
    };
    return new WorkQueue({ clock, work, workersMax: 1, meter });
  });
  const value = (name: string) => {
    const text = metricsText({ resource: {}, metrics: all.metrics });
    const line = text.split("\n").find((one) => one.startsWith(`kn_workqueue_${name}{name="hello"`));
    return Number(line?.split(" ")[1]);
  };
  queue.start();
  for (const key of ["a", "b", "a"]) queue.add(key);
  assert.deepEqual([value("depth"), value("adds_total")], [2, 2]);
  await clock.advance(300);
  queue.add("a");
  assert.deepEqual([value("depth"), value("adds_total")], [1, 3], "a is worked on, and comes again");
  assert.ok(Math.abs(value("unfinished_work_seconds") - 0.3) < 0.01);
  assert.equal(value("longest_running_processor_seconds"), value("unfinished_work_seconds"));
  await clock.advance(3_000);
  assert.equal(value("retries_total"), 1);
  assert.equal(value("depth"), 0);
  assert.equal(value("longest_running_processor_seconds"), 0);
  const worked = value("process_duration_seconds_count");
  assert.equal(value("queue_duration_seconds_count"), worked);
  assert.ok(Math.abs(value("process_duration_seconds_sum") - worked * 0.4) < 0.01);
});
