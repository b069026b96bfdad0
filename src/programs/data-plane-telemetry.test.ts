import assert from "node:assert/strict";
import { test } from "node:test";
import { SimNetwork } from "../../sim/network.ts";
import { VirtualClock } from "../../sim/virtual-clock.ts";
import { QUIET_SETTINGS } from "../api/wire/settings.ts";
import { silentLog } from "../base/log.ts";
import { metricsText } from "../base/metrics-text.ts";
import { seededRandom } from "../base/random.ts";
import { Activator } from "../data-plane/activator/activator.ts";
import { ActivatorTelemetry } from "../data-plane/activator/telemetry.ts";
import { inProcessUpstream } from "../http/in-process-upstream.ts";
import { TimerWheel } from "../http/timer-wheel.ts";
import { serveTelemetry, telemetryOver } from "./data-plane-telemetry.ts";
import { LogLevels } from "./log-levels.ts";
import { memoryLinkPair } from "./process-link.ts";

const RESOURCE = { "service.name": "activator" };

function dataPlane() {
  const clock = new VirtualClock();
  const random = seededRandom(1);
  const ports = { clock, random, log: silentLog, network: new SimNetwork(clock, random) };
  const activator = new Activator({
    ...ports,
    timers: new TimerWheel(clock),
    upstreamFor: () => inProcessUpstream(() => {}, { remoteAddress: "" }),
    podName: "activator",
    report() {},
    telemetry: new ActivatorTelemetry({ ...ports, resource: RESOURCE }),
  });
  return { clock, activator, levels: new LogLevels("warn") };
}

test("settings cross the border of the processes, and metrics come back as they were counted", async () => {
  const { clock, activator, levels } = dataPlane();
  const { near, far } = memoryLinkPair();
  const telemetry = telemetryOver(near, clock);
  serveTelemetry(far, { activator, levels, resource: RESOURCE });
  telemetry.configure({
    ...QUIET_SETTINGS,
    measures: true,
    mesh: { mode: "disabled", podAddressability: true },
    logLevels: { components: { activator: "debug" } },
  });
  const metrics = await clock.until(telemetry.metrics());
  assert.ok(metrics);
  assert.deepEqual(activator.revisions.mesh, { mode: "disabled", podAddressability: true });
  assert.equal(levels.allows("activator", "debug"), true);
  assert.notEqual(activator.options.telemetry?.http, undefined);
  assert.match(metricsText(metrics), /^kn_activator_stats_conn_reachable\{peer="autoscaler",.*\} 1$/m);
});

test("a data plane that does not answer is waited for two seconds, and not longer", async () => {
  const clock = new VirtualClock();
  const telemetry = telemetryOver(memoryLinkPair().near, clock);
  const startedMs = clock.monotonic();
  assert.equal(await clock.until(telemetry.metrics()), undefined);
  assert.equal(clock.monotonic() - startedMs, 2_000);
});
