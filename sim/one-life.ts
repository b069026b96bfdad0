import type { Clock, Timer } from "../src/base/clock.ts";
import { EbbError } from "../src/base/errors.ts";
import type { Address, Conn, Listener, Network } from "../src/http/conn.ts";

/**
 * The ports of one life of the engine: after `kill` nothing it does reaches the machine any more, its sockets are reset
 * and its timers gone, as when its processes got SIGKILL. What runs on in its memory talks to nobody.
 */
export class OneLife {
  #alive = true;
  readonly #timers = new Set<Timer>();
  readonly #listeners = new Set<Listener>();
  readonly #conns = new Set<Conn>();

  get alive(): boolean {
    return this.#alive;
  }

  kill(): void {
    this.#alive = false;
    for (const timer of this.#timers) timer.cancel();
    for (const listener of this.#listeners) void listener.close();
    for (const conn of this.#conns) conn.reset();
  }

  /** The clock of one process of this life. */
  clock({ clock }: { readonly clock: Clock }): Clock {
    return {
      wall: () => clock.wall(),
      monotonic: () => clock.monotonic(),
      schedule: (delayMs, task) => {
        if (!this.#alive) return { cancel() {} };
        const timer = clock.schedule(delayMs, () => {
          this.#timers.delete(timer);
          task();
        });
        this.#timers.add(timer);
        return {
          cancel: () => {
            this.#timers.delete(timer);
            timer.cancel();
          },
        };
      },
    };
  }

  /** The network as one process of this life has it. */
  network(network: Network): Network {
    return {
      listen: async (address: Address, onConn: (conn: Conn) => void) => {
        if (!this.#alive) return never();
        const listener = await network.listen(address, (conn) => {
          this.#conns.add(conn);
          onConn(conn);
        });
        this.#listeners.add(listener);
        return listener;
      },
      connect: async (address: Address, options: { timeoutMs: number }) => {
        if (!this.#alive) return never();
        const conn = await network.connect(address, options);
        if (!this.#alive) {
          conn.setHandler({ data() {}, end() {}, drain() {}, closed() {} });
          conn.reset();
          return never();
        }
        this.#conns.add(conn);
        return conn;
      },
    };
  }

  /** The same object while this life lasts; calls made after it never come back, or throw where nobody would wait. */
  port<T extends object>(target: T): T {
    return new Proxy(target, {
      get: (_, name) => {
        const value: unknown = Reflect.get(target, name, target);
        if (typeof value !== "function") return value;
        if (this.#alive) return value.bind(target);
        return () => {
          if (SYNCHRONOUS.has(String(name))) throw new EbbError("killed", `${String(name)} after the end`);
          return never();
        };
      },
    });
  }
}

const SYNCHRONOUS = new Set(["append", "revisionOf", "onSequenced", "onDurable", "onFailure"]);

function never<T>(): Promise<T> {
  return new Promise(() => {});
}
