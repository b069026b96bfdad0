import { type Clock, sleep } from "../base/clock.ts";
import type { Address, Conn, Listener, Network } from "../http/conn.ts";
import type { Handler } from "../http/message.ts";
import { HttpServer } from "../http/server.ts";

/** A client that has not used its open connection for so long is not about to. */
const IDLE_MS = 5_000;
/** No request may take longer by default (max-revision-timeout-seconds); upgraded connections are cut then. */
const DEADLINE_MS = 600_000;
const TUNNELS_LOOK_MS = 1_000;

/** The listeners of a process with their servers. Connections that come before `open` wait for it. */
export class Doors {
  readonly #ports: { readonly clock: Clock; readonly network: Network };
  readonly #servers: HttpServer[] = [];
  readonly #listeners: Listener[] = [];
  #early: (() => void)[] | undefined = [];

  constructor(ports: { readonly clock: Clock; readonly network: Network }) {
    this.#ports = ports;
  }

  /** Resolves with the address really bound; rejects with the system's error. */
  async listen(address: Address, handler: Handler): Promise<Address> {
    const { clock, network } = this.#ports;
    const server = new HttpServer({ clock, handler, http2: true });
    this.#servers.push(server);
    const accept = (conn: Conn) => {
      if (this.#early) this.#early.push(() => server.accept(conn));
      else server.accept(conn);
    };
    const listener = await network.listen(address, accept);
    this.#listeners.push(listener);
    return listener.address;
  }

  open(): void {
    const early = this.#early ?? [];
    this.#early = undefined;
    for (const accept of early) accept();
  }

  /**
   * Another process listens now: serves what is left here, and the next request of each connection that is still open,
   * until the last one is over or the deadline. `others` ends what else has connections.
   */
  async retire(others: () => Promise<void>): Promise<void> {
    const { clock } = this.#ports;
    await this.#stopAccepting();
    for (const server of this.#servers) server.lastRequests();
    await sleep(clock, IDLE_MS);
    const over = async () => {
      await Promise.all([this.drain(), others()]);
      while (this.#tunnelCount > 0) await sleep(clock, TUNNELS_LOOK_MS);
    };
    await Promise.race([over(), sleep(clock, DEADLINE_MS - IDLE_MS)]);
  }

  /** Stops accepting and answers what is in flight. */
  async drain(): Promise<void> {
    await this.#stopAccepting();
    await Promise.all(this.#servers.map((server) => server.drain()));
  }

  async close(): Promise<void> {
    for (const server of this.#servers) server.closeNow();
    await this.#stopAccepting();
  }

  /** Upgraded connections that are not over. */
  get #tunnelCount(): number {
    return this.#servers.reduce((count, { tunnelCount }) => count + tunnelCount, 0);
  }

  async #stopAccepting(): Promise<void> {
    await Promise.all(this.#listeners.splice(0).map((listener) => listener.close()));
  }
}
