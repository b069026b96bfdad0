/**
 * Metrics as OpenTelemetry names them: families of series, kept as plain numbers. Recording allocates nothing once
 * its series is known; whoever records often keeps the series. Encoders (Prometheus, OTLP) read the families.
 */

/** In the order in which they are shown. */
export type Attributes = Readonly<Record<string, string | number>>;

export interface MetricOptions {
  /** With dots, e.g. `http.server.request.duration`. */
  readonly name: string;
  /** UCUM: `s`, `By`, `{request}`. */
  readonly unit: string;
  readonly description: string;
  /** Which part of the program measures, e.g. `knative.dev/serving/pkg/queue`. */
  readonly scope: string;
}

export interface HistogramOptions extends MetricOptions {
  /** Upper bounds, ascending, +Inf left out. */
  readonly bounds: readonly number[];
}

/** One number of a family. */
export interface NumberPoint {
  readonly attributes: Attributes;
  readonly value: number;
}

export interface ObservedOptions extends MetricOptions {
  /** Looked up when someone reads. */
  readonly read: () => Iterable<NumberPoint>;
}

export interface HistogramPoint {
  readonly attributes: Attributes;
  /** One more than there are bounds: the last is +Inf. Not cumulative. */
  readonly counts: readonly number[];
  readonly count: number;
  readonly sum: number;
}

/** Of durations, as all of Knative's (spec §2.8). */
export const SECONDS_BOUNDS: readonly number[] = [
  0.005, 0.01, 0.025, 0.05, 0.075, 0.1, 0.25, 0.5, 0.75, 1, 2.5, 5, 7.5, 10,
];

/** As OpenTelemetry's SDKs: whoever chooses attribute values (a client its Host) cannot fill the memory. */
const SERIES_MAX = 2000;
const OVERFLOW: Attributes = { "otel.metric.overflow": "true" };

export class HistogramSeries implements HistogramPoint {
  readonly attributes: Attributes;
  readonly counts: number[];
  readonly #bounds: readonly number[];
  count = 0;
  sum = 0;

  constructor(attributes: Attributes, bounds: readonly number[]) {
    this.attributes = attributes;
    this.counts = new Array(bounds.length + 1).fill(0);
    this.#bounds = bounds;
  }

  record(value: number): void {
    const bounds = this.#bounds;
    let at = 0;
    while (at < bounds.length && value > (bounds[at] as number)) at += 1;
    this.counts[at] = (this.counts[at] as number) + 1;
    this.count += 1;
    this.sum += value;
  }
}

export class Histogram {
  readonly type = "histogram";
  readonly options: HistogramOptions;
  readonly #series = new Map<string, HistogramSeries>();

  constructor(options: HistogramOptions) {
    this.options = options;
  }

  get series(): Iterable<HistogramSeries> {
    return this.#series.values();
  }

  /** The series of these attributes; beyond 2,000 of them, one for all the others. */
  at(attributes: Attributes): HistogramSeries {
    const key = keyOf(attributes);
    const known = this.#series.get(key);
    if (known !== undefined) return known;
    if (this.#series.size >= SERIES_MAX - 1 && attributes !== OVERFLOW) return this.at(OVERFLOW);
    const series = new HistogramSeries(attributes, this.options.bounds);
    this.#series.set(key, series);
    return series;
  }
}

/** A gauge; a sum that only grows; a sum that also falls. */
export type NumberType = "gauge" | "counter" | "upDownCounter";

/** Numbers that someone keeps for a purpose of his own and that are looked up when someone reads. */
export class Observed {
  readonly type: NumberType;
  readonly options: ObservedOptions;

  constructor(type: NumberType, options: ObservedOptions) {
    this.type = type;
    this.options = options;
  }

  get series(): Iterable<NumberPoint> {
    return this.options.read();
  }
}

export interface HistogramFamily {
  readonly type: "histogram";
  readonly options: HistogramOptions;
  readonly series: Iterable<HistogramPoint>;
}

export interface NumberFamily {
  readonly type: NumberType;
  readonly options: MetricOptions;
  readonly series: Iterable<NumberPoint>;
}

/** What encoders read: an instrument, or its copy that travelled as plain data. */
export type Metric = HistogramFamily | NumberFamily;

export interface MetricsSource {
  /** Who is measured: one set for all metrics of a program. */
  readonly resource: Attributes;
  readonly metrics: readonly Metric[];
}

/** The numbers of this moment as plain data, to be sent elsewhere. */
export function snapshotOf({ resource, metrics }: MetricsSource): MetricsSource {
  return { resource, metrics: metrics.map(copyOf) };
}

function copyOf(metric: Metric): Metric {
  const { name, unit, description, scope } = metric.options;
  const options = { name, unit, description, scope };
  if (metric.type !== "histogram") return { type: metric.type, options, series: [...metric.series] };
  const series = Array.from(metric.series, ({ attributes, counts, count, sum }) => ({
    attributes,
    counts: [...counts],
    count,
    sum,
  }));
  return { type: "histogram", options: { ...options, bounds: metric.options.bounds }, series };
}

function keyOf(attributes: Attributes): string {
  let key = "";
  for (const name in attributes) key += `${name}\u0000${attributes[name]}\u0001`;
  return key;
}
