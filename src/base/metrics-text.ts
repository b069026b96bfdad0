import type { Attributes, Gauge, Histogram, Metric, MetricsSource } from "./metrics.ts";

/**
 * Metrics in Prometheus' text format, with OpenTelemetry's way of naming (spec §2.8): dots become underscores, the unit
 * a suffix, the resource the labels of `target_info`.
 */

export const METRICS_TEXT_TYPE = "text/plain; version=0.0.4; charset=utf-8; escaping=underscores";

export function metricsText(source: MetricsSource): string {
  let out = header("target_info", "gauge", "Target metadata");
  out += line("target_info", labelsOf(source.resource), 1);
  for (const metric of source.metrics) out += metric.type === "gauge" ? gauge(metric) : histogram(metric);
  return out;
}

function gauge(metric: Gauge): string {
  const value = metric.options.read();
  if (value === undefined) return "";
  const name = textName(metric);
  return header(name, "gauge", metric.options.description) + line(name, scopeLabels(metric), value);
}

function histogram(metric: Histogram): string {
  const name = textName(metric);
  const scope = scopeLabels(metric);
  let out = "";
  for (const series of metric.series) {
    if (series.count === 0) continue;
    const labels = join(labelsOf(series.attributes), scope);
    let below = 0;
    series.counts.forEach((count, index) => {
      below += count;
      const bound = metric.options.bounds[index];
      const le = bound === undefined ? "+Inf" : String(bound);
      out += line(`${name}_bucket`, join(labels, `le="${le}"`), below);
    });
    out += line(`${name}_sum`, labels, series.sum) + line(`${name}_count`, labels, series.count);
  }
  return out === "" ? "" : header(name, "histogram", metric.options.description) + out;
}

const SUFFIXES: Readonly<Record<string, string>> = { s: "_seconds", By: "_bytes" };

/** A unit in braces says only what is counted and is left out. */
function textName({ options }: Metric): string {
  return underscored(options.name) + (SUFFIXES[options.unit] ?? "");
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
