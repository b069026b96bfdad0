import { durationText, isWholeSeconds, nsToMs } from "../../base/duration.ts";
import { messageOf } from "../../base/errors.ts";
import { dns1123SubdomainErrors, labelValueErrors, qualifiedNameErrors } from "../syntax.ts";
import { type ConfigData, ConfigError, ConfigReader } from "./reader.ts";
import { parseYaml, wrongType } from "./yaml.ts";

/** config-deployment (spec C-088…C-103). Quantities are kept as written. */
export interface DeploymentConfig {
  readonly queueSidecarImage: string;
  readonly registriesSkippingTagResolving: ReadonlySet<string>;
  readonly digestResolutionTimeoutMs: number;
  readonly progressDeadlineMs: number;
  readonly queueSidecarRequests: Readonly<Record<string, string>>;
  readonly queueSidecarLimits: Readonly<Record<string, string>>;
  readonly queueSidecarTokenAudiences: ReadonlySet<string>;
  readonly queueSidecarRootCa: string;
  readonly queueSidecarTlsMinVersion: string;
  readonly queueSidecarTlsMaxVersion: string;
  readonly queueSidecarTlsCipherSuites: string;
  readonly queueSidecarTlsCurvePreferences: string;
  readonly defaultAffinityType: "none" | "prefer-spread-revision-over-nodes";
  /** Runtime class → labels that a revision must have for it; none = all revisions. */
  readonly runtimeClassNames: ReadonlyMap<string, Readonly<Record<string, string>>>;
  readonly podIsAlwaysSchedulable: boolean;
}

const SECOND = 1_000_000_000n;

export function parseDeploymentConfig(data: ConfigData): DeploymentConfig {
  const reader = new ConfigReader(data);
  const image = reader.text(["queueSidecarImage", "queue-sidecar-image"], "");
  const progress = reader.durationNs(["progressDeadline", "progress-deadline"], 600n * SECOND);
  const resolution = reader.durationNs(
    ["digestResolutionTimeout", "digest-resolution-timeout"],
    10n * SECOND,
  );
  const config: DeploymentConfig = {
    queueSidecarImage: image,
    progressDeadlineMs: nsToMs(progress),
    digestResolutionTimeoutMs: nsToMs(resolution),
    registriesSkippingTagResolving: reader.set(
      ["registriesSkippingTagResolving", "registries-skipping-tag-resolving"],
      new Set(["kind.local", "ko.local", "dev.local"]),
    ),
    queueSidecarRequests: quantities(reader, "Request", { cpu: "25m" }),
    queueSidecarLimits: quantities(reader, "Limit", {}),
    queueSidecarTokenAudiences: reader.set("queue-sidecar-token-audiences", new Set([""])),
    queueSidecarRootCa: reader.text("queue-sidecar-rootca", ""),
    queueSidecarTlsMinVersion: reader.text("queue-sidecar-tls-min-version", ""),
    queueSidecarTlsMaxVersion: reader.text("queue-sidecar-tls-max-version", ""),
    queueSidecarTlsCipherSuites: reader.text("queue-sidecar-tls-cipher-suites", ""),
    queueSidecarTlsCurvePreferences: reader.text("queue-sidecar-tls-curve-preferences", ""),
    podIsAlwaysSchedulable: reader.bool("pod-is-always-schedulable", false),
    defaultAffinityType: "prefer-spread-revision-over-nodes",
    runtimeClassNames: new Map(),
  };
  if (image === "") throw new ConfigError("queue-sidecar-image cannot be empty or unset");
  checkTimes(progress, resolution);
  return {
    ...config,
    defaultAffinityType: affinityOf(data["default-affinity-type"] ?? config.defaultAffinityType),
    runtimeClassNames: runtimeClasses(reader.text("runtime-class-name", "")),
  };
}

const RESOURCES = [
  { name: "cpu", legacy: "CPU" },
  { name: "memory", legacy: "Memory" },
  { name: "ephemeral-storage", legacy: "EphemeralStorage" },
];

function quantities(
  reader: ConfigReader,
  what: "Request" | "Limit",
  fallbacks: Readonly<Record<string, string>>,
): Record<string, string> {
  const found: Record<string, string> = {};
  for (const { name, legacy } of RESOURCES) {
    const keys = [`queueSidecar${legacy}${what}`, `queue-sidecar-${name}-${what.toLowerCase()}`];
    const quantity = reader.quantity(keys, fallbacks[name]);
    if (quantity !== undefined) found[name] = quantity;
  }
  return found;
}

function checkTimes(progress: bigint, resolution: bigint): void {
  if (progress <= 0n) {
    throw new ConfigError(
      `progress-deadline cannot be a non-positive duration, was ${durationText(progress)}`,
    );
  }
  if (!isWholeSeconds(progress)) {
    throw new ConfigError(
      `progress-deadline must be rounded to a whole second, was: ${durationText(progress)}`,
    );
  }
  if (resolution <= 0n) {
    throw new ConfigError(
      `digest-resolution-timeout cannot be a non-positive duration, was ${durationText(resolution)}`,
    );
  }
}

function affinityOf(text: string): DeploymentConfig["defaultAffinityType"] {
  if (text === "none" || text === "prefer-spread-revision-over-nodes") return text;
  throw new ConfigError(`unsupported default-affinity-type value: ${JSON.stringify(text)}`);
}

const SELECTOR_TYPE = "deployment.RuntimeClassNameLabelSelector";

function runtimeClasses(text: string): Map<string, Readonly<Record<string, string>>> {
  const classes = new Map<string, Readonly<Record<string, string>>>();
  let parsed: Readonly<Record<string, unknown>>;
  try {
    parsed = parseYaml(text, `map[string]${SELECTOR_TYPE}`);
    for (const [name, value] of Object.entries(parsed)) classes.set(name, selectorOf(value));
  } catch (thrown) {
    throw new ConfigError(
      `runtime-class-name cannot be parsed, please check the format: ${messageOf(thrown)}`,
      { cause: thrown },
    );
  }
  for (const [name, selector] of classes) {
    const errors = dns1123SubdomainErrors(name);
    if (errors.length > 0) {
      throw new ConfigError(
        `runtime-class-name ${name} selector not valid DNSSubdomain: [${errors.join(" ")}]`,
      );
    }
    checkSelector(name, selector);
  }
  return classes;
}

function selectorOf(value: unknown): Readonly<Record<string, string>> {
  if (value === null || value === undefined) return {};
  if (typeof value !== "object" || Array.isArray(value))
    throw wrongType(value, `Go value of type ${SELECTOR_TYPE}`);
  return ((value as { selector?: Record<string, string> }).selector ?? {}) as Record<string, string>;
}

function checkSelector(name: string, selector: Readonly<Record<string, string>>): void {
  for (const [key, value] of Object.entries(selector)) {
    const keyErrors = qualifiedNameErrors(key);
    const valueErrors = labelValueErrors(value);
    if (keyErrors.length > 0) {
      throw new ConfigError(
        `runtime-class-name ${name} selector invalid: key: Invalid value: ${JSON.stringify(key)}: ${keyErrors.join("; ")}`,
      );
    }
    if (valueErrors.length > 0) {
      throw new ConfigError(
        `runtime-class-name ${name} selector invalid: values[0][${key}]: Invalid value: ${JSON.stringify(value)}: ${valueErrors.join("; ")}`,
      );
    }
  }
}
