import { type Clock, sleep } from "../../base/clock.ts";
import { EbbError, messageOf } from "../../base/errors.ts";
import type { Log } from "../../base/log.ts";
import type { Random } from "../../base/random.ts";
import type { Address, Listener, Network } from "../../http/conn.ts";
import { forward } from "../../http/forward.ts";
import type { Exchange, Handler } from "../../http/message.ts";
import type { OnRefusal } from "../../http/refusal.ts";
import { HttpServer } from "../../http/server.ts";
import { MetricsPush } from "../../http/telemetry/metrics-push.ts";
import { Tracing } from "../../http/telemetry/tracing.ts";
import type { TimerWheel } from "../../http/timer-wheel.ts";
import type { Upstream } from "../../http/upstream.ts";
import { addressText } from "../backend.ts";
import { respondWithError } from "../error-answer.ts";
import { metricsAddress } from "../metrics-address.ts";
import { type MetricsNetworkPorts, metricsNetwork } from "../metrics-network.ts";
import { metricsHandler } from "../metrics-server.ts";
import { tellRefusals } from "../refusals.ts";
import { typedUpstream } from "../typed-upstream.ts";
import { adminHandler } from "./admin.ts";
import { networkAttempt } from "./attempt.ts";
import type { QueueProxyConfig } from "./config.ts";
import { InheritedRequests, type Remainder, releaseSlots } from "./hand-over.ts";
import { type Profiler, profilingHandler } from "./profiling.ts";
import { QueueProxy } from "./queue-proxy.ts";
import { Readiness, type ReadinessOptions } from "./readiness.ts";
import { resourceOf } from "./request-metrics.ts";
import { statHandler } from "./stat-server.ts";

export interface QueueProxyServerOptions {
  readonly config: QueueProxyConfig;
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Log;
  readonly network: Network;
  readonly timers: TimerWheel;
  /** All ports are bound on it. */
  readonly ip: string;
  readonly upstream: Upstream;
  /** Where a port of the pod really is. */
  readonly locate: (host: string, port: number) => Address;
  /** Hosted: 0. In a cluster: 30 s without a request before the end (spec Q-054, TM-014). */
  readonly quietPeriodMs: number;
  /** Where TLS is listened for, on a port of its own; absent = no such port (spec Q-015). */
  readonly servingTls?: Network;
  /** For probes over HTTPS; absent = they fail. */
  readonly probeTls?: Network;
  /** See Readiness. */
  readonly patienceMs: number;
  readonly expectedAt?: ReadinessOptions["expectedAt"];
  readonly onPortOpen?: () => void;
  readonly onReady?: () => void;
  /** Of a program of its own: METRICS_PROMETHEUS_* say where its metrics are found, and how. Absent = hosted. */
  readonly metrics?: Pick<MetricsNetworkPorts, "env" | "readFile">;
  /** See QueueProxy. */
  readonly writeLine?: (line: string) => void;
  /** See QueueProxy. */
  readonly version?: string;
  /** Absent: no profiling port, whatever the configuration says. */
  readonly profiler?: Profiler;
}

/** Fixed by Knative (spec §0.3). */
const ADMIN_PORT = 8022;
const STAT_PORT = 9090;
const METRICS_PORT = 9091;

/** A queue-proxy with its listeners: serving, admin, stat and perhaps metrics port on one address. */
export class QueueProxyServer {
  readonly proxy: QueueProxy;
  readonly #options: QueueProxyServerOptions;
  readonly #readiness: Readiness;
  readonly #tracing: Tracing;
  readonly #push: MetricsPush | undefined;
  readonly #servers: HttpServer[] = [];
  readonly #onRefusal: OnRefusal;
  #listeners: Listener[] = [];
  #terminating = false;
  #drained: Promise<void> | undefined;
  /** Where this pod's requests go once another process has taken it over. */
  #successor: Upstream | undefined;
  #inherited: InheritedRequests | undefined;

