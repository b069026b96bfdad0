import type { Config } from "../../../api/config/config.ts";
import type { ObservabilityConfig } from "../../../api/config/observability.ts";
import type { ResourceList } from "../../../api/container.ts";

/** What making a Deployment depends on besides the Revision (spec C-088…C-103, C-119…C-132, C-143, F-001…F-006). */
export interface RevisionSettings {
  readonly queueSidecarImage: string;
  readonly progressDeadlineSeconds: number;
  readonly queueRequests: ResourceList;
  readonly queueLimits: ResourceList;
  readonly spreadOverNodes: boolean;
  readonly rootCa: string;
  /** The queue-proxies answer over TLS, with the namespace's certificate. */
  readonly systemInternalTls: boolean;
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
  readonly varLogCollection: boolean;
  readonly tokenAudiences: readonly string[];
  readonly podInfo: "Enabled" | "Allowed" | "Disabled";
  readonly runtimeClasses: ReadonlyMap<string, Readonly<Record<string, string>>>;
}

export function revisionSettings(config: Config): RevisionSettings {
  const { deployment, autoscaler, logging, features, observability } = config;
  const enabled = (flag: keyof typeof features.flags) => features.flags[flag] === "Enabled";
  const limited = enabled("queueproxy.resource-defaults");
  return {
    queueSidecarImage: deployment.queueSidecarImage,
    progressDeadlineSeconds: deployment.progressDeadlineMs / 1000,
    queueRequests: { ...(limited ? { memory: "400Mi" } : {}), ...deployment.queueSidecarRequests },
    queueLimits: { ...(limited ? { cpu: "1000m", memory: "800Mi" } : {}), ...deployment.queueSidecarLimits },
    spreadOverNodes: deployment.defaultAffinityType !== "none",
    rootCa: deployment.queueSidecarRootCa,
    systemInternalTls: config.network.systemInternalTls,
    tls: {
      min: deployment.queueSidecarTlsMinVersion,
      max: deployment.queueSidecarTlsMaxVersion,
      ciphers: deployment.queueSidecarTlsCipherSuites,
      curves: deployment.queueSidecarTlsCurvePreferences,
    },
    initialScale: autoscaler.initialScale,
    zeroInitialScaleAllowed: autoscaler.allowZeroInitialScale,
    loggingConfig: logging.zapLoggerConfig,
    loggingLevel: logging.levels.get("queueproxy") ?? "",
    multiContainerProbing: enabled("multi-container-probing"),
    autodetectHttp2: enabled("autodetect-http2"),
    profiling: observability.runtime.profiling === "enabled",
    observability: observabilityJson(observability),
    revisionUrlTemplate: observability.revisionUrlTemplate,
    podIsAlwaysSchedulable: deployment.podIsAlwaysSchedulable,
    varLogCollection: observability.enableVarLogCollection,
    tokenAudiences: [...deployment.queueSidecarTokenAudiences].filter((one) => one !== "").sort(),
    podInfo: features.flags["queueproxy.mount-podinfo"],
    runtimeClasses: deployment.runtimeClassNames,
  };
}

const NS_PER_MS = 1e6;

/** OBSERVABILITY_CONFIG as queue-proxy reads it; empty and false parts are left out (spec Q-004). */
function observabilityJson(config: ObservabilityConfig): string {
  const exporter = ({ protocol, endpoint, exportIntervalMs }: ObservabilityConfig["metrics"]) => ({
    protocol,
    endpoint: endpoint || undefined,
    exportInterval: exportIntervalMs * NS_PER_MS || undefined,
  });
  const { tracing, runtime } = config;
  return JSON.stringify({
    tracing: {
      protocol: tracing.protocol,
      endpoint: tracing.endpoint || undefined,
      samplingRate: tracing.samplingRate || undefined,
    },
    metrics: exporter(config.metrics),
    runtime: {
      profiling: runtime.profiling,
      exportInterval: runtime.exportIntervalMs * NS_PER_MS || undefined,
    },
    requestMetrics: exporter(config.requestMetrics),
    enableVarLogCollection: config.enableVarLogCollection || undefined,
    loggingURLTemplate: config.revisionUrlTemplate || undefined,
    requestLogTemplate: config.requestLogTemplate || undefined,
    enableProbeRequestLog: config.enableProbeRequestLog || undefined,
    enableRequestLog: config.enableRequestLog || undefined,
  });
}
