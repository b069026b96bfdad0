import type { AutoscalerConfig } from "../../../api/config/autoscaler.ts";
import {
  clampScale,
  initialScale,
  podRetentionMs,
  type ScaleSource,
  scaleBounds,
  stableWindowMs,
  targetBurstCapacity,
} from "./scale-spec.ts";

/**
 * From a decision to a scale of the Deployment (spec S-061…S-069): bounds, and the careful way to zero, on
 * which the activator must be seen in the request path before the last pod goes. Pure; probing and patching
 * are the shell's.
 */

/** The revision's Active condition: True, Unknown, False. */
export type Activity = "active" | "activating" | "inactive";

export interface ScaleFacts {
  readonly source: ScaleSource;
  readonly config: AutoscalerConfig;
  readonly progressDeadlineMs: number;
  readonly activity: Activity;
  readonly activityForMs: number;
  readonly scaleTargetInitialized: boolean;
  /** The decider's word; -1 = none yet. */
  readonly desiredScale: number;
  readonly proxyMode: boolean;
  /** How long the activators have been the revision's endpoints; 0 when they are not. */
  readonly inProxyForMs: number;
  /** What the probe through the revision's public Service said; undefined = not asked. */
  readonly activatorConfirmed: boolean | undefined;
}

export interface ScalePlan {
  /** Goes to status.desiredScale; -1 = unknown. */
  readonly want: number;
  /** Whether the Deployment gets `want` replicas now. */
  readonly apply: boolean;
  readonly reconcileAfterMs?: number;
  /** probe = ask the activator and plan again; watch = it was not confirmed, ask on until it is. */
  readonly activatorProbe?: "probe" | "watch";
}

const UNKNOWN = -1;
/** Time that a failed activation gets beyond the progress deadline (TM-005). */
const ACTIVATION_BUFFER_MS = 30_000;
const PROXY_RECONCILE_MS = 3_000;

export function planScale(facts: ScaleFacts): ScalePlan {
  const { source, config } = facts;
  if (facts.desiredScale < 0 && facts.activity !== "activating") return hold(facts.desiredScale);
  const bounds = scaleBounds(source, config);
  const initial = initialScale(source, config);
  const mustReachInitial =
    initial > 1 && !facts.scaleTargetInitialized && source.reachability !== "Unreachable";
  const min = mustReachInitial ? Math.max(initial, bounds.min) : bounds.min;
  const want = clampScale({ ...bounds, min }, facts.desiredScale);
  if (want !== 0) return apply(want);
  if (!config.enableScaleToZero) return apply(1);
  if (facts.activity === "activating") return planFailedActivation(facts);
  if (facts.activity === "active") return planIdle(facts);
  return planLastPod(facts);
}

function planFailedActivation(facts: ScaleFacts): ScalePlan {
  const patienceMs = facts.progressDeadlineMs + ACTIVATION_BUFFER_MS;
  return facts.activityForMs > patienceMs ? apply(0) : hold(UNKNOWN, patienceMs);
}

/** After a stable window without traffic the revision is called inactive first, with its pod still there. */
function planIdle(facts: ScaleFacts): ScalePlan {
  const windowMs = stableWindowMs(facts.source, facts.config);
  if (facts.activityForMs < windowMs)
    return { ...apply(1), reconcileAfterMs: windowMs - facts.activityForMs };
  return facts.proxyMode ? hold(0, PROXY_RECONCILE_MS) : hold(0);
}

function planLastPod(facts: ScaleFacts): ScalePlan {
  const alwaysInPath = targetBurstCapacity(facts.source, facts.config) === -1;
  if (!alwaysInPath && facts.activatorConfirmed === undefined) return { ...hold(0), activatorProbe: "probe" };
  if (!alwaysInPath && !facts.activatorConfirmed) return { ...hold(0), activatorProbe: "watch" };
  const graceMs = facts.config.scaleToZeroGracePeriodMs;
  const retentionMs = podRetentionMs(facts.source, facts.config);
  if (facts.activityForMs >= Math.max(graceMs, retentionMs)) return apply(0);
  if (facts.activityForMs < retentionMs) return hold(0, retentionMs - facts.activityForMs);
  return facts.inProxyForMs >= graceMs ? apply(0) : hold(0, graceMs - facts.inProxyForMs);
}

function apply(want: number): ScalePlan {
  return { want, apply: true };
}

function hold(want: number, reconcileAfterMs?: number): ScalePlan {
  return { want, apply: false, ...(reconcileAfterMs === undefined ? {} : { reconcileAfterMs }) };
}
