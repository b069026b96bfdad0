import { QUEUE_CONTAINER } from "../../../api/names.ts";
import type { Pod } from "../../../api/pod/kind.ts";
import { NOT_READY_YET } from "../../../api/reasons.ts";

/** A program that runs this long (beside its own initial delay) without being ready is spoken of. */
const PATIENCE_MS = 10_000;

export type SlowStart =
  | { readonly reason: typeof NOT_READY_YET; readonly message: string }
  | { readonly lookAgainMs: number };

/**
 * What can be said of a first pod that runs and does not get ready, long before the progress deadline ends the wait;
 * Knative says nothing until then. `delayMs` is the readiness probe's own initial delay. The text never changes while
 * it waits, so that it is written once.
 */
export function slowStartOf(pods: readonly Pod[], delayMs: number, nowMs: number): SlowStart | undefined {
  const [pod] = pods;
  const running = pod?.status?.containerStatuses?.find(
    ({ name, state }) => name !== QUEUE_CONTAINER && state?.running,
  );
  const startedAt = running?.state?.running?.startedAt;
  if (!running || typeof startedAt !== "string") return undefined;
  const lookAgainMs = Date.parse(startedAt) + delayMs + PATIENCE_MS - nowMs;
  if (lookAgainMs > 0) return { lookAgainMs };
  const seconds = (delayMs + PATIENCE_MS) / 1000;
  return {
    reason: NOT_READY_YET,
    message:
      `Container "${running.name}" has run for more than ${seconds} s and its readiness probe has not passed yet; ` +
      "does it listen on the port that $PORT names?",
  };
}
