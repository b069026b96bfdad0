import type { ObjectKey } from "../object.ts";

/**
 * Between the pod autoscaler and metric controllers, which know what a revision asks for, and the autoscaler,
 * which measures and decides. Plain data and ports, so that neither side imports the other.
 */

/** What the pod autoscaler's object and the configuration ask for (spec §4.2). */
export interface DeciderSpec {
  readonly maxScaleUpRate: number;
  readonly maxScaleDownRate: number;
  /** `rps`, or anything else for concurrency. */
  readonly scalingMetric: string;
  /** Wanted load of one pod, after the utilisation percentage. */
  readonly targetValue: number;
  /** Load that one pod could take. */
  readonly totalValue: number;
  /** -1 = the activator is always in the path, 0 = only at zero. */
  readonly targetBurstCapacity: number;
  readonly activatorCapacity: number;
  /** Ratio of wanted to ready pods at which panic begins. */
  readonly panicThreshold: number;
  readonly stableWindowMs: number;
  readonly scaleDownDelayMs: number;
  readonly initialScale: number;
  readonly reachable: boolean;
  readonly activationScale: number;
}

export interface Decision {
  /** -1 while nothing is known yet. */
  readonly desiredPodCount: number;
  /** Negative = keep the activator in the path. */
  readonly excessBurstCapacity: number;
}

/** The deciders by revision, as the pod autoscaler controller uses them. */
export interface Deciders {
  /** Makes or updates the decider of a revision and answers its newest decision. */
  put(key: ObjectKey, spec: DeciderSpec): Decision;
  get(key: ObjectKey): Decision | undefined;
  delete(key: ObjectKey): void;
}

/** What a Metric object asks to be collected. */
export interface CollectorSpec {
  readonly stableWindowMs: number;
  readonly panicWindowMs: number;
  /** Name of the Service whose pods are scraped; "" = do not scrape. */
  readonly scrapeTarget: string;
  readonly aggregation: "linear" | "weighted";
}

/**
 * Why the newest round of scraping gave nothing; undefined = it gave numbers, or none is wanted (spec S-037).
 */
export type CollectorFault = "noEndpoints" | "didNotReceiveStat" | { readonly failed: string };

/** What is collected by revision, as the metric controller uses it. */
export interface Collectors {
  put(key: ObjectKey, spec: CollectorSpec): CollectorFault | undefined;
  delete(key: ObjectKey): void;
}
