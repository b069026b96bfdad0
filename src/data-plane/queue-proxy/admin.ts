import type { Clock } from "../../base/clock.ts";
import { sleep } from "../../base/clock.ts";
import type { Exchange, Handler } from "../../http/message.ts";
import { respondWith } from "../../http/responses.ts";
import { routes } from "../routes.ts";
import type { Drain } from "./drain.ts";

export interface AdminOptions {
  readonly clock: Clock;
  readonly drain: Drain;
  /** True once the queue-proxy itself has been told to end. */
  readonly terminating: () => boolean;
  /** Resolves when the drain is over. */
  readonly drained: () => Promise<void>;
}

/** How long the hook waits for the queue-proxy's own end before it takes the drain back (spec Q-053, TM-016). */
const RESET_AFTER_MS = 1000;

/** Port 8022: the user container's preStop hook waits here until no request needs it any more (spec ). */
export function adminHandler(options: AdminOptions): Handler {
  return routes({ "/wait-for-drain": (exchange) => void waitForDrain(options, exchange) });
}

async function waitForDrain(options: AdminOptions, exchange: Exchange): Promise<void> {
  options.drain.begin(options.clock.monotonic());
  if (!options.terminating()) await sleep(options.clock, RESET_AFTER_MS);
  if (options.terminating()) await options.drained();
  else options.drain.reset();
  if (!exchange.cancel.raised) respondWith(exchange, { status: 200 });
}
