import type { HttpLimits } from "./limits.ts";
import { type TimerWheel, WheelEntry } from "./timer-wheel.ts";

type Wait = "head" | "idle" | "linger";

export interface TimedConnection {
  /** A request is being answered. */
  readonly busy: boolean;
  /** A head did not end, no request came, or the client did not hang up after us. Called only when not busy. */
  timedOut(wait: Wait): void;
}

/**
 * The one timer of a client connection. It is not moved by requests, which costs them nothing: when it fires and any
 * was served since it was set, it is set again. An idle connection so lives for one to two idle times.
 */
export class ConnectionTimer {
  readonly #wheel: TimerWheel;
  readonly #limits: HttpLimits;
  readonly #connection: TimedConnection;
  readonly #entry: WheelEntry;
  #wait: Wait = "idle";
  #served = 0;
  #servedWhenSet = 0;

  constructor(
    ports: { readonly wheel: TimerWheel; readonly limits: HttpLimits },
    connection: TimedConnection,
  ) {
    this.#wheel = ports.wheel;
    this.#limits = ports.limits;
    this.#connection = connection;
    this.#entry = new WheelEntry(() => this.#fired());
    // The first request is not waited for as long as a further one.
    this.#wheel.arm(this.#entry, Math.min(this.#limits.headTimeoutMs, this.#limits.idleTimeoutMs));
  }

  /** Requests that have begun. */
  get served(): number {
    return this.#served;
  }

  headBegan(): void {
    this.#wait = "head";
    this.#wheel.arm(this.#entry, this.#limits.headTimeoutMs);
  }

  /** Its head is complete. */
  requestBegan(): void {
    this.#served++;
    this.#wait = "idle";
  }

  /** Our side has ended. */
  linger(): void {
    this.#wait = "linger";
    this.#wheel.arm(this.#entry, this.#limits.lingerMs);
  }

  cancel(): void {
    this.#entry.cancel();
  }

  #fired(): void {
    const isIdle = !this.#connection.busy && this.#served === this.#servedWhenSet;
    if (this.#wait !== "idle" || isIdle) {
      this.#connection.timedOut(this.#wait);
      return;
    }
    this.#servedWhenSet = this.#served;
    this.#wheel.arm(this.#entry, this.#limits.idleTimeoutMs);
  }
}
