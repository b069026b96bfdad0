import type { Socket } from "node:net";
import type { SecureContext, Server } from "node:tls";
import type { Clock } from "../base/clock.ts";
import type { Conn } from "./conn.ts";
import { TurnWrites } from "./socket-conn.ts";
import { connOf, secureOptions, type TlsIdentity, type TlsSettings, tlsLibrary } from "./tls-identity.ts";

/**
 * Asked at each handshake: whoever returns another identity has reloaded it. The name is the client's, or undefined
 * where it gave none. No identity = the handshake fails.
 */
export type IdentityFor = (serverName: string | undefined) => TlsIdentity | undefined;

export interface TlsAcceptorOptions {
  readonly clock: Clock;
  readonly identityFor: IdentityFor;
  readonly settings?: TlsSettings;
  /** Handshakes that are not over; beyond it the oldest is dropped for the newest. Default 1,000. */
  readonly handshakesMax?: number;
}

/** A handshake takes a round trip or two; whoever needs longer is not serious (Go: the head's minute). */
const HANDSHAKE_MS = 10_000;
const HANDSHAKES_MAX = 1_000;
/** A context takes 24 KiB; one that is made anew costs two milliseconds. */
const CONTEXTS_MAX = 500;
const HANDSHAKE_RECORD = 22;
/** What Go's server says, byte for byte. */
const NOT_TLS = Buffer.from(
  "HTTP/1.0 400 Bad Request\r\n\r\nClient sent an HTTP request to an HTTPS server.\n",
);
/** So long the answer may take to be read. */
const FAREWELL_MS = 1_000;
const SERVER_PROTOCOLS = ["h2", "http/1.1"];

/** A connection on its way to being encrypted. */
interface Handshake {
  /** Its time is up, or its place is wanted. */
  drop(): void;
  over(): void;
}

/** The server's side of TLS: give it plain connections, it gives encrypted ones to `onConn`. */
export class TlsAcceptor {
  readonly #options: TlsAcceptorOptions;
  readonly #onConn: (conn: Conn) => void;
  readonly #writes: TurnWrites;
  /** By peer, oldest first. */
  readonly #handshakes = new Map<string, Handshake>();
  readonly #contexts = new Map<TlsIdentity, SecureContext>();
  /** Made by the first handshake. */
  #server: Server | undefined;
  #identity: TlsIdentity | undefined;

  constructor(options: TlsAcceptorOptions, onConn: (conn: Conn) => void) {
    this.#options = options;
    this.#onConn = onConn;
    this.#writes = new TurnWrites(options.clock);
  }

  /** Handshakes that are not over. */
  get handshakeCount(): number {
    return this.#handshakes.size;
  }

  /** Bound: `network.listen(address, acceptor.accept)`. */
  readonly accept = (conn: Conn): void => {
    const handshake = this.#begin(conn);
    conn.setHandler({
      // The first byte tells whether this is a handshake at all.
      data: (first) => {
        const socket = first[0] === HANDSHAKE_RECORD ? conn.detach?.(first) : undefined;
        if (socket === undefined) {
          handshake.over();
          this.#refuse(conn);
          return;
        }
        handshake.drop = () => socket.destroy();
        socket.once("close", handshake.over);
        this.#shakeHands(socket);
      },
      end: () => conn.reset(),
      drain() {},
      closed: handshake.over,
    });
  };

  /** Drops what is not encrypted yet. */
  close(): void {
    for (const handshake of [...this.#handshakes.values()]) handshake.drop();
  }

  #begin(conn: Conn): Handshake {
    const { clock, handshakesMax = HANDSHAKES_MAX } = this.#options;
    const peer = peerOf(conn);
    const timer = clock.schedule(HANDSHAKE_MS, () => handshake.drop());
    const handshake: Handshake = {
      drop: () => conn.reset(),
      over: () => {
        timer.cancel();
        if (this.#handshakes.get(peer) === handshake) this.#handshakes.delete(peer);
      },
    };
    // Those who are serious are through long before so many others have come.
    const [oldest] = this.#handshakes.values();
    if (this.#handshakes.size >= handshakesMax) oldest?.drop();
    this.#handshakes.set(peer, handshake);
    return handshake;
  }

  #refuse(conn: Conn): void {
    const timer = this.#options.clock.schedule(FAREWELL_MS, () => conn.reset());
    conn.setHandler({ data() {}, end() {}, drain() {}, closed: () => timer.cancel() });
    conn.write(NOT_TLS);
    conn.end();
  }

  #shakeHands(socket: Socket): void {
    const { identityFor, settings } = this.#options;
    const server = this.#server ?? this.#makeServer();
    const identity = identityFor(undefined);
    if (identity !== undefined && identity !== this.#identity) {
      this.#identity = identity;
      server.setSecureContext({ ...identity, ...secureOptions(settings) });
    }
    server.emit("connection", socket);
  }

  #makeServer(): Server {
    const { settings } = this.#options;
    const { clients } = settings ?? {};
    const server = tlsLibrary().createServer({
      ...secureOptions(settings),
      ...(clients && { requestCert: true, rejectUnauthorized: clients.required }),
      ALPNProtocols: SERVER_PROTOCOLS,
      SNICallback: (name, done) => done(null, this.#contextFor(name)),
    });
    server.on("secureConnection", (socket) => {
      // Who need not show a certificate must not show a wrong one either.
      const isFalse = clients && !socket.authorized && socket.getPeerX509Certificate() !== undefined;
      if (isFalse) return socket.destroy();
      // A client that has said all it wants to say still reads the answer.
      socket.allowHalfOpen = true;
      const conn = connOf(socket, this.#writes);
      this.#handshakes.get(peerOf(conn))?.over();
      this.#onConn(conn);
    });
    server.on("tlsClientError", (_error, socket) => socket.destroy());
    this.#server = server;
    return server;
  }

  #contextFor(serverName: string): SecureContext | undefined {
    const { identityFor, settings } = this.#options;
    const identity = identityFor(serverName);
    if (identity === undefined) return undefined;
    const known = this.#contexts.get(identity);
    const context = known ?? tlsLibrary().createSecureContext({ ...identity, ...secureOptions(settings) });
    // The one that was used last stands last.
    this.#contexts.delete(identity);
    this.#contexts.set(identity, context);
    const [oldest] = this.#contexts.keys();
    if (this.#contexts.size > CONTEXTS_MAX && oldest) this.#contexts.delete(oldest);
    return context;
  }
}

/** The same before and after a connection is encrypted. */
function peerOf({ remoteAddress, remotePort, localAddress }: Conn): string {
  return `${remoteAddress} ${remotePort} ${localAddress}`;
}
