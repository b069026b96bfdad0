import type { MetricsSettings } from "../../http/telemetry/metrics-push.ts";
import type { OtelEnvironment } from "../../http/telemetry/otel-environment.ts";
import type { TracingSettings } from "../../http/telemetry/tracing.ts";
import { ConfigError } from "../config-error.ts";
import type { RequestLogSettings } from "../request-log.ts";

/** What OBSERVABILITY_CONFIG says, as far as it concerns a queue-proxy (spec ). */
export interface Observability {
  readonly requestLog: RequestLogSettings;
  readonly requestMetrics: MetricsSettings;
  readonly tracing: TracingSettings;
  readonly profiling: boolean;
}

const METRICS_PROTOCOLS = ["none", "prometheus", "grpc", "http/protobuf"] as const;
const TRACING_PROTOCOLS = ["none", "grpc", "http/protobuf", "stdout"] as const;

type Fields = Readonly<Record<string, unknown>>;

/** What the environment says of the way to the collector wins. Throws ConfigError in Knative's words. */
export function readObservability(json: string, otel?: OtelEnvironment): Observability {
  const settings = fieldsOf(parse(json));
  const metrics = exportOf(settings.requestMetrics, METRICS_PROTOCOLS, "meter");
  const tracing = exportOf(settings.tracing, TRACING_PROTOCOLS, "trace");
  return {
    requestLog: requestLogOf(settings),
    requestMetrics: {
      ...metrics,
      intervalMs: otel?.metricsIntervalMs ?? metrics.intervalMs,
      ...(otel && { otlp: otel.metrics }),
    },
    tracing: {
      ...tracing,
      samplingRate: numberOf(fieldsOf(settings.tracing).samplingRate),
      ...(otel && { ...otel.sampler, otlp: otel.traces, batching: otel.batching }),
    },
    profiling: fieldsOf(settings.runtime).profiling === "enabled",
  };
}

function parse(json: string): unknown {
  if (json === "") return {};
  try {
    return JSON.parse(json);
  } catch (thrown) {
    const why = thrown instanceof Error ? thrown.message : String(thrown);
    throw new ConfigError("OBSERVABILITY_CONFIG", `Failed to parse observability config: ${why}`);
  }
}

/** Spec Q-060. */
const DEFAULT_REQUEST_LOG_TEMPLATE =
  '{"httpRequest": {"requestMethod": "{{.Request.Method}}", "requestUrl": "{{js .Request.RequestURI}}", ' +
  '"requestSize": "{{.Request.ContentLength}}", "status": {{.Response.Code}}, ' +
  '"responseSize": "{{.Response.Size}}", "userAgent": "{{js .Request.UserAgent}}", ' +
  '"remoteIp": "{{js .Request.RemoteAddr}}", "serverIp": "{{.Revision.PodIP}}", ' +
  '"referer": "{{js .Request.Referer}}", "latency": "{{.Response.Latency}}s", ' +
  '"protocol": "{{.Request.Proto}}"}, "traceId": "{{.TraceID}}"}';

/** Whatever is no such setting is Knative's to complain about: it was checked when the ConfigMap was written. */
function requestLogOf(settings: Fields): RequestLogSettings {
  const { enableRequestLog, requestLogTemplate, enableProbeRequestLog } = settings;
  if (enableRequestLog !== true) return { template: "", probes: false };
  const template = typeof requestLogTemplate === "string" ? requestLogTemplate : DEFAULT_REQUEST_LOG_TEMPLATE;
  return { template, probes: enableProbeRequestLog === true };
}

const NS_PER_MS = 1e6;

function exportOf<Protocol extends string>(
  value: unknown,
  known: readonly Protocol[],
  provider: "meter" | "trace",
): { protocol: Protocol; endpoint: string; intervalMs: number } {
  const { protocol = "none", endpoint, exportInterval } = fieldsOf(value);
  const chosen = known.find((one) => one === (protocol === "" ? "none" : protocol));
  if (chosen === undefined) {
    const why = `unsupported protocol ${JSON.stringify(protocol)}, known are ${known.join(", ")}`;
    throw new ConfigError("OBSERVABILITY_CONFIG", `Failed to setup ${provider} provider: ${why}`);
  }
  return {
    protocol: chosen,
    endpoint: typeof endpoint === "string" ? endpoint : "",
    intervalMs: numberOf(exportInterval) / NS_PER_MS,
  };
}

function fieldsOf(value: unknown): Fields {
  return typeof value === "object" && value !== null ? (value as Fields) : {};
}

function numberOf(value: unknown): number {
  return typeof value === "number" && Number.isFinite(value) ? value : 0;
}
