import { durationText, nsToMs } from "../../base/duration.ts";
import { GoTemplate } from "../../base/go-template/go-template.ts";
import { fixedFloatText } from "../../base/numerals.ts";
import { asConfigError } from "./config-template.ts";
import { type ConfigData, ConfigError, ConfigReader } from "./reader.ts";

export interface ExportConfig {
  readonly protocol: "none" | "prometheus" | "grpc" | "http/protobuf";
  readonly endpoint: string;
  readonly exportIntervalMs: number;
}

export interface TracingConfig {
  readonly protocol: "none" | "stdout" | "grpc" | "http/protobuf";
  readonly endpoint: string;
  /** 0…1 */
  readonly samplingRate: number;
}

/** config-observability (spec C-119…C-132). */
export interface ObservabilityConfig {
  readonly tracing: TracingConfig;
  readonly metrics: ExportConfig;
  readonly requestMetrics: ExportConfig;
  readonly runtime: { readonly profiling: string; readonly exportIntervalMs: number };
  readonly enableVarLogCollection: boolean;
  readonly revisionUrlTemplate: string;
  readonly requestLogTemplate: string;
  readonly enableRequestLog: boolean;
  readonly enableProbeRequestLog: boolean;
}

/** The access log's line when nothing else is said: one JSON object (spec C-121, Q-060). */
export const DEFAULT_REQUEST_LOG_TEMPLATE =
  `{"httpRequest": {"requestMethod": "{{.Request.Method}}", "requestUrl": "{{js .Request.RequestURI}}", ` +
  `"requestSize": "{{.Request.ContentLength}}", "status": {{.Response.Code}}, ` +
  `"responseSize": "{{.Response.Size}}", "userAgent": "{{js .Request.UserAgent}}", ` +
  `"remoteIp": "{{js .Request.RemoteAddr}}", "serverIp": "{{.Revision.PodIP}}", ` +
  `"referer": "{{js .Request.Referer}}", "latency": "{{.Response.Latency}}s", ` +
  `"protocol": "{{.Request.Proto}}"}, "traceId": "{{.TraceID}}"}`;

export function parseObservabilityConfig(data: ConfigData): ObservabilityConfig {
  const reader = new ConfigReader(data);
  const tracing = tracingOf(reader);
  const metrics = exportOf(reader, "metrics");
  const runtime = runtimeOf(reader);
  const requestMetrics = exportOf(reader, "request-metrics");
  const config: ObservabilityConfig = {
    tracing,
    metrics,
    runtime,
    requestMetrics,
    enableVarLogCollection: reader.bool("logging.enable-var-log-collection", false),
    revisionUrlTemplate: reader.text("logging.revision-url-template", ""),
    requestLogTemplate: reader.text("logging.request-log-template", DEFAULT_REQUEST_LOG_TEMPLATE),
    enableRequestLog: reader.bool("logging.enable-request-log", false),
    enableProbeRequestLog: reader.bool("logging.enable-probe-request-log", false),
  };
  if (config.requestLogTemplate === "" && config.enableRequestLog) {
    throw new ConfigError(
      '"logging.enable-request-log" was set to true, but no "logging.request-log-template" was specified',
    );
  }
  asConfigError(() => new GoTemplate({ name: "requestLog", text: config.requestLogTemplate }));
  return config;
}

function tracingOf(reader: ConfigReader): TracingConfig {
  const protocol = reader.text("tracing-protocol", "none");
  const endpoint = reader.text("tracing-endpoint", "");
  const samplingRate = reader.float("tracing-sampling-rate", 0);
  switch (protocol) {
    case "grpc":
    case "http/protobuf":
      if (endpoint === "") {
        throw new ConfigError(`endpoint should be set for protocol ${JSON.stringify(protocol)}`);
      }
      break;
    case "none":
    case "stdout":
      if (endpoint !== "") throw new ConfigError("endpoint should not be set when protocol is 'none'");
      break;
    default:
      throw new ConfigError(`unsupported protocol ${JSON.stringify(protocol)}`);
  }
  if (samplingRate < 0) {
    throw new ConfigError(`sampling rate ${fixedFloatText(samplingRate)} should be greater or equal to zero`);
  }
  if (samplingRate > 1) {
    throw new ConfigError(
      `sampling rate ${fixedFloatText(samplingRate)} should be less than or equal to one`,
    );
  }
  return { protocol, endpoint, samplingRate };
}

function exportOf(reader: ConfigReader, prefix: string): ExportConfig {
  const protocol = reader.text(`${prefix}-protocol`, "none");
  const endpoint = reader.text(`${prefix}-endpoint`, "");
  const interval = reader.durationNs(`${prefix}-export-interval`, 0n);
  switch (protocol) {
    case "grpc":
    case "http/protobuf":
      if (endpoint === "") {
        throw new ConfigError(`endpoint should be set when protocol is ${JSON.stringify(protocol)}`);
      }
      break;
    case "none":
      if (endpoint !== "") throw new ConfigError('endpoint should not be set when protocol is "none"');
      break;
    case "prometheus":
      break;
    default:
      throw new ConfigError(`unsupported protocol ${JSON.stringify(protocol)}`);
  }
  return { protocol, endpoint, exportIntervalMs: notNegative(interval) };
}

function runtimeOf(reader: ConfigReader): ObservabilityConfig["runtime"] {
  const profiling = reader.text("runtime-profiling", "disabled");
  const interval = reader.durationNs("runtime-export-interval", 15_000_000_000n);
  if (profiling !== "enabled" && profiling !== "disabled") {
    throw new ConfigError(`unsupported profile setting ${JSON.stringify(profiling)}`);
  }
  return { profiling, exportIntervalMs: notNegative(interval) };
}

function notNegative(interval: bigint): number {
  if (interval < 0n) {
    throw new ConfigError(
      `export interval ${JSON.stringify(durationText(interval))} should be greater than zero`,
    );
  }
  return nsToMs(interval);
}
