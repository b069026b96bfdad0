import { AUTOSCALING_PREFIX } from "./labels.ts";

/** Annotations with several spellings: the first one present wins (spec A-074). */
export interface Annotation {
  readonly key: string;
  readonly value: string;
}

type Annotations = Readonly<Record<string, string>> | undefined;

export function findAnnotation(annotations: Annotations, keys: readonly string[]): Annotation | undefined {
  for (const key of keys) {
    const value = annotations !== undefined && Object.hasOwn(annotations, key) ? annotations[key] : undefined;
    if (value !== undefined) return { key, value };
  }
  return undefined;
}

export function firstOf(annotations: Annotations, keys: readonly string[]): string | undefined {
  return findAnnotation(annotations, keys)?.value;
}

function autoscaling(...names: string[]): readonly string[] {
  return names.map((name) => AUTOSCALING_PREFIX + name);
}

export const CLASS = autoscaling("class");
export const METRIC = autoscaling("metric");
export const ALGORITHM = autoscaling("metric-aggregation-algorithm", "metricAggregationAlgorithm");
export const MIN_SCALE = autoscaling("min-scale", "minScale");
export const MAX_SCALE = autoscaling("max-scale", "maxScale");
export const INITIAL_SCALE = autoscaling("initial-scale", "initialScale");
export const ACTIVATION_SCALE = autoscaling("activation-scale", "activationScale");
export const SCALE_DOWN_DELAY = autoscaling("scale-down-delay", "scaleDownDelay");
export const TARGET = autoscaling("target");
export const TARGET_UTILIZATION = autoscaling("target-utilization-percentage", "targetUtilizationPercentage");
export const TARGET_BURST_CAPACITY = autoscaling("target-burst-capacity", "targetBurstCapacity");
export const WINDOW = autoscaling("window");
export const PANIC_WINDOW = autoscaling("panic-window-percentage", "panicWindowPercentage");
export const PANIC_THRESHOLD = autoscaling("panic-threshold-percentage", "panicThresholdPercentage");
export const POD_RETENTION = autoscaling(
  "scale-to-zero-pod-retention-period",
  "scaleToZeroPodRetentionPeriod",
);
