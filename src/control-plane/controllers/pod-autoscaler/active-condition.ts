import type { Activity } from "./scale-plan.ts";

/** The Active condition that follows from what is wanted and what is ready (spec S-059, A-058). */
export interface ActiveVerdict {
  readonly activity: Activity;
  readonly reason: string;
  readonly message: string;
}

export interface ActiveFacts {
  readonly before: Activity;
  /** Wanted pods; -1 = unknown. */
  readonly want: number;
  readonly ready: number;
  /** Pods that make the revision active. */
  readonly threshold: number;
}

const ACTIVE: ActiveVerdict = { activity: "active", reason: "", message: "" };
const QUEUED: ActiveVerdict = {
  activity: "activating",
  reason: "Queued",
  message: "Requests to the target are being buffered as resources are provisioned.",
};
const NO_TRAFFIC: ActiveVerdict = {
  activity: "inactive",
  reason: "NoTraffic",
  message: "The target is not receiving traffic.",
};
const TIMED_OUT: ActiveVerdict = {
  activity: "inactive",
  reason: "TimedOut",
  message: "The target could not be activated.",
};

export function activeVerdict({ before, want, ready, threshold }: ActiveFacts): ActiveVerdict {
  if (want === 0 || threshold === 0) return before === "activating" && threshold > 0 ? TIMED_OUT : NO_TRAFFIC;
  if (want < 0 && before === "inactive") return NO_TRAFFIC;
  return ready < threshold ? QUEUED : ACTIVE;
}
