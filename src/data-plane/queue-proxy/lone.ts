import type { Clock } from "../../base/clock.ts";
import type { Log, LogFields } from "../../base/log.ts";
import type { Random } from "../../base/random.ts";
import type { Address, Network } from "../../http/conn.ts";
import { UpstreamPool } from "../../http/pool.ts";
import { readOtelEnvironment } from "../../http/telemetry/otel-environment.ts";
import { TimerWheel } from "../../http/timer-wheel.ts";
import type { TlsSettings } from "../../http/tls-identity.ts";
import { ConfigError } from "../config-error.ts";
import { tlsSettingsOf } from "../tls-settings.ts";
import { type Environment, type QueueProxyConfig, readConfig } from "./config.ts";
import type { Profiler } from "./profiling.ts";
import { QueueProxyServer } from "./server.ts";

export interface LoneQueueProxyOptions {
  readonly env: Environment;
  readonly clock: Clock;
  readonly random: Random;
  readonly network: Network;
  readonly log: Log;
  /** The ports are bound on it. */
  readonly ip: string;
  /** Where the application listens; default 127.0.0.1. */
  readonly applicationIp?: string;
  /** There are certificates: makes what listens with these settings. */
  readonly servingTls?: (settings: TlsSettings) => Network;
  /** For probes over HTTPS. */
  readonly probeTls?: Network;
  /** Certificates that the environment names are read by it, once; throws where there is no such file. */
  readonly readFile: (path: string) => string;
  readonly writeLine: (line: string) => void;
  /** Answers on the profiling port; see profiling.ts. */
  readonly profiler?: Profiler;
  readonly version?: string;
  /** The program is to end, with this code. Called once, or twice when it was told to hurry. */
  readonly exit: (code: number) => void;
}

/** The name of ebb's own setting: milliseconds without a request before the end of a drain. */
const QUIET_PERIOD = "EBB_QUIET_PERIOD_MS";
/** Removed endpoints take this long to be known everywhere in a cluster (spec TM-014). */
const QUIET_PERIOD_DEFAULT_MS = 30_000;
/** Upgraded connections keep the program alive so much longer (spec Q-017, TM-015). */
const TUNNEL_PATIENCE_MS = 60_000;

/** An application's head may be as long as Go's transport takes it. */
const APPLICATION_LIMITS = { headBytesMax: 10 * 1024 * 1024 };

/** The queue-proxy as a program of its own in a pod of a cluster: environment in, exit code out (spec ). */
export class LoneQueueProxy {
  readonly #options: LoneQueueProxyOptions;
  readonly #pool: UpstreamPool;
  readonly #server: QueueProxyServer;
  #isStopping = false;

  /** Throws ConfigError. */
  constructor(options: LoneQueueProxyOptions) {
    this.#options = options;
    const { env, clock, random, network, log, ip, applicationIp = "127.0.0.1", writeLine } = options;
    const complain = (variable: string, problem: string) =>
      log.warn("a variable of the environment cannot be read and counts as not set", { variable, problem });
    const config = readConfig(env, readOtelEnvironment(env, { readFile: options.readFile, complain }));
    this.#pool = new UpstreamPool({ clock, network, random, limits: APPLICATION_LIMITS });
    const locate = (host: string, port: number): Address => ({
      ip: host === "localhost" || host === "127.0.0.1" ? applicationIp : host,
      port,
    });
    this.#server = new QueueProxyServer({
      config,
      clock,
      random,
      log: log.with(logFieldsOf(config)),
      network,
      ip,
      locate,
      writeLine,
      timers: new TimerWheel(clock),
      upstream: this.#pool.to({ ip: applicationIp, port: config.userPort }),
      metrics: options,
      quietPeriodMs: quietPeriodOf(env[QUIET_PERIOD]),
      patienceMs: 0,
      ...(options.servingTls && { servingTls: options.servingTls(tlsSettingsOf(env, "QUEUE_PROXY_TLS_")) }),
      ...(options.probeTls && { probeTls: options.probeTls }),
      ...(options.profiler && { profiler: options.profiler }),
      ...(options.version && { version: options.version }),
    });
  }

  /** Rejects with EbbError `queue-proxy-listen`. */
  start(): Promise<void> {
    return this.#server.start();
  }

  /** As SIGTERM and SIGINT: drains and exits with 0; the second time exits with 1 at once (errata Q-054). */
  stop(): void {
    if (this.#isStopping) {
      this.#options.exit(1);
      return;
    }
    this.#isStopping = true;
    void this.#end();
  }

  async #end(): Promise<void> {
    await this.#server.drain();
    await this.#server.finish(TUNNEL_PATIENCE_MS);
    this.#pool.close();
    this.#options.exit(0);
  }

  /** Cuts everything and frees the ports. */
  async close(): Promise<void> {
    await this.#server.close();
    this.#pool.close();
  }
}

/** As Knative's lines name the pod (spec Q-068). */
function logFieldsOf({ namespace, revision, pod }: QueueProxyConfig): LogFields {
  return { "knative.dev/key": `${namespace}/${revision}`, "knative.dev/pod": pod };
}

function quietPeriodOf(text: string | undefined): number {
  if (text === undefined || text === "") return QUIET_PERIOD_DEFAULT_MS;
  if (/^\d{1,9}$/.test(text)) return Number(text);
  throw new ConfigError(QUIET_PERIOD, `${QUIET_PERIOD} is "${text}", not a number of milliseconds`);
}
