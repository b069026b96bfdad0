import type { AutoscalerConfig } from "../../../api/config/autoscaler.ts";
import { AUTOSCALING_CLASS } from "../../../api/labels.ts";
import { HPA_CLASS, KPA_CLASS } from "../../../api/names.ts";
import type { PodAutoscaler } from "../../../api/pod-autoscaler/kind.ts";
import type { DeciderSpec } from "../../../api/wire/decider.ts";
import { autoscalingValue, durationMsValue, floatValue, int32Value } from "./annotation-values.ts";

/**
 * What a revision asks of its autoscaler: annotations first, then config-autoscaler (spec §4.2, S-058…S-060,
 * S-069).
 */

/** The PodAutoscaler's part that counts. */
export interface ScaleSource {
  readonly annotations: Readonly<Record<string, string>>;
  readonly containerConcurrency: number;
  /** "" and anything unknown count as reachable. */
  readonly reachability: string;
}

const LEAST_TARGET = 0.01;
const BUCKET_MS = 1000;

/** Another class is another controller's (spec A-075). */
export function hasKpaClass(autoscaler: PodAutoscaler): boolean {
  return classOf(autoscaler) === KPA_CLASS;
}

/** Scaled by a HorizontalPodAutoscaler and not by requests. */
export function hasHpaClass(autoscaler: PodAutoscaler): boolean {
  return classOf(autoscaler) === HPA_CLASS;
}

function classOf({ metadata }: PodAutoscaler): string {
  return metadata.annotations?.[AUTOSCALING_CLASS] ?? KPA_CLASS;
}

export function scaleSourceOf(autoscaler: PodAutoscaler): ScaleSource {
  return {
    annotations: autoscaler.metadata.annotations ?? {},
    containerConcurrency: autoscaler.spec?.containerConcurrency ?? 0,
    reachability: autoscaler.spec?.reachability ?? "",
  };
}

export function deciderSpec(source: ScaleSource, config: AutoscalerConfig): DeciderSpec {
  const { annotations } = source;
  const { target, total } = metricTarget(source, config);
  const threshold = floatValue(annotations, "panic-threshold-percentage") ?? config.panicThresholdPercentage;
  return {
    maxScaleUpRate: config.maxScaleUpRate,
    maxScaleDownRate: config.maxScaleDownRate,
    scalingMetric: scalingMetric(source),
    targetValue: target,
    totalValue: total,
    targetBurstCapacity: targetBurstCapacity(source, config),
    activatorCapacity: config.activatorCapacity,
    panicThreshold: threshold / 100,
    stableWindowMs: stableWindowMs(source, config),
    scaleDownDelayMs: durationMsValue(annotations, "scale-down-delay") ?? config.scaleDownDelayMs,
    initialScale: initialScale(source, config),
    reachable: isReachable(source),
    activationScale: int32Value(annotations, "activation-scale") ?? 0,
  };
}

export function scalingMetric({ annotations }: ScaleSource): string {
  const byClass: Record<string, string> = { [KPA_CLASS]: "concurrency", [HPA_CLASS]: "cpu" };
  const autoscalerClass = autoscalingValue(annotations, "class") ?? KPA_CLASS;
  return autoscalingValue(annotations, "metric") ?? byClass[autoscalerClass] ?? "";
}

/** Load that one pod should get, and load that it could take (spec S-019, S-020). */
export function metricTarget(
  source: ScaleSource,
  config: AutoscalerConfig,
): { readonly target: number; readonly total: number } {
  const metric = scalingMetric(source);
  const limit = source.containerConcurrency;
  const byRequests = metric === "rps";
  const standard = byRequests ? config.rpsTargetDefault : limit || config.containerConcurrencyTargetDefault;
  const asked = floatValue(source.annotations, "target");
  const capped =
    asked !== undefined && metric === "concurrency" && limit !== 0 ? Math.min(asked, limit) : asked;
  const total = capped ?? standard;
  const percentage = floatValue(source.annotations, "target-utilization-percentage");
  const utilization =
    percentage === undefined
      ? byRequests
        ? config.targetUtilization
        : config.containerConcurrencyTargetFraction
      : percentage / 100;
  return { target: Math.max(LEAST_TARGET, total * utilization), total };
}

export function targetBurstCapacity({ annotations }: ScaleSource, config: AutoscalerConfig): number {
  return floatValue(annotations, "target-burst-capacity") ?? config.targetBurstCapacity;
}

/** Nothing is scraped when the activator sees all traffic (spec S-036). */
export function scrapeTarget(source: ScaleSource, config: AutoscalerConfig, privateService: string): string {
  return targetBurstCapacity(source, config) === -1 ? "" : privateService;
}

export function stableWindowMs({ annotations }: ScaleSource, config: AutoscalerConfig): number {
  return durationMsValue(annotations, "window") ?? config.stableWindowMs;
}

/** Rounded to seconds, at least one bucket (spec S-022). */
export function panicWindowMs(source: ScaleSource, config: AutoscalerConfig): number {
  const percentage =
    floatValue(source.annotations, "panic-window-percentage") ?? config.panicWindowPercentage;
  const exactMs = (stableWindowMs(source, config) * percentage) / 100;
  return Math.max(BUCKET_MS, Math.round(exactMs / BUCKET_MS) * BUCKET_MS);
}

/** 0 counts only where the operator allows it (spec S-003). */
export function initialScale({ annotations }: ScaleSource, config: AutoscalerConfig): number {
  const asked = int32Value(annotations, "initial-scale");
  if (asked === undefined || (asked === 0 && !config.allowZeroInitialScale)) return config.initialScale;
  return asked;
}

export interface ScaleBounds {
  readonly min: number;
  /** 0 = unlimited. */
  readonly max: number;
}

export function scaleBounds(source: ScaleSource, config: AutoscalerConfig): ScaleBounds {
  const { annotations } = source;
  return {
    min: isReachable(source) ? (int32Value(annotations, "min-scale") ?? config.minScale) : 0,
    max: int32Value(annotations, "max-scale") ?? config.maxScale,
  };
}

/** Where the bounds contradict each other, as an initial scale above the maximum does, the lower one wins. */
export function clampScale({ min, max }: ScaleBounds, scale: number): number {
  if (scale < min) return min;
  return max !== 0 && scale > max ? max : scale;
}

/** So many pods must be ready for the revision to count as active (spec S-058). */
export function activeThreshold(source: ScaleSource, config: AutoscalerConfig, initialized: boolean): number {
  const { min } = scaleBounds(source, config);
  return Math.max(min, initialized ? 1 : initialScale(source, config));
}

export function podRetentionMs(source: ScaleSource, config: AutoscalerConfig): number {
  if (!isReachable(source)) return 0;
  return (
    durationMsValue(source.annotations, "scale-to-zero-pod-retention-period") ??
    config.scaleToZeroPodRetentionPeriodMs
  );
}

/** How many activators the revision's traffic is spread over, at least two (spec S-056). */
export function activatorCount(spec: DeciderSpec, readyPods: number): number {
  if (spec.targetBurstCapacity === 0) return 2;
  const capacity = readyPods * spec.totalValue + Math.max(spec.targetBurstCapacity, 0);
  return Math.max(2, Math.ceil(capacity / spec.activatorCapacity));
}

function isReachable({ reachability }: ScaleSource): boolean {
  return reachability !== "Unreachable";
}
