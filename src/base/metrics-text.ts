import type { Attributes, HistogramFamily, Metric, MetricsSource, NumberFamily } from "./metrics.ts";

/**
 * Metrics in Prometheus' text format, with OpenTelemetry's way of naming (spec §2.8): dots become underscores, the unit
 * a suffix, the resource the labels of `target_info`.
 */

export const METRICS_TEXT_TYPE = "text/plain; version=0.0.4; charset=utf-8; escaping=underscores";

export function metricsText(...sources: readonly MetricsSource[]): string {
  return [...metricsPieces(sources)].join("");
}

/** So much text makes a piece; the next line may pass it. */
const PIECE_LENGTH = 16 * 1024;

/** The text of several programs in pieces, so that a long one need not be made in one go. */
export function* metricsPieces(sources: readonly MetricsSource[]): Generator<string> {
  let out = header("target_info", "gauge", "Target metadata");
  for (const { resource } of sources) out += line("target_info", labelsOf(resource), 1);
  for (const [name, metrics] of familiesOf(sources)) {
    let isBegun = false;
    for (const metric of metrics) {
      for (const text of linesOf(name, metric)) {
        if (!isBegun) out += header(name, textType(metric), metric.options.description);
        isBegun = true;
        out += text;
        if (out.length < PIECE_LENGTH) continue;
        yield out;
        out = "";
      }
    }
  }
  yield out;
}

/** What two programs measure under one name stands together. */
function familiesOf(sources: readonly MetricsSource[]): Map<string, Metric[]> {
  const families = new Map<string, Metric[]>();
  for (const { metrics } of sources) {
    for (const metric of metrics) {
      const name = textName(metric);
      const family = families.get(name);
      if (family) family.push(metric);
      else families.set(name, [metric]);
    }
  }
  return families;
}

function linesOf(name: string, metric: Metric): Iterable<string> {
  return metric.type === "histogram" ? histogramLines(name, metric) : numberLines(name, metric);
}

function* numberLines(name: string, metric: NumberFamily): Generator<string> {
  const scope = scopeLabels(metric);
  for (const { attributes, value } of metric.series)
    yield line(name, join(labelsOf(attributes), scope), value);
}

function* histogramLines(name: string, metric: HistogramFamily): Generator<string> {
  const scope = scopeLabels(metric);
  for (const series of metric.series) {
    if (series.count === 0) continue;
    const labels = join(labelsOf(series.attributes), scope);
    let out = "";
    let below = 0;
    series.counts.forEach((count, index) => {
      below += count;
      const bound = metric.options.bounds[index];
      const le = bound === undefined ? "+Inf" : String(bound);
      out += line(`${name}_bucket`, join(labels, `le="${le}"`), below);
    });
    yield out + line(`${name}_sum`, labels, series.sum) + line(`${name}_count`, labels, series.count);
  }
}

const UNITS: Readonly<Record<string, string>> = { s: "_seconds", By: "_bytes" };
const PER_UNITS: Readonly<Record<string, string>> = { s: "_per_second" };

/** A unit in braces says only what is counted and is left out. */
function textName({ type, options }: Metric): string {
  const [unit = "", per = ""] = options.unit.split("/");
  const name = underscored(options.name) + (UNITS[unit] ?? "") + (PER_UNITS[per] ?? "");
  return type === "counter" ? `${name}_total` : name;
}

function textType({ type }: Metric): string {
  return type === "upDownCounter" ? "gauge" : type;
}

function underscored(name: string): string {
  return name.replace(/[^A-Za-z0-9_]/g, "_");
}

function header(name: string, type: string, help: string): string {
  return `# HELP ${name} ${help}\n# TYPE ${name} ${type}\n`;
}

function scopeLabels({ options }: Metric): string {
  return `otel_scope_name="${escaped(options.scope)}",otel_scope_schema_url="",otel_scope_version=""`;
}

function labelsOf(attributes: Attributes): string {
  return Object.entries(attributes)
    .map(([name, value]) => `${underscored(name)}="${escaped(String(value))}"`)
    .join(",");
}

function escaped(value: string): string {
  return value.replaceAll("\\", "\\\\").replaceAll('"', '\\"').replaceAll("\n", "\\n");
}

function join(one: string, other: string): string {
  return one === "" || other === "" ? one + other : `${one},${other}`;
}

function line(name: string, labels: string, value: number): string {
  return `${name}${labels === "" ? "" : `{${labels}}`} ${value}\n`;
}
