import { type ConfigData, ConfigError, ConfigReader } from "./reader.ts";

/** config-leader-election (spec C-140…C-142). */
export interface LeaderElectionConfig {
  readonly leaseDurationMs: number;
  readonly renewDeadlineMs: number;
  readonly retryPeriodMs: number;
  readonly buckets: number;
}

const BUCKETS_MAX = 10;

export function parseLeaderElectionConfig(data: ConfigData): LeaderElectionConfig {
  const reader = new ConfigReader(data);
  const config = {
    leaseDurationMs: reader.durationMs(["leaseDuration", "lease-duration"], 60_000),
    renewDeadlineMs: reader.durationMs(["renewDeadline", "renew-deadline"], 40_000),
    retryPeriodMs: reader.durationMs(["retryPeriod", "retry-period"], 10_000),
    buckets: reader.uint32("buckets", 1),
  };
  if (config.buckets < 1 || config.buckets > BUCKETS_MAX) {
    throw new ConfigError(`buckets: value must be between 1 <= ${config.buckets} <= ${BUCKETS_MAX}`);
  }
  return config;
}
