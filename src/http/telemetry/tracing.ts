import type { Clock } from "../../base/clock.ts";
import type { Log } from "../../base/log.ts";
import type { Attributes } from "../../base/metrics.ts";
import type { Random } from "../../base/random.ts";
import type { Network } from "../conn.ts";
import { encodeSpans } from "./otlp.ts";
import { type OtlpOptions, sendOtlp } from "./otlp-sender.ts";
import { type SpanBatching, SpanExporter } from "./span-exporter.ts";
import { Tracer } from "./tracer.ts";

export interface TracingSettings {
  readonly protocol: "none" | "stdout" | "grpc" | "http/protobuf";
  /** "" = the protocol's default. */
  readonly endpoint: string;
  /** 0…1: the share of new traces that are recorded. */
  readonly samplingRate: number;
  /** See Tracer. */
  readonly followsCaller?: boolean;
  readonly otlp?: OtlpOptions;
  readonly batching?: SpanBatching;
}

export interface TracingOptions {
  readonly settings: TracingSettings;
  readonly resource: Attributes;
  /** Which part of the program makes the spans. */
  readonly scope: string;
  readonly clock: Clock;
  readonly random: Random;
  readonly network: Network;
  readonly log: Log;
  /** For the protocol `stdout`; absent = spans go nowhere then. */
  readonly writeLine?: ((line: string) => void) | undefined;
}

/** A program's spans on their way to a collector (spec Q-067). */
export class Tracing {
  /** None when nothing is traced: then a request pays nothing for it. */
  readonly tracer: Tracer | undefined;
  readonly #exporter: SpanExporter | undefined;

  constructor(options: TracingOptions) {
    const { clock, random, settings, writeLine } = options;
    const { protocol, samplingRate, followsCaller } = settings;
    if (protocol === "none" || (protocol === "stdout" && writeLine === undefined)) return;
    if (protocol !== "stdout") this.#exporter = exporterTo(protocol, options);
    const sink = this.#exporter ?? { add: (span) => writeLine?.(`${JSON.stringify(span)}\n`) };
    this.tracer = new Tracer({ clock, random, sink, samplingRate, followsCaller });
  }

  /** Sends what waits; a collector that does not answer is not waited for longer than a request to it may take. */
  async flush(): Promise<void> {
    await this.#exporter?.flush();
  }
}

function exporterTo(protocol: "grpc" | "http/protobuf", options: TracingOptions): SpanExporter {
  const { clock, log, network, resource, scope, settings } = options;
  const { endpoint, otlp, batching } = settings;
  const to = { protocol, endpoint, signal: "traces", options: otlp } as const;
  return new SpanExporter({
    clock,
    log,
    batching,
    send: (spans) => sendOtlp({ network, clock }, to, encodeSpans(spans, { resource, scope })),
  });
}
