/**
 * What this controller reads of config-autoscaler (spec §4.1). Rates and percentages as used inside, times in
 * ms.
 */
export interface AutoscalerConfig {
  readonly enableScaleToZero: boolean;
  readonly allowZeroInitialScale: boolean;
  readonly initialScale: number;
  readonly minScale: number;
  readonly maxScale: number;
  readonly maxScaleUpRate: number;
  readonly maxScaleDownRate: number;
  readonly containerConcurrencyTargetFraction: number;
  readonly containerConcurrencyTargetDefault: number;
  readonly rpsTargetDefault: number;
  readonly targetUtilization: number;
  readonly targetBurstCapacity: number;
  readonly activatorCapacity: number;
  readonly stableWindowMs: number;
  readonly panicWindowPercentage: number;
  readonly panicThresholdPercentage: number;
  readonly scaleDownDelayMs: number;
  readonly scaleToZeroGracePeriodMs: number;
  readonly scaleToZeroPodRetentionPeriodMs: number;
}
