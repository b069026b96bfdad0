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

/**
 * The snapshot that the ConfigMaps' `data` make; a missing ConfigMap counts as empty. Throws ConfigError, which names
 * no ConfigMap: whoever hands them in knows.
 */
export function parseConfig(maps: Readonly<Record<string, ConfigData>>, choices: ConfigChoices = {}): Config {
  const of = (name: keyof Config): ConfigData => maps[CONFIG_NAMES[name]] ?? {};
  const { queueSidecarImage = EBB_QUEUE_IMAGE, ...classes } = choices;
  return {
    autoscaler: parseAutoscalerConfig(of("autoscaler")),
    certManager: parseCertManagerConfig(of("certManager")),
    defaults: parseDefaultsConfig(of("defaults")),
    deployment: parseDeploymentConfig(
      maps[CONFIG_NAMES.deployment] ?? { "queue-sidecar-image": queueSidecarImage },
    ),
    domain: parseDomainConfig(of("domain")),
    features: parseFeaturesConfig(of("features")),
    gc: parseGcConfig(of("gc")),
    leaderElection: parseLeaderElectionConfig(of("leaderElection")),
    logging: parseLoggingConfig(of("logging")),
    network: parseNetworkConfig(of("network"), classes),
    observability: parseObservabilityConfig(of("observability")),
  };
}

/** What no ConfigMap at all means. */
export function defaultConfig(choices: ConfigChoices = {}): Config {
  return parseConfig({}, choices);
}

/** Parses one ConfigMap for its errors alone; false when it has no typed form. */
export function checkConfigMap(name: string, data: ConfigData): boolean {
  const known = Object.values<string>(CONFIG_NAMES).includes(name);
  if (known) parseConfig({ [name]: data });
  return known;
}
