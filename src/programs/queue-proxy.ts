import { systemClock } from "../base/clock.ts";
import { EbbError, messageOf } from "../base/errors.ts";
import { systemRandom } from "../base/random.ts";
import { ConfigError, readConfig } from "../data-plane/queue-proxy/config.ts";
import { QueueProxyServer } from "../data-plane/queue-proxy/server.ts";
import { systemNetwork } from "../http/network.ts";
import { UpstreamPool } from "../http/pool.ts";
import { TimerWheel } from "../http/timer-wheel.ts";
import { pinoLog } from "./pino-log.ts";
import { onStopRequest } from "./stop-requests.ts";

/** The queue-proxy alone in a pod, configured by its environment only (spec ). */

/** The name of ebb's own setting: milliseconds without a request before the end of a drain. */
const QUIET_PERIOD = "EBB_QUIET_PERIOD_MS";
/** Removed endpoints take this long to be known everywhere in a cluster (spec TM-014). */
const QUIET_PERIOD_DEFAULT_MS = 30_000;

async function run(): Promise<void> {
  const config = readConfig(process.env);
  const quietPeriodMs = quietPeriodOf(process.env[QUIET_PERIOD]);
  const clock = systemClock;
  const network = systemNetwork(clock);
  const pool = new UpstreamPool({ clock, network, random: systemRandom });
  const locate = (host: string, port: number) => ({ ip: host === "localhost" ? "127.0.0.1" : host, port });
  const server = new QueueProxyServer({
    config,
    clock,
    network,
    locate,
    quietPeriodMs,
    log: pinoLog("queue-proxy", logLevelOf(process.env.SERVING_LOGGING_LEVEL)),
    timers: new TimerWheel(clock),
    ip: "0.0.0.0",
    upstream: pool.to({ ip: "127.0.0.1", port: config.userPort }),
    patienceMs: 0,
    writeLine: (line) => void process.stdout.write(line),
  });
  let isStopping = false;
  onStopRequest(() => {
    if (isStopping) process.exit(1);
    isStopping = true;
    void server.drain().then(async () => {
      await server.close();
      pool.close();
      process.exit(0);
    });
  });
  await server.start();
}

const LOG_LEVELS = new Set(["debug", "info", "warn", "error", "fatal"]);

/** A level that does not exist is Knative's `info`; its start goes on. */
function logLevelOf(text: string | undefined): string {
  return text !== undefined && LOG_LEVELS.has(text) ? text : "info";
}

function quietPeriodOf(text: string | undefined): number {
  if (text === undefined || text === "") return QUIET_PERIOD_DEFAULT_MS;
  if (/^\d{1,9}$/.test(text)) return Number(text);
  throw new ConfigError(QUIET_PERIOD, `${QUIET_PERIOD} is "${text}", not a number of milliseconds`);
}

try {
  await run();
} catch (thrown) {
  if (!(thrown instanceof EbbError)) throw thrown;
  // Only the words that Knative says: whoever reads them looks for these.
  process.stderr.write(`${messageOf(thrown)}\n`);
  process.exit(1);
}
