import { durationText, isWholeSeconds, nsToMs } from "../../base/duration.ts";
import { fixedFloatText, floatText } from "../../base/numerals.ts";
import { KPA_CLASS } from "../names.ts";
import { type ConfigData, ConfigError, ConfigReader } from "./reader.ts";

/** config-autoscaler (spec §4.1). Percentages are as written, `…Fraction` is 0…1. */
export interface AutoscalerConfig {
  readonly podAutoscalerClass: string;
  readonly enableScaleToZero: boolean;
  readonly allowZeroInitialScale: boolean;
  readonly maxScaleUpRate: number;
  readonly maxScaleDownRate: number;
  readonly containerConcurrencyTargetFraction: number;
  readonly containerConcurrencyTargetDefault: number;
  readonly rpsTargetDefault: number;
  /** Fraction of the target that a pod should bear when the metric is not concurrency. */
  readonly targetUtilization: number;
  readonly targetBurstCapacity: number;
  readonly panicWindowPercentage: number;
  readonly panicThresholdPercentage: number;
  readonly activatorCapacity: number;
  readonly initialScale: number;
  readonly minScale: number;
  readonly maxScale: number;
  readonly maxScaleLimit: number;
  readonly stableWindowMs: number;
  readonly scaleDownDelayMs: number;
  readonly scaleToZeroGracePeriodMs: number;
  readonly scaleToZeroPodRetentionPeriodMs: number;
}

const SECOND = 1_000_000_000n;
const WINDOW_MIN = 6n * SECOND;
const WINDOW_MAX = 3600n * SECOND;
const TARGET_MIN = 0.01;

interface Windows {
  readonly stable: bigint;
  readonly scaleDownDelay: bigint;
  readonly grace: bigint;
  readonly retention: bigint;
}

export function parseAutoscalerConfig(data: ConfigData): AutoscalerConfig {
  try {
    return read(new ConfigReader(data));
  } catch (thrown) {
    if (thrown instanceof ConfigError && thrown.message.startsWith("failed to parse ")) {
      throw new ConfigError(`failed to parse data: ${thrown.message}`, { cause: thrown });
    }
    throw thrown;
  }
}

function read(reader: ConfigReader): AutoscalerConfig {
  const podAutoscalerClass = reader.text("pod-autoscaler-class", KPA_CLASS);
  const enableScaleToZero = reader.bool("enable-scale-to-zero", true);
  const allowZeroInitialScale = reader.bool("allow-zero-initial-scale", false);
  const rates = {
    maxScaleUpRate: reader.float("max-scale-up-rate", 1000),
    maxScaleDownRate: reader.float("max-scale-down-rate", 2),
  };
  const percentage = reader.float("container-concurrency-target-percentage", 0.7);
  const targets = {
    // Up to 1 it is read as a fraction: older ConfigMaps wrote 0.7.
    containerConcurrencyTargetFraction: percentage > 1 ? percentage / 100 : percentage,
    containerConcurrencyTargetDefault: reader.float("container-concurrency-target-default", 100),
    rpsTargetDefault: reader.float("requests-per-second-target-default", 200),
    targetUtilization: 0.7,
    targetBurstCapacity: reader.float("target-burst-capacity", 211),
    panicWindowPercentage: reader.float("panic-window-percentage", 10),
    activatorCapacity: reader.float("activator-capacity", 100),
    panicThresholdPercentage: reader.float("panic-threshold-percentage", 200),
  };
  const scales = {
    initialScale: reader.int32("initial-scale", 1),
    minScale: reader.int32("min-scale", 0),
    maxScale: reader.int32("max-scale", 0),
    maxScaleLimit: reader.int32("max-scale-limit", 0),
  };
  const windows: Windows = {
    stable: reader.durationNs("stable-window", 60n * SECOND),
    scaleDownDelay: reader.durationNs("scale-down-delay", 0n),
    grace: reader.durationNs("scale-to-zero-grace-period", 30n * SECOND),
    retention: reader.durationNs("scale-to-zero-pod-retention-period", 0n),
  };
  const config: AutoscalerConfig = {
    podAutoscalerClass,
    enableScaleToZero,
    allowZeroInitialScale,
    ...rates,
    ...targets,
    ...scales,
    stableWindowMs: nsToMs(windows.stable),
    scaleDownDelayMs: nsToMs(windows.scaleDownDelay),
    scaleToZeroGracePeriodMs: nsToMs(windows.grace),
    scaleToZeroPodRetentionPeriodMs: nsToMs(windows.retention),
  };
  checkDelays(windows);
  checkTargets(config);
  checkWindows(windows, config);
  checkScales(config);
  return config;
}

