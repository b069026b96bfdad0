import { type Clock, sleep } from "../../base/clock.ts";
import { messageOf } from "../../base/errors.ts";
import type { Log } from "../../base/log.ts";
import type { Attributes, MetricsSource } from "../../base/metrics.ts";
import type { Random } from "../../base/random.ts";
import type { Network } from "../../http/conn.ts";
import type { Observability } from "./observability.ts";
import { encodeMetrics, encodeSpans } from "./tracing/otlp.ts";
import { type OtlpEndpoint, sendOtlp } from "./tracing/otlp-sender.ts";
import type { SpanSink } from "./tracing/span.ts";
import { SpanExporter } from "./tracing/span-exporter.ts";
import { Tracer } from "./tracing/tracer.ts";

export interface TelemetryOptions {
  readonly observability: Observability;
  readonly resource: Attributes;
  readonly clock: Clock;
  readonly random: Random;
  readonly network: Network;
  readonly log: Log;
  /** For the protocol `stdout`; absent = spans go nowhere then. */
  readonly writeLine?: (line: string) => void;
}

const SCOPE = "knative.dev/serving/pkg/queue";
/** As OpenTelemetry's periodic reader. */
const METRICS_INTERVAL_MS = 60_000;

/** A queue-proxy's spans and metrics on their way to a collector (spec ). */
export class Telemetry {
  /** None when nothing is traced: then a request pays nothing for it. */
  readonly tracer: Tracer | undefined;
  readonly #options: TelemetryOptions;
  readonly #exporter: SpanExporter | undefined;
  readonly #stop = new AbortController();
  readonly #sinceMs: number;
  #metrics: MetricsSource | undefined;

  constructor(options: TelemetryOptions) {
    this.#options = options;
    this.#sinceMs = options.clock.wall();
    const { clock, random, log, observability, resource, writeLine } = options;
    const { protocol, endpoint, samplingRate } = observability.tracing;
    let sink: SpanSink | undefined;
    if (protocol === "stdout") sink = writeLine && { add: (span) => writeLine(`${JSON.stringify(span)}\n`) };
    else if (protocol !== "none") {
      this.#exporter = new SpanExporter({
        clock,
        log,
        send: (spans) => {
          const message = encodeSpans(spans, { resource, scope: SCOPE });
          return this.#send({ protocol, endpoint, signal: "traces" }, message);
        },
      });
      sink = this.#exporter;
    }
    this.tracer = sink && new Tracer({ clock, random, sink, samplingRate });
  }

  /** Exports metrics from time to time until `close`, when they are to be pushed. */
  start(metrics: MetricsSource | undefined): void {
    this.#metrics = metrics;
    const { protocol } = this.#options.observability.requestMetrics;
    if (protocol === "grpc" || protocol === "http/protobuf") void this.#pushMetrics(protocol);
  }

  /** Sends what waits; a collector that does not answer is not waited for longer than a request to it may take. */
  async flush(): Promise<void> {
    const { protocol } = this.#options.observability.requestMetrics;
    const pushes = protocol === "grpc" || protocol === "http/protobuf";
    await Promise.all([this.#exporter?.flush(), pushes ? this.#pushOnce(protocol) : undefined]);
  }

  close(): void {
    this.#stop.abort();
  }

  async #pushMetrics(protocol: OtlpEndpoint["protocol"]): Promise<void> {
    const { clock, observability } = this.#options;
    const intervalMs = observability.requestMetrics.intervalMs || METRICS_INTERVAL_MS;
    for (;;) {
      await sleep(clock, intervalMs, this.#stop.signal);
      if (this.#stop.signal.aborted) return;
      await this.#pushOnce(protocol);
    }
  }

  async #pushOnce(protocol: OtlpEndpoint["protocol"]): Promise<void> {
    const { clock, log, observability } = this.#options;
    const metrics = this.#metrics;
    const { endpoint } = observability.requestMetrics;
    if (metrics === undefined) return;
    const message = encodeMetrics(metrics, { sinceMs: this.#sinceMs, nowMs: clock.wall() });
    try {
      await this.#send({ protocol, endpoint, signal: "metrics" }, message);
    } catch (thrown) {
      log.warn("metrics were not exported", { error: messageOf(thrown) });
    }
  }

  #send(to: OtlpEndpoint, message: Buffer): Promise<void> {
    const { network, clock } = this.#options;
    return sendOtlp({ network, clock }, to, message);
  }
}
