import { type Random, randomInt } from "../../base/random.ts";
import type { Backend } from "../backend.ts";

/** One pod as its revision's throttle sees it: how many of our requests it runs. */
export interface PodTracker {
  readonly backend: Backend;
  inFlight: number;
  /** False once the pod has left the set: it finishes what it has and gets nothing new. */
  open: boolean;
}

/** Round robin goes on from here; behind the end of the list, from its start. */
export interface BalanceState {
  nextIndex: number;
}

/** Below this limit a pod is filled before the next is touched, so that the others can go (spec T-018). */
const FIRST_AVAILABLE_MAX = 3;

/** Which pod gets the next request, or none when all are full (spec T-018). `limit` 0 = unlimited. */
export function pickPod(
  trackers: readonly PodTracker[],
  limit: number,
  { random, state }: { random: Random; state: BalanceState },
): PodTracker | undefined {
  if (limit === 0) return betterOfTwo(trackers, random);
  return limit <= FIRST_AVAILABLE_MAX ? firstAvailable(trackers, limit) : roundRobin(trackers, limit, state);
}

export function firstAvailable(trackers: readonly PodTracker[], limit: number): PodTracker | undefined {
  return trackers.find((tracker) => tracker.inFlight < limit);
}

/** From the one behind the last chosen on; full ones are passed over. */
export function roundRobin(
  trackers: readonly PodTracker[],
  limit: number,
  state: BalanceState,
): PodTracker | undefined {
  const count = trackers.length;
  if (state.nextIndex >= count) state.nextIndex = 0;
  const from = state.nextIndex;
  for (let step = 0; step < count; step++) {
    const index = (from + step) % count;
    const tracker = trackers[index];
    if (tracker === undefined || tracker.inFlight >= limit) continue;
    state.nextIndex = index + 1;
    return tracker;
  }
  return undefined;
}

/** Random choice of two different pods; the less loaded wins, a coin decides a tie. */
export function betterOfTwo(trackers: readonly PodTracker[], random: Random): PodTracker | undefined {
  const count = trackers.length;
  if (count <= 1) return trackers[0];
  const firstIndex = count === 2 ? 0 : randomInt(random, count);
  const secondIndex = count === 2 ? 1 : (firstIndex + 1 + randomInt(random, count - 1)) % count;
  const first = trackers[firstIndex];
  const second = trackers[secondIndex];
  if (first === undefined || second === undefined) return first ?? second;
  if (first.inFlight === second.inFlight) return random.next() < 0.5 ? first : second;
  return first.inFlight < second.inFlight ? first : second;
}
