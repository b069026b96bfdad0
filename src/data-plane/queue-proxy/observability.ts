import { messageOf } from "../../base/errors.ts";
import {
  booleanOf,
  fieldOf,
  fieldsOf,
  type GoFields,
  integerOf,
  numberOf,
  parseGoJson,
  textOf,
} from "../../base/go-json.ts";
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

/** What the environment says of the way to the collector wins. Throws ConfigError in Knative's words. */
export function readObservability(json: string, otel?: OtelEnvironment): Observability {
  const settings = parse(json);
  const metrics = chosen(settings.requestMetrics, METRICS_PROTOCOLS, "meter");
  const tracing = chosen(settings.tracing, TRACING_PROTOCOLS, "trace");
  return {
    requestLog: settings.requestLog,
    requestMetrics: {
      ...metrics,
      intervalMs: otel?.metricsIntervalMs ?? metrics.intervalMs,
      ...(otel && { otlp: otel.metrics }),
    },
    tracing: {
      ...tracing,
      samplingRate: settings.samplingRate,
      ...(otel && { ...otel.sampler, otlp: otel.traces, batching: otel.batching }),
    },
    profiling: settings.profiling === "enabled",
  };
}

/** Reads all that Go would decode: what cannot be decoded ends the program, whether it is used here or not. */
function parse(json: string) {
  try {
    const config = fieldsOf(json === "" ? {} : parseGoJson(json), "the configuration");
    const tracing = fieldsOf(fieldOf(config, "tracing"), "tracing");
    const runtime = fieldsOf(fieldOf(config, "runtime"), "runtime");
    integerOf(runtime, "exportInterval", INT64_LIMIT);
    exportOf(config, "metrics");
    booleanOf(config, "enableVarLogCollection");
    textOf(config, "loggingURLTemplate");
    return {
      requestLog: requestLogOf(config),
      requestMetrics: exportOf(config, "requestMetrics"),
      tracing: exportOf(config, "tracing"),
      samplingRate: numberOf(tracing, "samplingRate"),
      profiling: textOf(runtime, "profiling"),
    };
  } catch (thrown) {
    throw new ConfigError(
      "OBSERVABILITY_CONFIG",
      `failed to parse OBSERVABILITY_CONFIG: ${messageOf(thrown)}`,
    );
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

function requestLogOf(config: GoFields): RequestLogSettings {
  const isOn = booleanOf(config, "enableRequestLog");
  const probes = booleanOf(config, "enableProbeRequestLog");
  const hasTemplate = fieldOf(config, "requestLogTemplate") !== undefined;
  const template = hasTemplate ? textOf(config, "requestLogTemplate") : DEFAULT_REQUEST_LOG_TEMPLATE;
  return isOn ? { template, probes } : { template: "", probes: false };
}

const NS_PER_MS = 1e6;
const INT64_LIMIT = 2n ** 63n;

interface Export {
  readonly protocol: string;
  readonly endpoint: string;
  readonly intervalMs: number;
}

function exportOf(config: GoFields, name: string): Export {
  const fields = fieldsOf(fieldOf(config, name), name);
  return {
    protocol: fieldOf(fields, "protocol") === undefined ? "none" : textOf(fields, "protocol"),
    endpoint: textOf(fields, "endpoint"),
    intervalMs: integerOf(fields, "exportInterval", INT64_LIMIT) / NS_PER_MS,
  };
}

function chosen<Protocol extends string>(
  { protocol, ...rest }: Export,
  known: readonly Protocol[],
  provider: "meter" | "trace",
): Export & { readonly protocol: Protocol } {
  const found = known.find((one) => one === protocol);
  if (found !== undefined) return { ...rest, protocol: found };
  const why = `unsupported protocol ${JSON.stringify(protocol)}, known are ${known.join(", ")}`;
  throw new ConfigError("OBSERVABILITY_CONFIG", `Failed to setup ${provider} provider: ${why}`);
}
