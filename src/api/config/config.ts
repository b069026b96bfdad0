/** All twelve ConfigMaps of the system namespace as one typed value (spec §5.9). */
import { type AutoscalerConfig, parseAutoscalerConfig } from "./autoscaler.ts";
import { type CertManagerConfig, parseCertManagerConfig } from "./cert-manager.ts";
import { type DefaultsConfig, parseDefaultsConfig } from "./defaults.ts";
import { type DeploymentConfig, parseDeploymentConfig } from "./deployment.ts";
import { type DomainConfig, parseDomainConfig } from "./domain.ts";
import { type FeaturesConfig, parseFeaturesConfig } from "./features.ts";
import { type GcConfig, parseGcConfig } from "./gc.ts";
import { type LeaderElectionConfig, parseLeaderElectionConfig } from "./leader-election.ts";
import { type LoggingConfig, parseLoggingConfig } from "./logging.ts";
import { type NetworkClasses, type NetworkConfig, parseNetworkConfig } from "./network.ts";
import { type ObservabilityConfig, parseObservabilityConfig } from "./observability.ts";
import type { ConfigData } from "./reader.ts";

export interface Config {
  readonly autoscaler: AutoscalerConfig;
  readonly certManager: CertManagerConfig;
  readonly defaults: DefaultsConfig;
  readonly deployment: DeploymentConfig;
  readonly domain: DomainConfig;
  readonly features: FeaturesConfig;
  readonly gc: GcConfig;
  readonly leaderElection: LeaderElectionConfig;
  readonly logging: LoggingConfig;
  readonly network: NetworkConfig;
  readonly observability: ObservabilityConfig;
}

/** Names of the ConfigMaps that have a typed form. config-tracing has none: nothing reads it any more (C-146). */
const CONFIG_NAMES = {
  autoscaler: "config-autoscaler",
  certManager: "config-certmanager",
  defaults: "config-defaults",
  deployment: "config-deployment",
  domain: "config-domain",
  features: "config-features",
  gc: "config-gc",
  leaderElection: "config-leader-election",
  logging: "config-logging",
  network: "config-network",
  observability: "config-observability",
} as const satisfies Record<keyof Config, string>;

/** For ConfigMaps that do not name one. */
export interface ConfigChoices extends NetworkClasses {
  readonly queueSidecarImage?: string;
}

/** Name of the sidecar's image where ebb itself is the sidecar. */
export const EBB_QUEUE_IMAGE = "ebb.local/queue-proxy";

type Parsers = {
  readonly [Part in keyof Config]: (data: ConfigData | undefined, choices: ConfigChoices) => Config[Part];
};

const PARSERS: Parsers = {
  autoscaler: (data = {}) => parseAutoscalerConfig(data),
  certManager: (data = {}) => parseCertManagerConfig(data),
  defaults: (data = {}) => parseDefaultsConfig(data),
  deployment: (data, { queueSidecarImage = EBB_QUEUE_IMAGE }) =>
    parseDeploymentConfig(data ?? { "queue-sidecar-image": queueSidecarImage }),
  domain: (data = {}) => parseDomainConfig(data),
  features: (data = {}) => parseFeaturesConfig(data),
  gc: (data = {}) => parseGcConfig(data),
  leaderElection: (data = {}) => parseLeaderElectionConfig(data),
  logging: (data = {}) => parseLoggingConfig(data),
  network: (data = {}, choices) => parseNetworkConfig(data, choices),
  observability: (data = {}) => parseObservabilityConfig(data),
};

/** The parts of the snapshot, each with the name of its ConfigMap. */
export const CONFIG_PARTS = Object.entries(CONFIG_NAMES) as readonly [part: keyof Config, name: string][];

/** What the `data` of one ConfigMap mean; undefined = there is none. Throws as parseConfig. */
export function parsePart<Part extends keyof Config>(
  part: Part,
  data: ConfigData | undefined,
  choices: ConfigChoices,
): Config[Part] {
  return PARSERS[part](data, choices);
}

/**
 * The snapshot that the ConfigMaps' `data` make; a missing ConfigMap counts as empty. Throws ConfigError, which names
 * no ConfigMap: whoever hands them in knows.
 */
export function parseConfig(maps: Readonly<Record<string, ConfigData>>, choices: ConfigChoices = {}): Config {
  return configOf((part) => parsePart(part, maps[CONFIG_NAMES[part]], choices));
}

/** What no ConfigMap at all means, but for the parts that are known. */
export function defaultConfig(choices: ConfigChoices = {}, known: Partial<Config> = {}): Config {
  return configOf((part) => known[part] ?? parsePart(part, undefined, choices));
}

function configOf(of: <Part extends keyof Config>(part: Part) => Config[Part]): Config {
  return {
    autoscaler: of("autoscaler"),
    certManager: of("certManager"),
    defaults: of("defaults"),
    deployment: of("deployment"),
    domain: of("domain"),
    features: of("features"),
    gc: of("gc"),
    leaderElection: of("leaderElection"),
    logging: of("logging"),
    network: of("network"),
    observability: of("observability"),
  };
}

/** Parses one ConfigMap for its errors alone; one that has no typed form has none. */
export function checkConfigMap(name: string, data: ConfigData): void {
  const part = CONFIG_PARTS.find(([, known]) => known === name)?.[0];
  if (part) parsePart(part, data, {});
}
