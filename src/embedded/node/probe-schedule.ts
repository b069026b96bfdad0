import type { Probe } from "../../api/container.ts";

/**
 * When a kubelet probe is due and what its answers mean: thresholds as Kubernetes has them. Pure.
 * One deviation: while a `hasty` probe has never passed it is asked again much sooner than its period, so that a pod
 * joins its endpoints when it is ready and not up to ten seconds later (spec Q-026).
 */
export interface ProbeTrack {
  readonly probe: Probe;
  readonly hasty: boolean;
  /** Monotonic; Infinity while an answer is awaited. */
  readonly nextAtMs: number;
  readonly successes: number;
  readonly failures: number;
  readonly passed: boolean;
  /** The answer that is awaited was asked for before a restart: it does not count. */
  readonly isStale: boolean;
}

const HASTY_FIRST_MS = 20;
const HASTY_MAX_MS = 500;

export function trackProbe(
  probe: Probe,
  from: { readonly nowMs: number; readonly passed: boolean; readonly hasty: boolean },
): ProbeTrack {
  const nextAtMs = from.nowMs + (probe.initialDelaySeconds ?? 0) * 1000;
  return {
    probe,
    hasty: from.hasty,
    nextAtMs,
    successes: 0,
    failures: 0,
    passed: from.passed,
    isStale: false,
  };
}

/** What the track has seen does not hold any more: it must pass anew, and is asked again at `nextAtMs`. */
export function unproven(track: ProbeTrack, nextAtMs: number): ProbeTrack {
  const isAwaited = track.nextAtMs === Number.POSITIVE_INFINITY;
  const hasSeenNothing = !isAwaited && !track.passed && track.successes + track.failures === 0;
  // The first delay is not over.
  if (hasSeenNothing) return track;
  const forgotten = { ...track, successes: 0, failures: 0, passed: false };
  return isAwaited ? { ...forgotten, isStale: true } : { ...forgotten, nextAtMs };
}

export function isDue(track: ProbeTrack | undefined, nowMs: number): track is ProbeTrack {
  return track !== undefined && track.nextAtMs <= nowMs;
}

export function asked(track: ProbeTrack): ProbeTrack {
  return { ...track, nextAtMs: Number.POSITIVE_INFINITY };
}

export function answered(track: ProbeTrack, success: boolean, nowMs: number): ProbeTrack {
  if (track.isStale) return { ...track, isStale: false, nextAtMs: nowMs };
  const successes = success ? track.successes + 1 : 0;
  const failures = success ? 0 : track.failures + 1;
  let { passed } = track;
  if (successes >= (track.probe.successThreshold || 1)) passed = true;
  if (failures >= (track.probe.failureThreshold || 3)) passed = false;
  return { ...track, successes, failures, passed, nextAtMs: nowMs + pauseMs(track, passed, failures) };
}

function pauseMs(track: ProbeTrack, passed: boolean, failures: number): number {
  const periodMs = (track.probe.periodSeconds || 10) * 1000;
  if (passed || !track.hasty) return periodMs;
  return Math.min(periodMs, HASTY_FIRST_MS * 2 ** Math.min(failures, 10), HASTY_MAX_MS);
}

export function probeTimeoutMs(probe: Probe): number {
  return (probe.timeoutSeconds || 1) * 1000;
}
