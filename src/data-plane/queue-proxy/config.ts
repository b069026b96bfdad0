import { messageOf } from "../../base/errors.ts";
import type { Attributes } from "../../base/metrics.ts";
import type { OtelEnvironment } from "../../http/telemetry/otel-environment.ts";
import { ConfigError } from "../config-error.ts";
import { type Observability, readObservability } from "./observability.ts";
import { type Probe, parseProbes } from "./probe.ts";

/** The queue-proxy's whole configuration comes from its environment (spec ). */
export interface QueueProxyConfig {
  /** 0 = no limit. */
  readonly containerConcurrency: number;
  readonly servingPort: number;
  readonly servingTlsPort: number;
  readonly userPort: number;
  /** Milliseconds; 0 = none for the last two (spec Q-046). */
  readonly timeoutMs: number;
  readonly responseStartTimeoutMs: number;
  readonly idleTimeoutMs: number;
  readonly namespace: string;
  readonly service: string;
  readonly configuration: string;
  readonly revision: string;
  readonly pod: string;
  readonly podIp: string;
  /** "null": SERVING_READINESS_PROBE was JSON null, which is never ready (errata H-002). */
  readonly probes: readonly Probe[];
  /** Probes try HTTP/2 first (spec Q-031). */
  readonly detectsHttp2: boolean;
  readonly observability: Observability;
  /** "" = not set. */
  readonly otelServiceName: string;
  /** Attributes that metrics and spans carry besides a queue-proxy's own. */
  readonly resource: Attributes;
  /** Used when profiling is enabled. */
  readonly profilingPort: number;
}

const PROFILING_PORT_DEFAULT = 8008;

export type Environment = Readonly<Record<string, string | undefined>>;

/**
 * Reads the variables in the order in which Knative names the first bad one, and says it in Knative's words.
 * Throws ConfigError. `otel`: what the same environment says of a collector; hosted queue-proxies have none of it.
 */
export function readConfig(env: Environment, otel?: OtelEnvironment): QueueProxyConfig {
  const containerConcurrency = integer(env, "CONTAINER_CONCURRENCY", "ContainerConcurrency");
  const servingPort = required(env, "QUEUE_SERVING_PORT");
  const servingTlsPort = required(env, "QUEUE_SERVING_TLS_PORT");
  const userPort = required(env, "USER_PORT");
  const timeoutSeconds = integer(env, "REVISION_TIMEOUT_SECONDS", "RevisionTimeoutSeconds");
  const responseStart = "REVISION_RESPONSE_START_TIMEOUT_SECONDS";
  const responseStartSeconds = optionalInteger(env, responseStart, "RevisionResponseStartTimeoutSeconds");
  const idleSeconds = optionalInteger(env, "REVISION_IDLE_TIMEOUT_SECONDS", "RevisionIdleTimeoutSeconds");
  boolean(env, "ENABLE_HTTP_FULL_DUPLEX", "EnableHTTPFullDuplex");
  const detectsHttp2 = boolean(env, "ENABLE_HTTP2_AUTO_DETECTION", "EnableHTTP2AutoDetection");
  const hasProbeList = boolean(env, "ENABLE_MULTI_CONTAINER_PROBES", "EnableMultiContainerProbes");
  required(env, "SERVING_LOGGING_CONFIG");
  required(env, "SERVING_LOGGING_LEVEL");
  const namespace = required(env, "SERVING_NAMESPACE");
  const configuration = required(env, "SERVING_CONFIGURATION");
  const revision = required(env, "SERVING_REVISION");
  const pod = required(env, "SERVING_POD");
  const podIp = required(env, "SERVING_POD_IP");
  return {
    containerConcurrency,
    servingPort: port("QUEUE_SERVING_PORT", servingPort),
    // Only looked at when there are certificates, as in Knative.
    servingTlsPort: /^\d{1,5}$/.test(servingTlsPort) ? Number(servingTlsPort) : 0,
    userPort: port("USER_PORT", userPort),
    timeoutMs: timeoutSeconds * 1000,
    responseStartTimeoutMs: responseStartSeconds * 1000,
    idleTimeoutMs: idleSeconds * 1000,
    namespace,
    service: env.SERVING_SERVICE ?? "",
    configuration,
    revision,
    pod,
    podIp,
    probes: probesOf(env, hasProbeList),
    detectsHttp2,
    observability: readObservability(env.OBSERVABILITY_CONFIG ?? "", otel),
    otelServiceName: env.OTEL_SERVICE_NAME ?? "",
    resource: otel?.resource ?? {},
    profilingPort: port("PROFILING_PORT", env.PROFILING_PORT || String(PROFILING_PORT_DEFAULT)),
  };
}

