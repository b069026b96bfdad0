import type { Attributes, HistogramFamily, Metric, MetricsSource, NumberFamily } from "../../base/metrics.ts";
import { ProtobufWriter } from "./protobuf.ts";
import type { Span } from "./span.ts";

/** OTLP's messages, version 1 (opentelemetry-proto): ExportTraceServiceRequest and ExportMetricsServiceRequest. */

const KINDS = { internal: 1, server: 2, client: 3 } as const;
const STATUS_ERROR = 2;
const CUMULATIVE = 2;

export function encodeSpans(spans: readonly Span[], of: { resource: Attributes; scope: string }): Buffer {
  const request = new ProtobufWriter();
  request.message(1, (resourceSpans) => {
    resourceSpans.message(1, (resource) => writeAttributes(resource, 1, of.resource));
    resourceSpans.message(2, (scopeSpans) => {
      scopeSpans.message(1, (scope) => scope.text(1, of.scope));
      for (const span of spans) scopeSpans.message(2, (message) => writeSpan(message, span));
    });
  });
  return request.finish();
}

function writeSpan(message: ProtobufWriter, span: Span): void {
  message.bytes(1, Buffer.from(span.traceId, "hex")).bytes(2, Buffer.from(span.spanId, "hex"));
  if (span.parentSpanId !== undefined) message.bytes(4, Buffer.from(span.parentSpanId, "hex"));
  message.text(5, span.name).integer(6, KINDS[span.kind]).time(7, span.startMs).time(8, span.endMs);
  writeAttributes(message, 9, span.attributes);
  if (span.isError) message.message(15, (status) => status.integer(3, STATUS_ERROR));
}

/** When counting began, and now; both in milliseconds since the Unix epoch. */
interface Times {
  readonly sinceMs: number;
  readonly nowMs: number;
}

export function encodeMetrics(sources: readonly MetricsSource[], times: Times): Buffer {
  const request = new ProtobufWriter();
  for (const source of sources) request.message(1, (message) => writeSource(message, source, times));
  return request.finish();
}

function writeSource(resourceMetrics: ProtobufWriter, source: MetricsSource, times: Times): void {
  resourceMetrics.message(1, (resource) => writeAttributes(resource, 1, source.resource));
  for (const scope of new Set(source.metrics.map(({ options }) => options.scope))) {
    resourceMetrics.message(2, (scopeMetrics) => {
      scopeMetrics.message(1, (message) => message.text(1, scope));
      for (const metric of source.metrics) {
        if (metric.options.scope === scope)
          scopeMetrics.message(2, (message) => writeMetric(message, metric, times));
      }
    });
  }
}

function writeMetric(message: ProtobufWriter, metric: Metric, times: Times): void {
  const { name, description, unit } = metric.options;
  message.text(1, name).text(2, description).text(3, unit);
  if (metric.type === "histogram") message.message(9, (data) => writeHistogram(data, metric, times));
  else if (metric.type === "gauge") message.message(5, (data) => writeNumbers(data, metric, times));
  else message.message(7, (data) => writeSum(data, metric, times));
}

function writeSum(data: ProtobufWriter, metric: NumberFamily, times: Times): void {
  writeNumbers(data, metric, times);
  data.integer(2, CUMULATIVE);
  if (metric.type === "counter") data.integer(3, 1);
}

function writeNumbers(data: ProtobufWriter, metric: NumberFamily, { sinceMs, nowMs }: Times): void {
  for (const { attributes, value } of metric.series) {
    data.message(1, (point) => {
      if (metric.type !== "gauge") point.time(2, sinceMs);
      point.time(3, nowMs).double(4, value);
      writeAttributes(point, 7, attributes);
    });
  }
}

function writeHistogram(data: ProtobufWriter, metric: HistogramFamily, { sinceMs, nowMs }: Times): void {
  for (const series of metric.series) {
    data.message(1, (point) => {
      point.time(2, sinceMs).time(3, nowMs).fixed64(4, series.count).double(5, series.sum);
      point.packedFixed64(6, series.counts).packedDoubles(7, metric.options.bounds);
      writeAttributes(point, 9, series.attributes);
    });
  }
  data.integer(2, CUMULATIVE);
}

function writeAttributes(message: ProtobufWriter, field: number, attributes: Attributes): void {
  for (const [name, value] of Object.entries(attributes)) {
    message.message(field, (pair) => {
      pair.text(1, name);
      pair.message(2, (any) => {
        if (typeof value === "string") any.bytes(1, Buffer.from(value));
        else if (Number.isInteger(value) && value >= 0) any.integer(3, value);
        else any.double(4, value);
      });
    });
  }
}
