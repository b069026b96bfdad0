import { sleep } from "../base/clock.ts";
import { type RefusalPorts, tellRefusals } from "../data-plane/refusals.ts";
import type { Address, Conn, Listener, Network } from "../http/conn.ts";
import type { Handler } from "../http/message.ts";
import type { OnRefusal } from "../http/refusal.ts";
import { HttpServer } from "../http/server.ts";
import { type IdentityFor, TlsAcceptor } from "../http/tls-acceptor.ts";

/** A client that has not used its open connection for so long is not about to. */
const IDLE_MS = 5_000;
/** No request may take longer by default (max-revision-timeout-seconds); upgraded connections are cut then. */
const DEADLINE_MS = 600_000;
const TUNNELS_LOOK_MS = 1_000;
/** Clients from everywhere come to a door, and not all are of this year. */
const CLIENTS_TLS = { minVersion: "TLSv1.2" } as const;

export interface DoorPorts extends RefusalPorts {
  readonly network: Network;
}

/** The listeners of a process with their servers. Connections that come before `open` wait for it. */
export class Doors {
  readonly #ports: DoorPorts;
  readonly #onRefusal: OnRefusal;
  readonly #servers: HttpServer[] = [];
  readonly #listeners: Listener[] = [];
  readonly #acceptors: TlsAcceptor[] = [];
  #early: (() => void)[] | undefined = [];

  constructor(ports: DoorPorts) {
    this.#ports = ports;
    this.#onRefusal = tellRefusals(ports);
  }

  /**
   * Resolves with the address really bound; rejects with the system's error. With `identityFor` connections are
   * encrypted; those that come before `open` shake hands after it, when certificates are known.
   */
  async listen(address: Address, handler: Handler, identityFor?: IdentityFor): Promise<Address> {
    const { clock, network } = this.#ports;
    const server = new HttpServer({ clock, handler, http2: true, onRefusal: this.#onRefusal });
    const accept = identityFor ? this.#secured(server, identityFor) : server.accept;
    const listener = await network.listen(address, (conn: Conn) => {
      if (this.#early) this.#early.push(() => accept(conn));
      else accept(conn);
    });
    this.#servers.push(server);
    this.#listeners.push(listener);
    return listener.address;
  }

  #secured(server: HttpServer, identityFor: IdentityFor): (conn: Conn) => void {
    const { clock } = this.#ports;
    const acceptor = new TlsAcceptor({ clock, identityFor, settings: CLIENTS_TLS }, server.accept);
    this.#acceptors.push(acceptor);
    return acceptor.accept;
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
    for (const acceptor of this.#acceptors) acceptor.close();
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
