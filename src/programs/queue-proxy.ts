import { readFileSync } from "node:fs";
import { systemClock } from "../base/clock.ts";
import { EbbError, messageOf } from "../base/errors.ts";
import type { Log } from "../base/log.ts";
import { systemRandom } from "../base/random.ts";
import { PROBE_TLS } from "../data-plane/queue-proxy/http-attempt.ts";
import { LoneQueueProxy } from "../data-plane/queue-proxy/lone.ts";
import type { Network } from "../http/conn.ts";
import { systemNetwork } from "../http/network.ts";
import { tlsNetwork } from "../http/tls.ts";
import type { TlsSettings } from "../http/tls-identity.ts";
import { anyAddress } from "./any-address.ts";
import { CertificateFiles } from "./certificate-files.ts";
import { LineWriter } from "./line-writer.ts";
import { packageVersion } from "./package-version.ts";
import { zapLog } from "./pino-log.ts";
import { onStopRequest } from "./stop-requests.ts";

/** The queue-proxy alone in a pod, configured by its environment only (spec ). */

const CERTIFICATE_FOLDER = "/var/lib/knative/certs";

async function run(): Promise<void> {
  const lines = new LineWriter(systemClock, (text) => void process.stdout.write(text));
  process.on("exit", lines.flush);
  const log = zapLog("queueproxy", logLevelOf(process.env.SERVING_LOGGING_LEVEL));
  const servingTls = tlsFromFiles(log);
  const proxy = new LoneQueueProxy({
    env: process.env,
    clock: systemClock,
    random: systemRandom,
    network: systemNetwork(systemClock),
    log,
    probeTls: tlsNetwork({ clock: systemClock, ...PROBE_TLS }),
    ...(servingTls && { servingTls }),
    ip: anyAddress(),
    readFile: (path) => readFileSync(path, "utf8"),
    writeLine: lines.add,
    profiler: {
      // Loaded when someone asks: the inspector is not free.
      cpu: async (seconds) => (await import("./profiler.ts")).v8Profiler.cpu(seconds),
      heap: async (seconds) => (await import("./profiler.ts")).v8Profiler.heap(seconds),
    },
    version: packageVersion(),
    exit: (code) => process.exit(code),
  });
  onStopRequest(() => proxy.stop());
  await proxy.start();
}

/** Only a pod with certificates serves TLS (spec Q-015); they are read again once a minute. */
function tlsFromFiles(log: Log): ((settings: TlsSettings) => Network) | undefined {
  const certPath = `${CERTIFICATE_FOLDER}/tls.crt`;
  const files = new CertificateFiles({
    certPath,
    keyPath: `${CERTIFICATE_FOLDER}/tls.key`,
    clock: systemClock,
    log,
  });
  if (!files.read()) return undefined;
  void files.run(new AbortController().signal);
  const serving = { network: systemNetwork(systemClock), identityFor: () => files.identity };
  return (settings) => tlsNetwork({ clock: systemClock, settings, serving });
}

const LOG_LEVELS = new Set(["debug", "info", "warn", "error", "fatal"]);

/** A level that does not exist is Knative's `info`; its start goes on. */
function logLevelOf(text: string | undefined): string {
  return text !== undefined && LOG_LEVELS.has(text) ? text : "info";
}

run().catch((thrown: unknown) => {
  if (!(thrown instanceof EbbError)) throw thrown;
  // Only the words that Knative says: whoever reads them looks for these.
  process.stderr.write(`${messageOf(thrown)}\n`);
  process.exit(1);
});
