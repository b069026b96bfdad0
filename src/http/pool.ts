import type { Clock } from "../base/clock.ts";
import type { Random } from "../base/random.ts";
import type { Address, Conn, Network } from "./conn.ts";
import { dial } from "./dial.ts";
import { Http2AddressPool } from "./http2-pool.ts";
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
  /** What requests over HTTP/2 say of the way they came; default http. */
  readonly scheme?: "http" | "https";
}

interface PoolSettings {
  readonly ports: { readonly network: Network; readonly clock: Clock; readonly random: Random };
  readonly limits: HttpLimits;
  readonly idleMax: number;
  readonly idleTimeoutMs: number;
  readonly wheel: TimerWheel;
  readonly scheme: "http" | "https";
}

/** Left between the time for which the server promised to keep a connection and what we count on. */
const PROMISE_MARGIN_MS = 1_000;

/** Keep-alive connections by address. */
export class UpstreamPool {
  readonly #settings: PoolSettings;
  readonly #addresses = new Map<string, AddressPool>();

  constructor(options: UpstreamPoolOptions) {
    this.#settings = {
      ports: options,
      limits: { ...DEFAULT_LIMITS, ...options.limits },
      idleMax: options.idlePerAddressMax ?? 1_000,
      scheme: options.scheme ?? "http",
      idleTimeoutMs: options.idleTimeoutMs ?? 4_000,
      wheel: options.wheel ?? new TimerWheel(options.clock, { tickMs: 50 }),
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

/** Sweeps within the idle time: how exact the idle time is. */
const SWEEPS = 8;

/**
 * The connections to one address; the one that was used last is used next, so that the rest can expire. Time is read
 * by the sweep alone: a request only notes how many sweeps there were.
 */
class AddressPool implements Upstream, UpstreamConnectionOwner {
  readonly limits: HttpLimits;
  readonly defaultHost: string;
  readonly #address: Address;
  readonly #settings: PoolSettings;
  readonly #idle: UpstreamConnection[] = [];
  readonly #sweep: WheelEntry;
  #sweeps = 0;
  #retired = false;
  /** Made by the first request of HTTP/2. */
  #http2: Http2AddressPool | undefined;

  constructor(address: Address, settings: PoolSettings) {
    this.#address = address;
    this.defaultHost = `${address.ip}:${address.port}`;
    this.#settings = settings;
    this.limits = settings.limits;
    this.#sweep = new WheelEntry(() => this.#closeExpired());
  }

  send(request: OutgoingRequest, observer: UpstreamObserver): void {
    if (request.head.version === "2") {
      this.#overHttp2().send(request, observer);
      return;
    }
    for (let connection = this.#idle.pop(); connection; connection = this.#idle.pop()) {
      if (!connection.usable) continue;
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

  /** What came as HTTP/2 goes on as HTTP/2, with prior knowledge (spec Q-011). */
  #overHttp2(): Http2AddressPool {
    const { ports, limits, wheel, scheme } = this.#settings;
    this.#http2 ??= new Http2AddressPool({ ports, limits, wheel, scheme, address: this.#address });
    return this.#http2;
  }

  retire(): void {
    this.#retired = true;
    this.#http2?.retire();
    this.#sweep.cancel();
    for (const connection of this.#idle.splice(0)) connection.close();
  }

  connectionFree(connection: UpstreamConnection, idleMaxMs: number | undefined): void {
    const { idleMax, idleTimeoutMs, wheel } = this.#settings;
    let sweeps = SWEEPS;
    if (idleMaxMs !== undefined && idleMaxMs - PROMISE_MARGIN_MS < idleTimeoutMs) {
      sweeps = Math.floor((SWEEPS * (idleMaxMs - PROMISE_MARGIN_MS)) / idleTimeoutMs);
    }
    if (this.#retired || this.#idle.length >= idleMax || sweeps <= 0) {
      connection.close();
      return;
    }
    connection.expiresAfter = this.#sweeps + sweeps;
    this.#idle.push(connection);
    if (!this.#sweep.armed) wheel.arm(this.#sweep, idleTimeoutMs / SWEEPS);
  }

  connectionGone(connection: UpstreamConnection): void {
    const index = this.#idle.indexOf(connection);
    if (index >= 0) this.#idle.splice(index, 1);
  }

  sendAgain(request: OutgoingRequest, observer: UpstreamObserver): boolean {
    if (this.#retired) return false;
    this.send(request, observer);
    return true;
  }

  lingers(conn: Conn): void {
    this.#settings.wheel.schedule(this.limits.lingerMs, () => conn.reset());
  }

  #closeExpired(): void {
    this.#sweeps++;
    const expired = this.#idle.filter((connection) => connection.expiresAfter <= this.#sweeps);
    for (const connection of expired) connection.close();
    if (this.#idle.length > 0) this.#settings.wheel.arm(this.#sweep, this.#settings.idleTimeoutMs / SWEEPS);
  }
}
