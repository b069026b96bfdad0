import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { Cancel } from "../../base/cancel.ts";
import { Breaker, type Slot } from "../../http/breaker.ts";
import { Drain } from "./drain.ts";
import { InheritedRequests, NOTHING_LEFT, type Remainder, releaseSlots } from "./hand-over.ts";
import type { QueueProxy } from "./queue-proxy.ts";
import { RequestStats } from "./stats.ts";

/** The parts of a queue-proxy that a hand-over touches, with requests that come and end when told to. */
class Owner {
  readonly breaker: Breaker;
  readonly drain = new Drain();
  readonly stats = new RequestStats(0);
  readonly clock = { monotonic: () => 0 };
  readonly #running: Slot[] = [];

  constructor(limit: number) {
    this.breaker = new Breaker({ maxConcurrency: limit, queueDepth: 10 * limit });
  }

  get proxy(): QueueProxy {
    return this as unknown as QueueProxy;
  }

  get working(): number {
    return this.#running.length;
  }

  begin(): void {
    this.drain.enter(0);
    const admission = this.breaker.enter(new Cancel(), (slot) => void this.#running.push(slot));
    if (admission === "full") this.drain.leave();
  }

  endOne(): void {
    const slot = this.#running.shift();
    if (!slot) return;
    this.drain.leave();
    slot.release();
  }
}

const steps = fc.array(fc.constantFrom("old ends", "new begins", "new ends", "news arrive"), {
  maxLength: 60,
});

test("over a hand-over both owners together never exceed the limit, and every slot comes free", async () => {
  await fc.assert(
    fc.asyncProperty(fc.integer({ min: 1, max: 4 }), fc.nat(12), steps, async (limit, before, actions) => {
      const [old, heir] = [new Owner(limit), new Owner(limit)];
      for (let count = 0; count < before; count++) old.begin();
      const news: Remainder[] = [];
      const inherited = new InheritedRequests(
        heir.proxy,
        releaseSlots(old.proxy, (left) => news.push(left)),
      );
      assert.equal(heir.drain.inFlight, old.drain.inFlight);
      const act: Record<string, () => void> = {
        "old ends": () => old.endOne(),
        "new begins": () => heir.begin(),
        "new ends": () => heir.endOne(),
        "news arrive": () => inherited.left(news.shift() ?? { inFlight: Infinity, slots: Infinity }),
      };
      for (const action of actions) {
        act[action]?.();
        await Promise.resolve();
        assert.equal(old.working + heir.working <= limit, true, `${old.working} + ${heir.working}`);
      }
      while (old.working > 0) {
        old.endOne();
        await Promise.resolve();
      }
      for (const left of news) inherited.left(left);
      assert.equal(heir.breaker.running, heir.working);
      assert.equal(heir.working, Math.min(limit, heir.working + heir.breaker.waiting));
      inherited.left(NOTHING_LEFT);
      while (heir.working > 0) heir.endOne();
      assert.equal(heir.drain.inFlight, 0);
    }),
  );
});
