import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { RequestStats } from "./stats.ts";

test("a request of 1.5 s adds up to 1.5 over its periods", () => {
  const stats = new RequestStats(0);
  stats.enter(500, true);
  const first = stats.report("pod", 1000);
  assert.equal(first.averageConcurrentRequests, 0.5);
  assert.equal(first.averageProxiedConcurrentRequests, 0.5);
  assert.equal(first.requestCount, 1);
  stats.leave(2000, true);
  const second = stats.report("pod", 2500);
  assert.equal(second.averageConcurrentRequests, 1);
  assert.equal(second.requestCount, 0);
  assert.equal(stats.report("pod", 3000).averageConcurrentRequests, 0);
});

test("reading once a second loses no millisecond and no request, whenever things happen", () => {
  const events = fc.array(fc.record({ atMs: fc.nat(5000), forMs: fc.nat(3000) }), { maxLength: 20 });
  fc.assert(
    fc.property(events, (requests) => {
      const stats = new RequestStats(0);
      const moments = requests
        .flatMap(({ atMs, forMs }) => [
          { ms: atMs, enter: true },
          { ms: atMs + forMs, enter: false },
        ])
        .concat(
          Array.from({ length: 10 }, (_, index) => ({ ms: (index + 1) * 1000, enter: true, read: true })),
        );
      moments.sort((a, b) => a.ms - b.ms || Number("read" in b) - Number("read" in a));
      let concurrency = 0;
      let count = 0;
      for (const moment of moments) {
        if ("read" in moment) {
          const report = stats.report("pod", moment.ms);
          concurrency += report.averageConcurrentRequests;
          count += report.requestCount;
        } else if (moment.enter) stats.enter(moment.ms, false);
        else stats.leave(moment.ms, false);
      }
      const spent = requests.reduce((sum, { forMs }) => sum + forMs, 0) / 1000;
      assert.ok(Math.abs(concurrency - spent) < 1e-6, `${concurrency} is not ${spent}`);
      assert.equal(count, requests.length);
    }),
  );
});
