import type { Server } from "node:net";
import type { Address, Conn, ConnectOptions, Listener, Network } from "./conn.ts";
import { listenAt } from "./listen-at.ts";
import { SocketError, type SystemNetwork } from "./network.ts";
import { handleOf } from "./socket-handle.ts";

const BACKLOG = 4_096;

/** A listening socket on its way to another process; `handle` is what Node's IPC carries. */
export interface PassedListener {
  readonly address: Address;
  readonly handle: unknown;
}

/**
 * Real TCP whose listening sockets can be passed to a process that takes over. Connections that nobody has accepted
 * yet belong to the socket, not to a process: they wait for whoever accepts next, and none is lost.
 */
export class PassingNetwork implements Network {
  readonly #network: SystemNetwork;
  readonly #open = new Map<string, { address: Address; server: Server }>();
  readonly #inherited = new Map<string, PassedListener>();

  constructor(network: SystemNetwork) {
    this.#network = network;
  }

  connect(address: Address, options: ConnectOptions): Promise<Conn> {
    return this.#network.connect(address, options);
  }

  /** The inherited socket of that address when there is one, else a new one. */
  listen(address: Address, onConn: (conn: Conn) => void): Promise<Listener> {
    const server = this.#network.serverFor(onConn);
    const inherited = this.#inherited.get(keyOf(address));
    this.#inherited.delete(keyOf(address));
    return new Promise((resolve, reject) => {
      server.once("error", (error: NodeJS.ErrnoException) => {
        const message = `cannot listen on ${keyOf(address)}: ${error.message}`;
        reject(new SocketError(error.code ?? "EUNKNOWN", message, { cause: error }));
      });
      const listening = () => {
        server.removeAllListeners("error");
        const bound = server.address();
        const port = typeof bound === "object" && bound ? bound.port : address.port;
        resolve(this.#opened({ ip: address.ip, port }, server));
      };
      if (inherited) server.listen(inherited.handle, BACKLOG, listening);
      else listenAt(server, { host: address.ip, port: address.port, backlog: BACKLOG }, listening);
    });
  }

  /** To be listened on by the next `listen` on its address. */
  inherit(listener: PassedListener): void {
    this.#inherited.set(keyOf(listener.address), listener);
  }

  /** Closes what nobody listens on: the pod went while its sockets were on their way. */
  dropUnclaimed(): void {
    for (const { handle } of this.#inherited.values()) (handle as { close(): void }).close();
    this.#inherited.clear();
  }

  /** Every socket that this process listens on. It goes on listening until it closes its own listeners. */
  get listening(): PassedListener[] {
    return [...this.#open.values()].map(({ address, server }) => ({ address, handle: handleOf(server) }));
  }

  #opened(address: Address, server: Server): Listener {
    const key = keyOf(address);
    this.#open.set(key, { address, server });
    return {
      address,
      // Node's callback would wait for every open connection; the port is free at once.
      close: async () => {
        if (this.#open.get(key)?.server === server) this.#open.delete(key);
        server.close();
      },
    };
  }
}

function keyOf({ ip, port }: Address): string {
  return `${ip}:${port}`;
}
