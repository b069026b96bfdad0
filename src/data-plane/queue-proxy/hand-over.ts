import type { HostedPod, Moment } from "../../api/wire/hosting.ts";
import type { Clock } from "../../base/clock.ts";
import type { Slot } from "../../http/breaker.ts";
import type { QueueProxy } from "./queue-proxy.ts";

/**
 * A pod's queue-proxy moves to another process (DESIGN §4, Hand-over). The old owner finishes what it has admitted and
 * tells how much is left after each end; the new one begins with that much of the capacity taken, so that the sum
 * never exceeds the limit.
 */

/** What the old owner of a pod has not finished. */
export interface Remainder {
  /** Requests that a drain must wait for and that the autoscaler must see. */
  readonly inFlight: number;
  /** Those of them that hold a slot of the limit. */
  readonly slots: number;
}

export const NOTHING_LEFT: Remainder = { inFlight: 0, slots: 0 };

/** A pod on its way to its new owner: plain data. */
export interface HandedPod {
  readonly pod: HostedPod;
  readonly moments: Readonly<Partial<Record<Moment, number>>>;
  /** The application's probe has passed since its last start, or before it. */
  readonly isProven: boolean;
  readonly wasProven: boolean;
  readonly isDraining: boolean;
  readonly remainder: Remainder;
}

/**
 * The old owner's side: from now on no slot is given to new requests; those that wait here go first, and what they do
 * not need is free. `onLess` is called with what is left each time it became less.
 */
export function releaseSlots(proxy: QueueProxy, onLess: (left: Remainder) => void): Remainder {
  const { breaker, drain } = proxy;
  breaker?.setCapacity(breaker.running);
  const now = () => ({ inFlight: drain.inFlight, slots: breaker?.running ?? 0 });
  let told = now();
  let isDue = false;
  const tell = () => {
    isDue = false;
    const left = now();
    breaker?.setCapacity(left.slots);
    if (left.inFlight >= told.inFlight && left.slots >= told.slots) return;
    told = left;
    onLess(left);
  };
  // A request gives its slot back and leaves in the same turn, in either order.
  drain.onLeave(() => {
    if (isDue) return;
    isDue = true;
    queueMicrotask(tell);
  });
  return told;
}

/** The new owner's side: the old one's requests hold slots, are counted and are waited for, until they are over. */
export class InheritedRequests {
  readonly #proxy: QueueProxy;
  readonly #clock: Clock;
  readonly #slots: Slot[] = [];
  #inFlight = 0;

  /** Before the queue-proxy's first own request. */
  constructor(proxy: QueueProxy, { inFlight, slots }: Remainder) {
    this.#proxy = proxy;
    this.#clock = proxy.clock;
    const nowMs = this.#clock.monotonic();
    for (; this.#inFlight < inFlight; this.#inFlight++) {
      proxy.drain.enter(nowMs);
      proxy.stats.enter(nowMs, false);
    }
    while (this.#slots.length < slots) {
      const slot = proxy.breaker?.reserve();
      if (slot === undefined) break;
      this.#slots.push(slot);
    }
  }

  /** What the old owner has left now; more than before is no news. */
  left({ inFlight, slots }: Remainder): void {
    while (this.#slots.length > slots) this.#slots.pop()?.release();
    for (; this.#inFlight > inFlight; this.#inFlight--) {
      this.#proxy.stats.leave(this.#clock.monotonic(), false);
      this.#proxy.drain.leave();
    }
  }
}
