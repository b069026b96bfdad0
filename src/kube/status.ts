import type { Condition } from "../api/object.ts";
import { timeText } from "./time.ts";

/** Post-processing of a status before it is compared and written (spec ). */

interface WithConditions {
  observedGeneration?: number;
  conditions?: Condition[];
}

/**
 * Sets observedGeneration and sorts the conditions by type; a condition that says what it said before keeps its time,
 * all others share one instant.
 */
export function groomStatus<S>(
  next: S,
  previous: S | undefined,
  at: { generation: number; nowMs: number },
): S {
  if (typeof next !== "object" || next === null) return next;
  const groomed: WithConditions & S = { ...next };
  groomed.observedGeneration = at.generation;
  if (groomed.conditions) {
    const before = (previous as WithConditions | undefined)?.conditions ?? [];
    groomed.conditions = groomed.conditions
      .map((condition) => withTime(condition, before, at.nowMs))
      .sort((a, b) => (a.type < b.type ? -1 : 1));
  }
  return groomed;
}

function withTime(condition: Condition, before: readonly Condition[], nowMs: number): Condition {
  const known = before.find(({ type }) => type === condition.type);
  const kept =
    known !== undefined &&
    known.status === condition.status &&
    (known.reason ?? "") === (condition.reason ?? "") &&
    (known.message ?? "") === (condition.message ?? "") &&
    (known.severity ?? "") === (condition.severity ?? "");
  return { ...condition, lastTransitionTime: (kept && known.lastTransitionTime) || timeText(nowMs) };
}
