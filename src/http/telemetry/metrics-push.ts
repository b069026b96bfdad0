import { type Clock, sleep } from "../../base/clock.ts";
import { messageOf } from "../../base/errors.ts";
import type { Log } from "../../base/log.ts";
import type { MetricsSource } from "../../base/metrics.ts";
import type { Network } from "../conn.ts";
import { encodeMetrics } from "./otlp.ts";
import { type OtlpOptions, sendOtlp } from "./otlp-sender.ts";

export interface MetricsSettings {
  readonly protocol: "none" | "prometheus" | "grpc" | "http/protobuf";
  /** Of a collector, or `host:port` to listen on for Prometheus; "" = the protocol's default. */
  readonly endpoint: string;
  /** 0 = the default of one minute. */
  readonly intervalMs: number;
  readonly otlp?: OtlpOptions;
}

export interface MetricsPushOptions {
  readonly settings: MetricsSettings;
  readonly sources: () => Promise<readonly MetricsSource[]>;
  readonly clock: Clock;
  readonly network: Network;
  readonly log: Log;
}

/** As OpenTelemetry's periodic reader. */
const INTERVAL_MS = 60_000;

/** Sends a program's metrics to a collector from time to time, where they are to be pushed (spec Q-066, C-126). */
export class MetricsPush {
  readonly #options: MetricsPushOptions;
  readonly #stop = new AbortController();
  readonly #sinceMs: number;

  constructor(options: MetricsPushOptions) {
    this.#options = options;
    this.#sinceMs = options.clock.wall();
  }

  start(): void {
    if (this.#collector !== undefined) void this.#pushOn();
  }

  /** Sends them once more, now. */
  async flush(): Promise<void> {
    const { clock, log, network, sources } = this.#options;
    const to = this.#collector;
    if (to === undefined) return;
    try {
      const message = encodeMetrics(await sources(), { sinceMs: this.#sinceMs, nowMs: clock.wall() });
      await sendOtlp({ network, clock }, to, message);
    } catch (thrown) {
      log.warn("metrics were not exported", { error: messageOf(thrown) });
    }
  }

  close(): void {
    this.#stop.abort();
  }

  get #collector() {
    const { protocol, endpoint, otlp } = this.#options.settings;
    if (protocol !== "grpc" && protocol !== "http/protobuf") return undefined;
    return { protocol, endpoint, signal: "metrics", options: otlp } as const;
  }

  async #pushOn(): Promise<void> {
    const { clock, settings } = this.#options;
    for (;;) {
      await sleep(clock, settings.intervalMs || INTERVAL_MS, this.#stop.signal);
      if (this.#stop.signal.aborted) return;
      await this.flush();
    }
  }
}
