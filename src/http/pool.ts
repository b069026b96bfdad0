import type { Clock } from "../base/clock.ts";
import type { Random } from "../base/random.ts";
import type { Address, Conn, Network } from "./conn.ts";
import { dial } from "./dial.ts";
import { DEFAULT_LIMITS, type HttpLimits } from "./limits.ts";
import { TimerWheel, WheelEntry } from "./timer-wheel.ts";
import type { OutgoingRequest, Upstream, UpstreamObserver } from "./upstream.ts";
import { UpstreamConnection, type UpstreamConnectionOwner } from "./upstream-connection.ts";

export interface UpstreamPoolOptions {
  readonly network: Network;
  readonly clock: Clock;
  readonly random: Random;
  readonly limits?: Partial<HttpLimits>;
  /** Idle connections kept for one address (spec Q-012: containerConcurrency, or 1000). */
  readonly idlePerAddressMax?: number;
  /** Shorter than the keep-alive time of usual servers (5 s), so that a request rarely meets a closing connection. */
  readonly idleTimeoutMs?: number;
  readonly wheel?: TimerWheel;
}

interface PoolSettings {
  readonly ports: { readonly network: Network; readonly clock: Clock; readonly random: Random };
  readonly limits: HttpLimits;
  readonly idleMax: number;
  readonly idleTimeoutMs: number;
  readonly wheel: TimerWheel;
}

/** Keep-alive connections by address. */
export class UpstreamPool {
  readonly #settings: PoolSettings;
  readonly #addresses = new Map<string, AddressPool>();

  constructor(options: UpstreamPoolOptions) {
    this.#settings = {
      ports: options,
      limits: { ...DEFAULT_LIMITS, ...options.limits },
      idleMax: options.idlePerAddressMax ?? 1_000,
      idleTimeoutMs: options.idleTimeoutMs ?? 4_000,
      wheel: options.wheel ?? new TimerWheel(options.clock, { tickMs: 250 }),
    };
  }

  /** The same address gives the same object until it is forgotten. */
  to(address: Address): Upstream {
    const key = `${address.ip}:${address.port}`;
    let pool = this.#addresses.get(key);
    if (!pool) {
      pool = new AddressPool(address, this.#settings);
      this.#addresses.set(key, pool);
    }
    return pool;
  }

  /** Closes the idle connections to an address that is gone; those in use end with their exchange. */
  forget(address: Address): void {
    const key = `${address.ip}:${address.port}`;
    this.#addresses.get(key)?.retire();
    this.#addresses.delete(key);
  }

  /** As `forget` for every address. */
  close(): void {
    for (const pool of this.#addresses.values()) pool.retire();
    this.#addresses.clear();
  }
}

interface Idle {
  readonly connection: UpstreamConnection;
  readonly untilMs: number;
}

/** The connections to one address; the one that was used last is used next, so that the rest can expire. */
class AddressPool implements Upstream, UpstreamConnectionOwner {
  readonly limits: HttpLimits;
  readonly #address: Address;
  readonly #settings: PoolSettings;
  readonly #idle: Idle[] = [];
  readonly #sweep: WheelEntry;
  #retired = false;

  constructor(address: Address, settings: PoolSettings) {
    this.#address = address;
    this.#settings = settings;
    this.limits = settings.limits;
    this.#sweep = new WheelEntry(() => this.#closeExpired());
  }

  send(request: OutgoingRequest, observer: UpstreamObserver): void {
    const connection = this.#takeIdle();
    if (connection) {
      connection.send(request, observer);
      return;
    }
    dial(
      this.#settings.ports,
      { address: this.#address, cancel: request.cancel },
      {
        connected: (conn: Conn) => new UpstreamConnection(conn, this).send(request, observer),
        failed: (error) => observer.failed(error),
      },
    );
  }

  retire(): void {
    this.#retired = true;
    this.#sweep.cancel();
    for (const { connection } of this.#idle.splice(0)) connection.close();
  }

  connectionFree(connection: UpstreamConnection, idleMaxMs: number | undefined): void {
    const { idleMax, idleTimeoutMs, ports, wheel } = this.#settings;
    // A second is left between what the peer promised and what we count on.
    const idleMs = Math.min(idleTimeoutMs, idleMaxMs === undefined ? idleTimeoutMs : idleMaxMs - 1_000);
    if (this.#retired || this.#idle.length >= idleMax || idleMs <= 0) {
      connection.close();
      return;
    }
    this.#idle.push({ connection, untilMs: ports.clock.monotonic() + idleMs });
    if (!this.#sweep.armed) wheel.arm(this.#sweep, idleMs);
  }

  connectionGone(connection: UpstreamConnection): void {
    const index = this.#idle.findIndex((idle) => idle.connection === connection);
    if (index >= 0) this.#idle.splice(index, 1);
  }

  lingers(conn: Conn): void {
    this.#settings.wheel.schedule(this.limits.lingerMs, () => conn.reset());
  }

  #takeIdle(): UpstreamConnection | undefined {
    const nowMs = this.#idle.length > 0 ? this.#settings.ports.clock.monotonic() : 0;
    for (let idle = this.#idle.pop(); idle; idle = this.#idle.pop()) {
      if (idle.connection.usable && idle.untilMs > nowMs) return idle.connection;
      idle.connection.close();
    }
    return undefined;
  }

  #closeExpired(): void {
    const nowMs = this.#settings.ports.clock.monotonic();
    const expired = this.#idle.filter((idle) => idle.untilMs <= nowMs);
    for (const { connection } of expired) connection.close();
    const nextMs = Math.min(...this.#idle.map((idle) => idle.untilMs));
    if (this.#idle.length > 0) this.#settings.wheel.arm(this.#sweep, nextMs - nowMs);
  }
}
