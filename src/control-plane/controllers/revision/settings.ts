import type { ResourceList } from "../../../api/container.ts";
import { type ConfigMaps, configText } from "../../../kube/config-maps.ts";

/** What making a Deployment depends on besides the Revision (spec C-088…C-103, C-119…C-132, C-143, F-001…F-006). */
export interface RevisionSettings {
  readonly queueSidecarImage: string;
  readonly registriesSkippingTagResolving: readonly string[];
  readonly progressDeadlineSeconds: number;
  readonly queueRequests: ResourceList;
  readonly queueLimits: ResourceList;
  readonly spreadOverNodes: boolean;
  readonly rootCa: string;
  readonly tls: {
    readonly min: string;
    readonly max: string;
    readonly ciphers: string;
    readonly curves: string;
  };
  readonly initialScale: number;
  readonly zeroInitialScaleAllowed: boolean;
  readonly loggingConfig: string;
  readonly loggingLevel: string;
  readonly multiContainerProbing: boolean;
  readonly autodetectHttp2: boolean;
  readonly profiling: boolean;
  readonly observability: string;
  readonly revisionUrlTemplate: string;
  readonly podIsAlwaysSchedulable: boolean;
}

const DEFAULT_QUEUE_IMAGE = "ebb.local/queue-proxy";

export function revisionSettings(maps: ConfigMaps): RevisionSettings {
  const deployment = (...keys: string[]) => configText(maps, "config-deployment", ...keys);
  const feature = (key: string) => configText(maps, "config-features", key)?.toLowerCase() === "enabled";
  const limited = feature("queueproxy.resource-defaults");
  const autoscaler = (...keys: string[]) => configText(maps, "config-autoscaler", ...keys);
  return {
    queueSidecarImage: deployment("queue-sidecar-image", "queueSidecarImage") ?? DEFAULT_QUEUE_IMAGE,
    registriesSkippingTagResolving: (
      deployment("registries-skipping-tag-resolving", "registriesSkippingTagResolving") ??
      "kind.local,ko.local,dev.local"
    ).split(","),
    progressDeadlineSeconds: durationSeconds(deployment("progress-deadline", "progressDeadline")) ?? 600,
    queueRequests: quantities({
      cpu: deployment("queue-sidecar-cpu-request", "queueSidecarCPURequest") ?? "25m",
      memory: deployment("queue-sidecar-memory-request") ?? (limited ? "400Mi" : undefined),
      "ephemeral-storage": deployment("queue-sidecar-ephemeral-storage-request"),
    }),
    queueLimits: quantities({
      cpu: deployment("queue-sidecar-cpu-limit") ?? (limited ? "1000m" : undefined),
      memory: deployment("queue-sidecar-memory-limit") ?? (limited ? "800Mi" : undefined),
      "ephemeral-storage": deployment("queue-sidecar-ephemeral-storage-limit"),
    }),
    spreadOverNodes: deployment("default-affinity-type") !== "none",
    rootCa: deployment("queue-sidecar-rootca") ?? "",
    tls: {
      min: deployment("queue-sidecar-tls-min-version") ?? "",
      max: deployment("queue-sidecar-tls-max-version") ?? "",
      ciphers: deployment("queue-sidecar-tls-cipher-suites") ?? "",
      curves: deployment("queue-sidecar-tls-curve-preferences") ?? "",
    },
    initialScale: Number(autoscaler("initial-scale", "initialScale") ?? 1),
    zeroInitialScaleAllowed: autoscaler("allow-zero-initial-scale") === "true",
    loggingConfig: configText(maps, "config-logging", "zap-logger-config") ?? "",
    loggingLevel: configText(maps, "config-logging", "loglevel.queueproxy") ?? "",
    multiContainerProbing: feature("multi-container-probing"),
    autodetectHttp2: feature("autodetect-http2"),
    profiling: configText(maps, "config-observability", "runtime-profiling") === "enabled",
    observability: observabilityJson(maps),
    revisionUrlTemplate: configText(maps, "config-observability", "logging.revision-url-template") ?? "",
    podIsAlwaysSchedulable: deployment("pod-is-always-schedulable") === "true",
  };
}

/** The line that Knative logs per request unless told otherwise (spec C-121). */
const REQUEST_LOG_TEMPLATE =
  '{"httpRequest": {"requestMethod": "{{.Request.Method}}", "requestUrl": "{{js .Request.RequestURI}}", ' +
  '"requestSize": "{{.Request.ContentLength}}", "status": {{.Response.Code}}, ' +
  '"responseSize": "{{.Response.Size}}", "userAgent": "{{js .Request.UserAgent}}", ' +
  '"remoteIp": "{{js .Request.RemoteAddr}}", "serverIp": "{{.Revision.PodIP}}", ' +
  '"referer": "{{js .Request.Referer}}", "latency": "{{.Response.Latency}}s", ' +
  '"protocol": "{{.Request.Proto}}"}, "traceId": "{{.TraceID}}"}';

/** OBSERVABILITY_CONFIG as queue-proxy reads it; empty and false parts are left out (spec Q-004). */
function observabilityJson(maps: ConfigMaps): string {
  const text = (key: string) => configText(maps, "config-observability", key);
  const flag = (key: string) => (text(key) === "true" ? true : undefined);
  const exporter = (prefix: string) => ({
    protocol: text(`${prefix}-protocol`) ?? "none",
    endpoint: text(`${prefix}-endpoint`),
    exportInterval: nanoseconds(text(`${prefix}-export-interval`)),
  });
  const rate = Number(text("tracing-sampling-rate") ?? 0);
  return JSON.stringify({
    tracing: {
      protocol: text("tracing-protocol") ?? "none",
      endpoint: text("tracing-endpoint"),
      samplingRate: rate === 0 ? undefined : rate,
    },
    metrics: exporter("metrics"),
    runtime: {
      profiling: text("runtime-profiling") ?? "disabled",
      exportInterval: nanoseconds(text("runtime-export-interval") ?? "15s"),
    },
    requestMetrics: exporter("request-metrics"),
    enableVarLogCollection: flag("logging.enable-var-log-collection"),
    loggingURLTemplate: text("logging.revision-url-template"),
    requestLogTemplate: text("logging.request-log-template") ?? REQUEST_LOG_TEMPLATE,
    enableProbeRequestLog: flag("logging.enable-probe-request-log"),
    enableRequestLog: flag("logging.enable-request-log"),
  });
}

const UNIT_SECONDS: Readonly<Record<string, number>> = {
  ns: 1e-9,
  us: 1e-6,
  ms: 1e-3,
  s: 1,
  m: 60,
  h: 3600,
};

/** A Go duration in seconds; undefined when it is none. */
export function durationSeconds(text: string | undefined): number | undefined {
  if (text === undefined || !/^(\d+(\.\d+)?(ns|us|ms|s|m|h))+$/.test(text)) return undefined;
  let seconds = 0;
  for (const [, amount, unit] of text.matchAll(/(\d+(?:\.\d+)?)(ns|us|ms|s|m|h)/g))
    seconds += Number(amount) * (UNIT_SECONDS[unit ?? ""] ?? 0);
  return seconds;
}

function nanoseconds(text: string | undefined): number | undefined {
  const seconds = durationSeconds(text);
  return seconds ? Math.round(seconds * 1e9) : undefined;
}

function quantities(given: Readonly<Record<string, string | undefined>>): ResourceList {
  return Object.fromEntries(
    Object.entries(given).flatMap(([name, quantity]) => (quantity === undefined ? [] : [[name, quantity]])),
  );
}
