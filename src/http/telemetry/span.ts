import type { Attributes } from "../../base/metrics.ts";

export type SpanKind = "internal" | "server" | "client";

/** One finished piece of work. */
export interface Span {
  readonly traceId: string;
  readonly spanId: string;
  readonly parentSpanId: string | undefined;
  readonly name: string;
  readonly kind: SpanKind;
  /** Milliseconds since the Unix epoch, with fractions. */
  readonly startMs: number;
  readonly endMs: number;
  readonly attributes: Attributes;
  readonly isError: boolean;
}

/** Takes finished spans; never blocks, never throws. */
export interface SpanSink {
  add(span: Span): void;
}
