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

export interface GaugeOptions extends MetricOptions {
  /** Looked up when someone reads; undefined = not there. */
  readonly read: () => number | undefined;
}

/** As OpenTelemetry's SDKs: whoever chooses attribute values (a client its Host) cannot fill the memory. */
const SERIES_MAX = 2000;
const OVERFLOW: Attributes = { "otel.metric.overflow": "true" };

export class HistogramSeries {
  readonly attributes: Attributes;
  /** One more than there are bounds: the last is +Inf. Not cumulative. */
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

/** One value that is looked up when someone reads. */
export class Gauge {
  readonly type = "gauge";
  readonly options: GaugeOptions;

  constructor(options: GaugeOptions) {
    this.options = options;
  }
}

export type Metric = Histogram | Gauge;

export interface MetricsSource {
  /** Who is measured: one set for all metrics of a program. */
  readonly resource: Attributes;
  readonly metrics: readonly Metric[];
}

function keyOf(attributes: Attributes): string {
  let key = "";
  for (const name in attributes) key += `${name}\u0000${attributes[name]}\u0001`;
  return key;
}
