import type { AutoscalerConfig } from "../../src/control-plane/controllers/pod-autoscaler/autoscaler-config.ts";

/** config-autoscaler as it is when it says nothing (spec §4.1). */
export const autoscalerDefaults: AutoscalerConfig = {
  enableScaleToZero: true,
  allowZeroInitialScale: false,
  initialScale: 1,
  minScale: 0,
  maxScale: 0,
  maxScaleUpRate: 1000,
  maxScaleDownRate: 2,
  containerConcurrencyTargetFraction: 0.7,
  containerConcurrencyTargetDefault: 100,
  rpsTargetDefault: 200,
  targetUtilization: 0.7,
  targetBurstCapacity: 211,
  activatorCapacity: 100,
  stableWindowMs: 60_000,
  panicWindowPercentage: 10,
  panicThresholdPercentage: 200,
  scaleDownDelayMs: 0,
  scaleToZeroGracePeriodMs: 30_000,
  scaleToZeroPodRetentionPeriodMs: 0,
};
