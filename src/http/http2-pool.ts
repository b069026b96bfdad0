import { Cancel } from "../base/cancel.ts";
import type { Clock } from "../base/clock.ts";
import type { Random } from "../base/random.ts";
import type { Address, Conn, Network } from "./conn.ts";
import { dial } from "./dial.ts";
import { Http2Upstream, type Http2UpstreamOwner } from "./http2-upstream.ts";
import type { Http2Attempt } from "./http2-upstream-stream.ts";
import type { HttpLimits } from "./limits.ts";
import { type TimerWheel, WheelEntry } from "./timer-wheel.ts";
import { type OutgoingRequest, type Upstream, UpstreamError, type UpstreamObserver } from "./upstream.ts";

export interface Http2PoolOptions {
  readonly ports: { readonly network: Network; readonly clock: Clock; readonly random: Random };
  readonly address: Address;
  readonly limits: HttpLimits;
  readonly scheme: "http" | "https";
  readonly wheel: TimerWheel;
}

/** An idle session is kept longer than a connection of HTTP/1: its server says goodbye without losing a request. */
const IDLE_MS = 90_000;
/** Requests that may wait for one session to be made, before another one is dialled. */
const WAITING_MAX = 100;

interface Waiting extends Http2Attempt {
  stopListening: () => void;
}

/** A request that the server says it has not looked at is sent so often in all. */
const TRIES_MAX = 3;

/** Sessions to one address: requests share one as long as its server takes more streams. */
export class Http2AddressPool implements Upstream, Http2UpstreamOwner {
  readonly limits: HttpLimits;
  readonly defaultHost: string;
  readonly scheme: "http" | "https";
  readonly #options: Http2PoolOptions;
  readonly #sessions = new Set<Http2Upstream>();
  readonly #idle: WheelEntry;
  #dialling: Dialling | undefined;
  #retired = false;

  constructor(options: Http2PoolOptions) {
    this.#options = options;
    this.limits = options.limits;
    this.scheme = options.scheme;
    const { ip, port } = options.address;
    this.defaultHost = ip.includes(":") ? `[${ip}]:${port}` : `${ip}:${port}`;
    this.#idle = new WheelEntry(() => this.#closeIdle());
  }

  send(request: OutgoingRequest, observer: UpstreamObserver): void {
    this.#try({ request, observer, tries: 1 });
  }

  /** A goodbye and a request may cross: the application is not to blame for it, nor is the client. */
  sendAgain({ request, observer, tries }: Http2Attempt): boolean {
    if (tries >= TRIES_MAX || this.#retired) return false;
    this.#try({ request, observer, tries: tries + 1 });
    return true;
  }

  #try(attempt: Http2Attempt): void {
    for (const session of this.#sessions) {
      if (!session.hasRoom) continue;
      session.send(attempt);
      return;
    }
    if (this.#dialling === undefined || this.#dialling.size >= WAITING_MAX) {
      this.#dialling = new Dialling(this.#options, (dialling, conn) => this.#connected(dialling, conn));
      this.#dialling.begin();
    }
    this.#dialling?.add(attempt);
  }

  /** Sessions end once their streams have. */
  retire(): void {
    this.#retired = true;
    this.#idle.cancel();
    for (const session of [...this.#sessions]) session.close();
  }

  sessionFreed(session: Http2Upstream): void {
    if (session.streams > 0) return;
    if (this.#retired) session.close();
    else if (!this.#idle.armed) this.#options.wheel.arm(this.#idle, IDLE_MS);
  }

  sessionGone(session: Http2Upstream): void {
    this.#sessions.delete(session);
  }

  #connected(dialling: Dialling, conn: Conn | undefined): void {
    if (this.#dialling === dialling) this.#dialling = undefined;
    if (conn === undefined) return;
    if (conn.detach === undefined) {
      conn.reset();
      // Another try would end as this one does.
      const error = new UpstreamError("malformed", "http2: this network has no real connections", {
        sent: true,
      });
      for (const { observer } of dialling.take()) observer.failed(error);
      return;
    }
    const session = new Http2Upstream(conn, this);
    this.#sessions.add(session);
    for (const attempt of dialling.take()) session.send(attempt);
  }

  #closeIdle(): void {
    let busy = false;
    for (const session of [...this.#sessions]) {
      if (session.streams === 0) session.close();
      else busy = true;
    }
    if (busy) this.#options.wheel.arm(this.#idle, IDLE_MS);
  }
}

/** One connection being made, and the requests that wait for it; given up when none is left. */
class Dialling {
  readonly #options: Http2PoolOptions;
  readonly #done: (dialling: Dialling, conn: Conn | undefined) => void;
  readonly #cancel = new Cancel();
  readonly #waiting = new Set<Waiting>();

  constructor(options: Http2PoolOptions, done: (dialling: Dialling, conn: Conn | undefined) => void) {
    this.#options = options;
    this.#done = done;
  }

  get size(): number {
    return this.#waiting.size;
  }

  begin(): void {
    const { ports, address } = this.#options;
    dial(
      ports,
      { address, cancel: this.#cancel, http2: true },
      {
        connected: (conn) => this.#done(this, conn),
        failed: (error) => {
          this.#done(this, undefined);
          for (const { observer } of this.take()) observer.failed(error);
        },
      },
    );
  }

  add(attempt: Http2Attempt): void {
    const { request, observer } = attempt;
    const waiting: Waiting = { ...attempt, stopListening: () => {} };
    this.#waiting.add(waiting);
    waiting.stopListening = request.cancel.onRaise(() => {
      if (!this.#waiting.delete(waiting)) return;
      observer.failed(new UpstreamError("cancelled", "the request was cancelled", { sent: false }));
      if (this.#waiting.size === 0) this.#cancel.raise(new Error("nobody waits for the connection"));
    });
  }

  /** Those who wait, who will hear no more from here. */
  take(): Waiting[] {
    const all = [...this.#waiting];
    this.#waiting.clear();
    for (const { stopListening } of all) stopListening();
    return all;
  }
}
