import type { Clock } from "../base/clock.ts";
import type { Random } from "../base/random.ts";
import type { Address, Network } from "./conn.ts";
import type { HttpLimits } from "./limits.ts";
import type { Upstream } from "./upstream.ts";

export interface UpstreamPoolOptions {
  readonly network: Network;
  readonly clock: Clock;
  readonly random: Random;
  readonly limits?: Partial<HttpLimits>;
  /** Idle connections kept for one address (spec Q-012: containerConcurrency, or 1000). */
  readonly idlePerAddressMax?: number;
  /** Shorter than the keep-alive time of usual servers (5 s), so that a request rarely meets a closing connection. */
  readonly idleTimeoutMs?: number;
}

/** Keep-alive connections by address. */
export class UpstreamPool {
  constructor(_options: UpstreamPoolOptions) {}

  /** The same address gives the same object until it is forgotten. */
  to(_address: Address): Upstream {
    throw new Error("not built yet");
  }

  /** Closes the idle connections to an address that is gone; those in use end with their exchange. */
  forget(_address: Address): void {}

  close(): void {}
}