function probesOf(env: Environment, isList: boolean): readonly Probe[] {
  try {
    return parseProbes(env.SERVING_READINESS_PROBE ?? "", isList);
  } catch (thrown) {
    throw new ConfigError(
      "SERVING_READINESS_PROBE",
      `Queue container failed to parse readiness probe in SERVING_READINESS_PROBE: ${messageOf(thrown)}`,
    );
  }
}

/** Set, even if to the empty text. */
function required(env: Environment, variable: string): string {
  const value = env[variable];
  if (value === undefined) throw new ConfigError(variable, `required key ${variable} missing value`);
  return value;
}

function integer(env: Environment, variable: string, field: string): number {
  return parseInteger(variable, field, required(env, variable));
}

function optionalInteger(env: Environment, variable: string, field: string): number {
  const value = env[variable];
  return value === undefined ? 0 : parseInteger(variable, field, value);
}

const INT64_MAX = 2n ** 63n - 1n;
const INT64_MIN = -(2n ** 63n);

/** As Go writes whole numbers in its programs: also 0x10, 0b11, 0o17, 017, and 1_000. */
const INTEGER = /^[+-]?(?:0[xX](?:_?[0-9a-fA-F])+|0[bB](?:_?[01])+|0[oO]?(?:_?[0-7])+|[1-9](?:_?[0-9])*|0)$/;

function parseInteger(variable: string, field: string, value: string): number {
  const wellFormed = INTEGER.test(value);
  const digits = value
    .replace(/^[+-]/, "")
    .replaceAll("_", "")
    .replace(/^0(?=[0-7])/, "0o")
    .toLowerCase();
  const size = wellFormed ? BigInt(digits) : 0n;
  const number = value.startsWith("-") ? -size : size;
  if (wellFormed && number <= INT64_MAX && number >= INT64_MIN) return Number(number);
  const why = wellFormed ? "value out of range" : "invalid syntax";
  throw conversionError(variable, { field, value, type: "int", parser: "ParseInt", why });
}

const BOOLEANS = new Set(["1", "t", "T", "TRUE", "true", "True", "0", "f", "F", "FALSE", "false", "False"]);

const TRUE = /^(?:1|t|true)$/i;

function boolean(env: Environment, variable: string, field: string): boolean {
  const value = env[variable];
  if (value === undefined || BOOLEANS.has(value)) return TRUE.test(value ?? "");
  throw conversionError(variable, { field, value, type: "bool", parser: "ParseBool", why: "invalid syntax" });
}

function conversionError(
  variable: string,
  { field, value, type, parser, why }: Record<"field" | "value" | "type" | "parser" | "why", string>,
): ConfigError {
  return new ConfigError(
    variable,
    `envconfig.Process: assigning ${variable} to ${field}: converting '${value}' to type ${type}. ` +
      `details: strconv.${parser}: parsing ${JSON.stringify(value)}: ${why}`,
  );
}

function port(variable: string, value: string): number {
  const number = Number(value);
  if (Number.isInteger(number) && number >= 0 && number <= 65535) return number;
  throw new ConfigError(variable, `Failed to bring up queue-proxy: ${variable} is "${value}", not a port`);
}