function checkDelays({ grace, scaleDownDelay, retention }: Windows): void {
  if (grace <= 0n) {
    throw new ConfigError(`scale-to-zero-grace-period must be positive, was: ${durationText(grace)}`);
  }
  if (scaleDownDelay < 0n) {
    throw new ConfigError(`scale-down-delay cannot be negative, was: ${durationText(scaleDownDelay)}`);
  }
  if (!isWholeSeconds(scaleDownDelay)) {
    throw new ConfigError(
      `scale-down-delay = ${durationText(scaleDownDelay)}, must be specified with at most second precision`,
    );
  }
  if (retention < 0n) {
    throw new ConfigError(
      `scale-to-zero-pod-retention-period cannot be negative, was: ${durationText(retention)}`,
    );
  }
}

function checkTargets(config: AutoscalerConfig): void {
  const { targetBurstCapacity, containerConcurrencyTargetFraction: fraction } = config;
  if (targetBurstCapacity < 0 && targetBurstCapacity !== -1) {
    throw new ConfigError(
      `target-burst-capacity must be either non-negative or -1 (for unlimited), was: ${fixedFloatText(targetBurstCapacity)}`,
    );
  }
  if (fraction <= 0 || fraction > 1) {
    throw new ConfigError(
      `container-concurrency-target-percentage = ${fixedFloatText(fraction)} is outside of valid range of (0, 100]`,
    );
  }
  const target = fraction * config.containerConcurrencyTargetDefault;
  if (target < TARGET_MIN) {
    throw new ConfigError(
      "container-concurrency-target-percentage and container-concurrency-target-default yield target concurrency of " +
        `${floatText(target)}, can't be less than ${TARGET_MIN}`,
    );
  }
  if (config.rpsTargetDefault < TARGET_MIN) {
    throw new ConfigError(
      `requests-per-second-target-default must be at least ${TARGET_MIN}, was: ${floatText(config.rpsTargetDefault)}`,
    );
  }
  if (config.activatorCapacity < 1) {
    throw new ConfigError(`activator-capacity = ${floatText(config.activatorCapacity)}, must be at least 1`);
  }
  if (config.maxScaleUpRate <= 1) {
    throw new ConfigError(
      `max-scale-up-rate = ${floatText(config.maxScaleUpRate)}, must be greater than 1.0`,
    );
  }
  if (config.maxScaleDownRate <= 1) {
    throw new ConfigError(
      `max-scale-down-rate = ${floatText(config.maxScaleDownRate)}, must be greater than 1.0`,
    );
  }
}

function checkWindows({ stable }: Windows, { panicWindowPercentage }: AutoscalerConfig): void {
  if (stable < WINDOW_MIN || stable > WINDOW_MAX) {
    throw new ConfigError(
      `stable-window = ${durationText(stable)}, must be in ` +
        `[${durationText(WINDOW_MIN)}; ${durationText(WINDOW_MAX)}] range`,
    );
  }
  if (!isWholeSeconds(stable)) {
    throw new ConfigError(
      `stable-window = ${durationText(stable)}, must be specified with at most second precision`,
    );
  }
  if (panicWindowPercentage < 1 || panicWindowPercentage > 100) {
    throw new ConfigError(
      `panic-window-percentage = ${floatText(panicWindowPercentage)}, must be in [1, 100] interval`,
    );
  }
}

function checkScales(config: AutoscalerConfig): void {
  const { initialScale, minScale, maxScale, maxScaleLimit } = config;
  if (initialScale < 0 || (initialScale === 0 && !config.allowZeroInitialScale)) {
    throw new ConfigError(
      `initial-scale = ${initialScale}, must be at least 0 ` +
        "(or at least 1 when allow-zero-initial-scale is false)",
    );
  }
  if (minScale < 0) throw new ConfigError(`min-scale = ${minScale}, must be at least 0`);
  const lowest = maxScaleLimit > 0 ? 1 : 0;
  if (maxScale < lowest || (maxScaleLimit > 0 && maxScale > maxScaleLimit)) {
    throw new ConfigError(
      `max-scale = ${maxScale}, must be in [${lowest}, max-scale-limit(${maxScaleLimit})] range`,
    );
  }
  if (maxScaleLimit < 0) throw new ConfigError(`max-scale-limit = ${maxScaleLimit}, must be at least 0`);
  if (minScale > maxScale && maxScale > 0) {
    throw new ConfigError(`min-scale (${minScale}) must be less than max-scale (${maxScale})`);
  }
}
