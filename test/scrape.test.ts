import assert from "node:assert/strict";
import { test } from "node:test";
import { SimNetwork } from "../sim/network.ts";
import { VirtualClock } from "../sim/virtual-clock.ts";
import { seededRandom } from "../src/base/random.ts";
import { networkScraper } from "../src/control-plane/autoscaler/network-scraper.ts";
import { statHandler } from "../src/data-plane/queue-proxy/stat-server.ts";
import { RequestStats } from "../src/data-plane/queue-proxy/stats.ts";
import { HttpServer } from "../src/http/server.ts";

/** What a pod's queue-proxy counts arrives at the autoscaler as it was counted, over the wire. */

const ip = "127.1.0.7";

async function scrapedPod() {
  const clock = new VirtualClock();
  const network = new SimNetwork(clock, seededRandom(1));
  const stats = new RequestStats(clock.monotonic());
  const server = new HttpServer({ clock, handler: statHandler({ clock, stats, podName: "hello-1" }) });
  await network.listen({ ip, port: 9090 }, server.accept);
  return { clock, network, stats, scrape: networkScraper({ network, clock }) };
}

test("a scrape brings the concurrency and the requests of the last whole second", async () => {
  const { clock, stats, scrape } = await scrapedPod();
  await clock.advance(10_000);
  stats.enter(clock.monotonic(), false);
  stats.enter(clock.monotonic(), true);
  await clock.advance(1_000);
  stats.leave(clock.monotonic(), false);
  stats.leave(clock.monotonic(), true);
  await clock.advance(100);
  const stat = await clock.until(scrape(ip));
  assert.equal(stat.podName, "hello-1");
  assert.ok(Math.abs(stat.averageConcurrentRequests - 2) < 0.01, String(stat.averageConcurrentRequests));
  assert.ok(Math.abs(stat.averageProxiedConcurrentRequests - 1) < 0.01);
  assert.equal(stat.requestCount, 2);
  assert.equal(stat.proxiedRequestCount, 1);
});

test("a pod that does not listen is named in the failure", async () => {
  const { clock, scrape } = await scrapedPod();
  await assert.rejects(clock.until(scrape("127.1.0.8")), /could not scrape 127\.1\.0\.8:9090/);
});

test("a pod that says nothing costs three seconds", async () => {
  const { clock, network, scrape } = await scrapedPod();
  network.setFaults({ ip, port: 9090 }, { blackHole: true });
  const startedMs = clock.monotonic();
  await assert.rejects(clock.until(scrape(ip)));
  assert.ok(clock.monotonic() - startedMs <= 3_001);
});
