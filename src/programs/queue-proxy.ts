import { readFileSync } from "node:fs";
import { systemClock } from "../base/clock.ts";
import { EbbError, messageOf } from "../base/errors.ts";
import { systemRandom } from "../base/random.ts";
import { LoneQueueProxy } from "../data-plane/queue-proxy/lone.ts";
import { systemNetwork } from "../http/network.ts";
import { anyAddress } from "./any-address.ts";
import { pinoLog } from "./pino-log.ts";
import { onStopRequest } from "./stop-requests.ts";

/** The queue-proxy alone in a pod, configured by its environment only (spec ). */

async function run(): Promise<void> {
  const proxy = new LoneQueueProxy({
    env: process.env,
    clock: systemClock,
    random: systemRandom,
    network: systemNetwork(systemClock),
    log: pinoLog("queue-proxy", logLevelOf(process.env.SERVING_LOGGING_LEVEL)),
    ip: await anyAddress(),
    writeLine: (line) => void process.stdout.write(line),
    profiler: {
      // Loaded when someone asks: the inspector is not free.
      cpu: async (seconds) => (await import("./profiler.ts")).v8Profiler.cpu(seconds),
      heap: async (seconds) => (await import("./profiler.ts")).v8Profiler.heap(seconds),
    },
    version: version(),
    exit: (code) => process.exit(code),
  });
  onStopRequest(() => proxy.stop());
  await proxy.start();
}

const LOG_LEVELS = new Set(["debug", "info", "warn", "error", "fatal"]);

/** A level that does not exist is Knative's `info`; its start goes on. */
function logLevelOf(text: string | undefined): string {
  return text !== undefined && LOG_LEVELS.has(text) ? text : "info";
}

function version(): string {
  const path = import.meta.url.endsWith(".ts") ? "../../package.json" : "./package.json";
  return JSON.parse(readFileSync(new URL(path, import.meta.url), "utf8")).version;
}

try {
  await run();
} catch (thrown) {
  if (!(thrown instanceof EbbError)) throw thrown;
  // Only the words that Knative says: whoever reads them looks for these.
  process.stderr.write(`${messageOf(thrown)}\n`);
  process.exit(1);
}
