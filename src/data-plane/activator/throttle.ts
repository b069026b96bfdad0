import { assert } from "../../base/assert.ts";
import type { Random } from "../../base/random.ts";
import { addressText, type Backend } from "../backend.ts";
import { type BalanceState, type PodTracker, pickPod } from "./load-balance.ts";

/**
 * One revision's requests and pods: who runs where, who waits. Pure: no clock, no I/O; what must happen is returned.
 * Invariants: a pod never runs more than the limit from here; waiting requests are served first come, first served;
 * a request waits only while no pod has room (spec T-016…T-022). Knative resets the count of a pod's running requests
 * on each change of the set (T-022), which lets it exceed the limit; we keep the count.
 */
export class Throttle {
  readonly #random: Random;
  readonly #bounds: HoldBounds;
  readonly #held: HeldBytes;
  readonly #waiting = new WaitingList();
  readonly #balance: BalanceState = { nextIndex: 0 };
  #limit = 0;
  #trackers: PodTracker[] = [];
  #heldBytes = 0;
  #running = 0;

  constructor(options: { random: Random; bounds: HoldBounds; held: HeldBytes }) {
    this.#random = options.random;
    this.#bounds = options.bounds;
    this.#held = options.held;
  }

  get waiting(): number {
    return this.#waiting.count;
  }

  /** Requests at pods, also at those that have left the set. */
  get running(): number {
    return this.#running;
  }

  /** Whether a request could be given to a pod at once or in a moment: there is at least one. */
  get hasPods(): boolean {
    return this.#trackers.length > 0;
  }

  /** The one that has waited longest. */
  get oldest(): Waiter | undefined {
    return this.#waiting.first;
  }

  /** A pod for this request now, or it is held, or there is no room to hold it. */
  arrive(waiter: Waiter): PodTracker | "held" | "count-full" | "bytes-full" {
    if (this.#waiting.count === 0) {
      const tracker = this.#pick();
      if (tracker !== undefined) return tracker;
    }
    if (this.#waiting.count >= this.#bounds.requestsMax) return "count-full";
    if (this.#heldBytes + waiter.heldBytes > this.#bounds.bytesMax) return "bytes-full";
    if (this.#held.total + waiter.heldBytes > this.#held.max) return "bytes-full";
    this.#hold(waiter, "last");
    return "held";
  }

  /** A request that had its turn and could not be sent goes before all others; it is never refused. */
  comeBack(waiter: Waiter): PodTracker | "held" {
    const tracker = this.#pick();
    if (tracker !== undefined) return tracker;
    this.#hold(waiter, "first");
    return "held";
  }

  /** The client of a held request is gone, or its time is over. */
  leave(waiter: Waiter): void {
    if (this.#waiting.remove(waiter)) this.#drop(waiter);
  }

  /** A request on this pod is over. Returns who may go now. */
  release(tracker: PodTracker): readonly Admission[] {
    assert(tracker.inFlight > 0, `pod ${addressText(tracker.backend)} gives back a slot it never gave`);
    tracker.inFlight -= 1;
    this.#running -= 1;
    return this.#admitWaiting();
  }

  /** The pods that may be sent to from now on, in the order in which they are filled; `limit` of each, 0 = none. */
  setPods(backends: readonly Backend[], limit: number): readonly Admission[] {
    this.#limit = limit;
    const before = new Map(this.#trackers.map((tracker) => [podKey(tracker.backend), tracker]));
    this.#trackers = backends.map((backend) => {
      const known = before.get(podKey(backend));
      before.delete(podKey(backend));
      return known ?? { backend, inFlight: 0, open: true };
    });
    for (const gone of before.values()) gone.open = false;
    return this.#admitWaiting();
  }

  /** Takes everyone who waits off the list. */
  takeAll(): Waiter[] {
    const taken: Waiter[] = [];
    for (let waiter = this.#waiting.first; waiter !== undefined; waiter = this.#waiting.first) {
      this.leave(waiter);
      taken.push(waiter);
    }
    return taken;
  }

  #pick(): PodTracker | undefined {
    const tracker = pickPod(this.#trackers, this.#limit, { random: this.#random, state: this.#balance });
    if (tracker === undefined) return undefined;
    tracker.inFlight += 1;
    this.#running += 1;
    return tracker;
  }

  #admitWaiting(): readonly Admission[] {
    if (this.#waiting.count === 0) return NOBODY;
    const admissions: Admission[] = [];
    for (let waiter = this.#waiting.first; waiter !== undefined; waiter = this.#waiting.first) {
      const tracker = this.#pick();
      if (tracker === undefined) break;
      this.#waiting.remove(waiter);
      this.#drop(waiter);
      admissions.push({ waiter, tracker });
    }
    return admissions;
  }

  #hold(waiter: Waiter, where: "first" | "last"): void {
    this.#waiting.add(waiter, where);
    this.#heldBytes += waiter.heldBytes;
    this.#held.total += waiter.heldBytes;
  }

  #drop(waiter: Waiter): void {
    this.#heldBytes -= waiter.heldBytes;
    this.#held.total -= waiter.heldBytes;
  }
}

/** A request that may have to wait. The throttle alone writes the links. */
export interface Waiter {
  /** What it costs to keep it; must not change while it waits. */
  readonly heldBytes: number;
  previous: Waiter | undefined;
  following: Waiter | undefined;
  listed: boolean;
}

export interface Admission {
  readonly waiter: Waiter;
  readonly tracker: PodTracker;
}

export interface HoldBounds {
  readonly requestsMax: number;
  readonly bytesMax: number;
}

/** Bytes held by all revisions together, against one bound (DESIGN §4, Held requests). */
export interface HeldBytes {
  total: number;
  readonly max: number;
}

const NOBODY: readonly Admission[] = [];

export function podKey(backend: Backend): string {
  return `${addressText(backend)}/${backend.podUid ?? ""}`;
}

/** Linked through the waiters themselves: leaving the middle is as cheap as leaving the front. */
class WaitingList {
  first: Waiter | undefined;
  count = 0;
  #last: Waiter | undefined;

  add(waiter: Waiter, where: "first" | "last"): void {
    assert(!waiter.listed, "a request waits twice");
    waiter.listed = true;
    waiter.previous = where === "last" ? this.#last : undefined;
    waiter.following = where === "first" ? this.first : undefined;
    if (waiter.previous) waiter.previous.following = waiter;
    else this.first = waiter;
    if (waiter.following) waiter.following.previous = waiter;
    else this.#last = waiter;
    this.count += 1;
  }

  remove(waiter: Waiter): boolean {
    if (!waiter.listed) return false;
    if (waiter.previous) waiter.previous.following = waiter.following;
    else this.first = waiter.following;
    if (waiter.following) waiter.following.previous = waiter.previous;
    else this.#last = waiter.previous;
    waiter.previous = undefined;
    waiter.following = undefined;
    waiter.listed = false;
    this.count -= 1;
    return true;
  }
}