  constructor(options: QueueProxyServerOptions) {
    this.#options = options;
    this.#onRefusal = tellRefusals(options);
    const { config, clock, log, timers, upstream, patienceMs, onPortOpen, onReady } = options;
    this.#readiness = new Readiness({
      probes: config.probes,
      attempt: networkAttempt({
        ...options,
        detectsHttp2: config.detectsHttp2,
        ...(options.probeTls && { tlsNetwork: options.probeTls }),
      }),
      clock,
      patienceMs,
      ...(options.expectedAt && { expectedAt: options.expectedAt }),
      ...(onPortOpen && { onPortOpen }),
      ...(onReady && { onReady }),
    });
    this.#tracing = new Tracing({
      ...options,
      settings: config.observability.tracing,
      resource: resourceOf(config, options.version ?? "unknown"),
      scope: "knative.dev/serving/pkg/queue",
    });
    this.proxy = new QueueProxy({
      config,
      tracer: this.#tracing.tracer,
      clock,
      log,
      timers,
      readiness: this.#readiness,
      upstream: typedUpstream(upstream),
      ...(options.writeLine && { writeLine: options.writeLine }),
      ...(options.version && { version: options.version }),
    });
    const { metrics } = this.proxy;
    const settings = config.observability.requestMetrics;
    this.#push = metrics && new MetricsPush({ ...options, settings, sources: async () => [metrics] });
  }

  /** Binds all ports or none. Rejects with EbbError `queue-proxy-listen`. */
  async start(): Promise<void> {
    const { clock, config, servingTls } = this.#options;
    const { drain, stats } = this.proxy;
    const admin = adminHandler({
      clock,
      drain,
      terminating: () => this.#terminating,
      drained: () => this.drain(),
    });
    try {
      await this.#listen(config.servingPort, this.#handle, { http2: true });
      if (servingTls)
        await this.#listen(config.servingTlsPort, this.#handle, { http2: true, network: servingTls });
      await this.#listen(ADMIN_PORT, admin);
      await this.#listen(STAT_PORT, statHandler({ clock, stats, podName: config.pod }));
      const { metrics } = this.proxy;
      if (metrics && config.observability.requestMetrics.protocol === "prometheus") {
        const handler = metricsHandler({ clock, sources: async () => [metrics] });
        await this.#listenForPrometheus(handler);
      }
      this.#push?.start();
      const { profiler } = this.#options;
      if (profiler && config.observability.profiling) {
        await this.#listen(config.profilingPort, profilingHandler(profiler));
      }
    } catch (thrown) {
      await this.close();
      throw thrown;
    }
  }

  /** The user container was started, perhaps not for the first time. */
  applicationStarted(): void {
    this.#readiness.applicationStarted();
  }

  /**
   * Stops accepting: `successor` is this pod at the same address in another process. What was admitted ends here, and
   * what still comes on open connections goes there. `onLess` tells how much is left, see `releaseSlots`.
   */
  release(successor: Upstream, onLess: (left: Remainder) => void) {
    const { isProven } = this.#readiness;
    this.#readiness.close();
    this.#successor = successor;
    const listeners = this.#listeners;
    this.#listeners = [];
    for (const listener of listeners) void listener.close();
    for (const server of this.#servers) server.lastRequests();
    return { isProven, isDraining: this.#terminating, remainder: releaseSlots(this.proxy, onLess) };
  }

  /** After `release`: resolves when every connection is over; idle ones are ended now. */
  async retire(): Promise<void> {
    await Promise.all(this.#servers.map((server) => server.drain()));
  }

  /** The other side of `release`, before the first request. */
  inherit(state: { isProven: boolean; wasProven: boolean; remainder: Remainder }): void {
    this.#readiness.inherit(state);
    this.#inherited = new InheritedRequests(this.proxy, state.remainder);
  }

  /** What the pod's old owner has not finished yet. */
  left(remainder: Remainder): void {
    this.#inherited?.left(remainder);
  }

  /**
   * Health checks fail from now on. With a quiet period (a cluster) it resolves when that is over, whatever still runs;
   * without one (hosted) when nothing is in flight (spec Q-054).
   */
  drain(): Promise<void> {
    this.#terminating = true;
    this.proxy.drain.begin(this.#options.clock.monotonic());
    this.#drained ??= this.#untilDrained();
    return this.#drained;
  }

  /** After `drain`: frees the ports, finishes what is in flight, and waits so long for upgraded connections. */
  async finish(tunnelPatienceMs: number): Promise<void> {
    const listeners = this.#listeners;
    this.#listeners = [];
    await Promise.all(listeners.map((listener) => listener.close()));
    await Promise.all(this.#servers.map((server) => server.drain()));
    const patience = new AbortController();
    const waited = sleep(this.#options.clock, tunnelPatienceMs, patience.signal);
    await Promise.race([this.proxy.drain.idle(), waited]);
    patience.abort();
    await Promise.all([this.#tracing.flush(), this.#push?.flush()]);
    await this.close();
  }

  /** Cuts everything and frees the ports. Idempotent. */
  async close(): Promise<void> {
    this.#push?.close();
    this.#readiness.close();
    const listeners = this.#listeners;
    this.#listeners = [];
    const closed = listeners.map((listener) => listener.close());
    for (const server of this.#servers) server.closeNow();
    await Promise.all(closed);
  }

  readonly #handle: Handler = (exchange) => {
    if (this.#successor) forward(exchange, this.#successor, { failed: () => answerGone(exchange) });
    else this.proxy.handle(exchange);
  };

  async #untilDrained(): Promise<void> {
    const { clock, quietPeriodMs } = this.#options;
    const { drain } = this.proxy;
    if (quietPeriodMs === 0) return drain.idle();
    for (;;) {
      const leftMs = drain.quietLeftMs(quietPeriodMs, clock.monotonic());
      if (leftMs <= 0) return;
      await sleep(clock, leftMs);
    }
  }

  /** A hosted pod is asked at its own address, whatever the endpoint says (spec C-127, M-021). */
  async #listenForPrometheus(handler: Handler): Promise<void> {
    const { config, ip, metrics, ...ports } = this.#options;
    const { endpoint } = config.observability.requestMetrics;
    const { env } = metrics ?? { env: {} };
    const wanted = metricsAddress(endpoint, env, { ip, port: METRICS_PORT });
    if (metrics === undefined) return this.#listen(wanted.port, handler);
    await this.#listen(wanted.port, handler, {
      ip: wanted.ip,
      network: metricsNetwork({ ...ports, ...metrics }),
    });
  }

  async #listen(
    port: number,
    handler: Handler,
    { http2 = false, network = this.#options.network, ip = this.#options.ip } = {},
  ): Promise<void> {
    const { clock, config } = this.#options;
    const server = new HttpServer({ clock, handler, http2, onRefusal: this.#onRefusal });
    const address = { ip, port };
    try {
      this.#listeners.push(await network.listen(address, server.accept));
    } catch (thrown) {
      throw listenError(address, `${config.namespace}/${config.pod}`, thrown);
    }
    this.#servers.push(server);
  }
}

function answerGone(exchange: Exchange): void {
  if (exchange.responded || exchange.cancel.raised) return;
  const text = "the pod's queue-proxy has moved and cannot be reached";
  respondWithError(exchange, { status: 502, code: "queue-proxy-moved", text });
}

function listenError(address: Address, pod: string, cause: unknown): EbbError {
  const code = cause instanceof Error && "code" in cause ? cause.code : undefined;
  const where = `the queue-proxy of pod ${pod} cannot listen on ${addressText(address)}`;
  const why =
    code === "EADDRINUSE"
      ? `address already in use: another program holds it (perhaps as 0.0.0.0:${address.port}); stop that program`
      : messageOf(cause);
  return new EbbError("queue-proxy-listen", `${where}: ${why}`, { cause });
}
