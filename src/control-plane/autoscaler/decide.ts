import type { DeciderSpec, Decision } from "../../api/wire/decider.ts";
import { type DelayWindow, delayedScale, recordDecision } from "./scale-down-delay.ts";

/**
 * The decision itself: how many pods a revision should have, from what was measured (spec S-040…S-053). Pure;
 * the shell in autoscaler.ts brings the measurements and the time.
 */

export interface DeciderState {
  /** Since when, or last extended; undefined = calm. */
  readonly panicAtMs: number | undefined;
  /** While panicking the scale never falls below it. */
  readonly maxPanicPods: number;
  /** Fixed when the decider is made: a later change of the delay has no effect (spec S-050). */
  readonly delayMs: number;
  readonly delayWindow: DelayWindow;
}

export interface Observation {
  /** Ready addresses of the revision; may be 0. */
  readonly readyPods: number;
  readonly stable: number;
  readonly panic: number;
}

/**
 * A decider that is made while more than one pod is ready starts in panic, so that a restart never shrinks
 * (spec S-049).
 */
export function initialState(spec: DeciderSpec, readyPods: number, nowMs: number): DeciderState {
  const panicking = readyPods > 1;
  return {
    panicAtMs: panicking ? nowMs : undefined,
    maxPanicPods: panicking ? readyPods : 0,
    delayMs: spec.scaleDownDelayMs,
    delayWindow: [],
  };
}

export interface DecisionInput {
  readonly state: DeciderState;
  readonly spec: DeciderSpec;
  readonly observation: Observation;
  readonly nowMs: number;
}

export function decide(input: DecisionInput): { readonly state: DeciderState; readonly decision: Decision } {
  const { state, spec, observation } = input;
  const wanted = wantedScales(spec, observation);
  const panic = panicState(input, wanted);
  const calm = panic.panicAtMs === undefined ? wanted.stable : panic.maxPanicPods;
  const delayed = withDelay(input, calm);
  return {
    state: { ...state, ...panic, delayWindow: delayed.window },
    decision: {
      desiredPodCount: delayed.desired,
      excessBurstCapacity: excessBurstCapacity(spec, observation),
    },
  };
}

interface WantedScales {
  readonly stable: number;
  readonly panic: number;
  readonly overPanicThreshold: boolean;
}

function wantedScales(spec: DeciderSpec, observation: Observation): WantedScales {
  const ready = Math.max(1, observation.readyPods);
  const most = Math.ceil(spec.maxScaleUpRate * ready);
  const least = spec.reachable ? Math.floor(ready / spec.maxScaleDownRate) : 0;
  const scaleFor = (raw: number) => {
    const clamped = toInt32(Math.min(Math.max(raw, least), most));
    const floor = spec.activationScale > 1 && raw > 0 ? spec.activationScale : 0;
    return Math.max(floor, clamped);
  };
  const rawPanic = Math.ceil(observation.panic / spec.targetValue);
  return {
    stable: scaleFor(Math.ceil(observation.stable / spec.targetValue)),
    panic: scaleFor(rawPanic),
    overPanicThreshold: rawPanic / ready >= spec.panicThreshold,
  };
}

function panicState(
  { state, spec, nowMs }: DecisionInput,
  wanted: WantedScales,
): Pick<DeciderState, "panicAtMs" | "maxPanicPods"> {
  const overSince = wanted.overPanicThreshold ? nowMs : state.panicAtMs;
  if (overSince === undefined) return { panicAtMs: undefined, maxPanicPods: state.maxPanicPods };
  if (!wanted.overPanicThreshold && overSince + spec.stableWindowMs < nowMs)
    return { panicAtMs: undefined, maxPanicPods: 0 };
  return { panicAtMs: overSince, maxPanicPods: Math.max(state.maxPanicPods, wanted.stable, wanted.panic) };
}

function withDelay(
  { state, spec, nowMs }: DecisionInput,
  desired: number,
): { readonly window: DelayWindow; readonly desired: number } {
  if (!spec.reachable || state.delayMs <= 0) return { window: state.delayWindow, desired };
  const window = recordDecision(state.delayWindow, { nowMs, delayMs: state.delayMs, desired });
  return { window, desired: delayedScale(window) };
}

/**
 * How much load could arrive at once without the activator's help; negative = keep it in the path (spec
 * S-051).
 */
function excessBurstCapacity(spec: DeciderSpec, observation: Observation): number {
  if (spec.targetBurstCapacity === 0) return 0;
  if (spec.targetBurstCapacity < 0) return -1;
  return toInt32(
    Math.floor(observation.readyPods * spec.totalValue - spec.targetBurstCapacity - observation.panic),
  );
}

/**
 * What is known of a decider that has not decided yet (spec S-052; cut toward zero, not floored: errata
 * S-052).
 */
export function firstDecision(spec: DeciderSpec): Decision {
  const burst = spec.targetBurstCapacity;
  return {
    desiredPodCount: -1,
    excessBurstCapacity:
      burst === 0 || burst === -1 ? burst : toInt32(spec.initialScale * spec.totalValue - burst),
  };
}

/** Whether the pod autoscaler must hear of a new decision (spec S-053). */
export function mustNotify(before: Decision, after: Decision): boolean {
  return (
    before.desiredPodCount !== after.desiredPodCount ||
    before.excessBurstCapacity < 0 !== after.excessBurstCapacity < 0
  );
}

const INT32_MIN = -(2 ** 31);

/** Go's conversion on amd64, which the recorded decisions show: out of range becomes the smallest number. */
function toInt32(value: number): number {
  const cut = Math.trunc(value);
  return Number.isNaN(cut) || cut < INT32_MIN || cut >= 2 ** 31 ? INT32_MIN : cut + 0;
}
