import type { Clock } from "../../base/clock.ts";
import type { Attributes } from "../../base/metrics.ts";
import type { Random } from "../../base/random.ts";
import type { HeaderBlock } from "../header-block.ts";
import type { SpanKind, SpanSink } from "./span.ts";
import { contextOf, isChosen, type TraceContext } from "./trace-context.ts";

export interface TracerOptions {
  readonly clock: Clock;
  readonly random: Random;
  readonly sink: SpanSink;
  /** 0…1: the share of traces that begin here and are recorded; see `followsCaller`. */
  readonly samplingRate: number;
  /** Default true; false = the rate decides about every trace. */
  readonly followsCaller?: boolean | undefined;
}

/** Decides which requests are traced and makes their spans. */
export class Tracer {
  readonly clock: Clock;
  readonly sink: SpanSink;
  readonly #random: Random;
  readonly #samplingRate: number;
  readonly #followsCaller: boolean;

  constructor({ clock, random, sink, samplingRate, followsCaller = true }: TracerOptions) {
    this.clock = clock;
    this.sink = sink;
    this.#random = random;
    this.#samplingRate = samplingRate;
    this.#followsCaller = followsCaller;
  }

  /** The first span of a request, or undefined when the request is not recorded: then nothing is made for it. */
  begin(headers: HeaderBlock, name: string): OpenSpan | undefined {
    const caller = contextOf(headers);
    if (caller !== undefined) {
      const isRecorded = this.#followsCaller
        ? caller.isSampled
        : isChosen(caller.traceId, this.#samplingRate);
      return isRecorded
        ? this.#open(caller.traceId, { name, kind: "server", parent: caller.spanId })
        : undefined;
    }
    if (this.#samplingRate <= 0) return undefined;
    const traceId = this.#random.uuid().replaceAll("-", "");
    return isChosen(traceId, this.#samplingRate) ? this.#open(traceId, { name, kind: "server" }) : undefined;
  }

  child(parent: OpenSpan, name: string, kind: SpanKind): OpenSpan {
    return this.#open(parent.context.traceId, { name, kind, parent: parent.context.spanId });
  }

  #open(traceId: string, of: { name: string; kind: SpanKind; parent?: string }): OpenSpan {
    // The last 16 digits of a UUID hold two fixed bits; 62 random ones are enough for a span.
    const spanId = this.#random.uuid().slice(19).replace("-", "");
    return new OpenSpan(this, { traceId, spanId, isSampled: true }, of);
  }
}

/** A span that is not over. */
export class OpenSpan {
  readonly context: TraceContext;
  readonly #tracer: Tracer;
  readonly #of: { readonly name: string; readonly kind: SpanKind; readonly parent?: string };
  readonly #startWallMs: number;
  readonly #startMs: number;
  #isOver = false;

  constructor(
    tracer: Tracer,
    context: TraceContext,
    of: { readonly name: string; readonly kind: SpanKind; readonly parent?: string },
  ) {
    this.context = context;
    this.#tracer = tracer;
    this.#of = of;
    this.#startWallMs = tracer.clock.wall();
    this.#startMs = tracer.clock.monotonic();
  }

  /** Once; later calls do nothing. */
  end(attributes: Attributes = {}, isError = false): void {
    if (this.#isOver) return;
    this.#isOver = true;
    const { name, kind, parent } = this.#of;
    const lastedMs = this.#tracer.clock.monotonic() - this.#startMs;
    this.#tracer.sink.add({
      traceId: this.context.traceId,
      spanId: this.context.spanId,
      parentSpanId: parent,
      name,
      kind,
      startMs: this.#startWallMs,
      endMs: this.#startWallMs + lastedMs,
      attributes,
      isError,
    });
  }
}
