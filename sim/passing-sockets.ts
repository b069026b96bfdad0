import type { Address, Conn, Listener, Network } from "../src/http/conn.ts";
import type { PassedListener } from "../src/http/passing-network.ts";
import type { SocketPassing } from "../src/programs/hand-over.ts";
import type { HandleLink, memoryLinkPair } from "../src/programs/process-link.ts";
import type { SimNetwork } from "./network.ts";

/** What PassingNetwork is in production: the listening sockets of one process, which another may take over. */
export class PassingSockets implements Network, SocketPassing {
  readonly #machine: SimNetwork;
  readonly #network: Network;
  readonly #open = new Map<string, Address>();

  /** `network` is the process's own view of `machine`. */
  constructor(machine: SimNetwork, network: Network) {
    this.#machine = machine;
    this.#network = network;
  }

  connect(address: Address, options: { timeoutMs: number }): Promise<Conn> {
    return this.#network.connect(address, options);
  }

  async listen(address: Address, onConn: (conn: Conn) => void): Promise<Listener> {
    const listener = await this.#network.listen(address, onConn);
    const key = `${listener.address.ip}:${listener.address.port}`;
    this.#open.set(key, listener.address);
    return {
      address: listener.address,
      close: () => {
        this.#open.delete(key);
        return listener.close();
      },
    };
  }

  /** From here on the machine keeps connections for whoever takes the sockets. */
  get listening(): PassedListener[] {
    return [...this.#open.values()].map((address) => {
      this.#machine.pass(address);
      return { address, handle: null };
    });
  }

  inherit({ address }: PassedListener): void {
    this.#machine.pass(address);
  }

  dropUnclaimed(): void {
    this.#machine.dropPassing();
  }
}

/** A link whose handles are plain data, as the simulated sockets are. */
export function withHandles(link: ReturnType<typeof memoryLinkPair>["near"]): HandleLink {
  return {
    send: (channel, message) => link.send(channel, message),
    listen: (channel, onMessage) => link.listen(channel, onMessage),
    onClosed: (listener) => link.onClosed(listener),
    async sendHandle(channel, message, handle) {
      link.send(channel, { message, handle });
    },
    listenHandles(channel, onHandle) {
      link.listen(channel, (envelope) => {
        const { message, handle } = envelope as { message: unknown; handle: unknown };
        onHandle(message, handle);
      });
    },
  };
}
