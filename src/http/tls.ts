import { createServer, type Server, type Socket } from "node:net";
import type * as Tls from "node:tls";
import type { SecureContext, SecureContextOptions, SecureVersion, TLSSocket } from "node:tls";
import type { Clock } from "../base/clock.ts";
import { EbbError, messageOf } from "../base/errors.ts";
import type { Address, Conn, ConnectOptions, Listener, Network } from "./conn.ts";
import { SocketError } from "./network.ts";
import { SocketConn, TurnWrites } from "./socket-conn.ts";

/** A certificate chain and its key, both as PEM. Another object = other certificates. */
export interface TlsIdentity {
  readonly cert: string;
  readonly key: string;
}

export interface TlsSettings {
  /** Default TLS 1.3 (spec Q-005). */
  readonly minVersion?: SecureVersion;
  readonly maxVersion?: SecureVersion;
  /** In OpenSSL's words. */
  readonly ciphers?: string;
  /** In OpenSSL's words, `X25519:P-256`. */
  readonly curves?: string;
}

export interface TlsTrust {
  /** PEM; default the system's. Asked at each connection, so that it may change. */
  readonly authorities?: () => string | undefined;
  /** Told to the server, which chooses its certificate by it; "" = nothing is told. */
  readonly serverName: string;
  /** One of these must be in the certificate (spec T-011); default `serverName`. */
  readonly acceptedNames?: readonly string[];
  /** Whoever answers is believed, as the kubelet believes what it probes. */
  readonly isBlind?: boolean;
}

export interface TlsNetworkOptions {
  readonly clock: Clock;
  /**
   * Asked at each handshake: whoever returns another identity has reloaded it. The name is the client's, or undefined
   * where it gave none. Absent = nothing can listen.
   */
  readonly identityFor?: (serverName: string | undefined) => TlsIdentity | undefined;
  readonly settings?: TlsSettings;
  /** Absent = nothing can be connected to. */
  readonly trust?: TlsTrust;
}

/** A handshake takes a round trip or two; whoever needs longer is not serious (Go: the head's minute). */
const HANDSHAKE_MS = 10_000;
const BACKLOG = 4_096;
const HANDSHAKE_RECORD = 22;
/** What Go's server says, byte for byte. */
const NOT_TLS = "HTTP/1.0 400 Bad Request\r\n\r\nClient sent an HTTP request to an HTTPS server.\n";
const SERVER_PROTOCOLS = ["h2", "http/1.1"];

/** TLS over node:net as a Network: listeners answer handshakes, connections are verified. */
export function tlsNetwork(options: TlsNetworkOptions): Network {
  const writes = new TurnWrites(options.clock);
  return {
    listen: (address, onConn) => new TlsListening(options, writes, onConn).listen(address),
    connect: (address, how) => connectTls(options, writes, { address, ...how }),
  };
}

/** node:tls costs memory and time at the start, which only those shall pay who use it. */
function tlsLibrary(): typeof Tls {
  return process.getBuiltinModule("node:tls");
}

class TlsListening {
  readonly #options: TlsNetworkOptions;
  readonly #contexts = new WeakMap<TlsIdentity, SecureContext>();
  readonly #handshakes: Tls.Server;
  readonly #server: Server;
  #identity: TlsIdentity | undefined;

  constructor(options: TlsNetworkOptions, writes: TurnWrites, onConn: (conn: Conn) => void) {
    this.#options = options;
    this.#handshakes = tlsLibrary().createServer({
      ...secureOptions(options.settings),
      ALPNProtocols: SERVER_PROTOCOLS,
      handshakeTimeout: HANDSHAKE_MS,
      SNICallback: (name, done) => done(null, this.#contextFor(name)),
    });
    this.#handshakes.on("secureConnection", (socket) => onConn(connOf(socket, writes)));
    this.#handshakes.on("tlsClientError", (_error, socket) => socket.destroy());
    const sockets = { allowHalfOpen: true, noDelay: true, keepAlive: true };
    this.#server = createServer(sockets, (socket) => this.#greet(socket));
  }

  listen(address: Address): Promise<Listener> {
    const server = this.#server;
    return new Promise((resolve, reject) => {
      server.once("error", (error: NodeJS.ErrnoException) => {
        const what = `cannot listen on ${address.ip}:${address.port}: ${error.message}`;
        reject(new SocketError(error.code ?? "EUNKNOWN", what, { cause: error }));
      });
      server.listen({ host: address.ip, port: address.port, backlog: BACKLOG }, () => {
        server.removeAllListeners("error");
        const bound = server.address();
        const port = typeof bound === "object" && bound ? bound.port : address.port;
        resolve({ address: { ip: address.ip, port }, close: async () => void server.close() });
      });
    });
  }

  /** The first byte tells whether this is a handshake at all. */
  #greet(socket: Socket): void {
    const dropped = () => socket.destroy();
    socket.on("error", dropped);
    const timer = this.#options.clock.schedule(HANDSHAKE_MS, dropped);
    socket.once("close", () => timer.cancel());
    const onReadable = () => {
      const first = socket.read() as Buffer | null;
      if (first === null) {
        if (socket.readableEnded || socket.destroyed) return;
        socket.once("readable", onReadable);
        return;
      }
      timer.cancel();
      if (first[0] !== HANDSHAKE_RECORD) {
        socket.end(NOT_TLS);
        socket.destroySoon();
        return;
      }
      socket.off("error", dropped);
      socket.unshift(first);
      this.#shakeHands(socket);
    };
    socket.once("readable", onReadable);
  }

  #shakeHands(socket: Socket): void {
    const identity = this.#options.identityFor?.(undefined);
    if (identity !== undefined && identity !== this.#identity) {
      this.#identity = identity;
      this.#handshakes.setSecureContext({ ...identity, ...secureOptions(this.#options.settings) });
    }
    this.#handshakes.emit("connection", socket);
  }

  #contextFor(serverName: string): SecureContext | undefined {
    const identity = this.#options.identityFor?.(serverName);
    if (identity === undefined) return undefined;
    let context = this.#contexts.get(identity);
    if (context === undefined) {
      context = tlsLibrary().createSecureContext({ ...identity, ...secureOptions(this.#options.settings) });
      this.#contexts.set(identity, context);
    }
    return context;
  }
}

function secureOptions(settings: TlsSettings = {}): SecureContextOptions {
  const { minVersion = "TLSv1.3", maxVersion, ciphers, curves } = settings;
  return {
    minVersion,
    ...(maxVersion && { maxVersion }),
    ...(ciphers && { ciphers }),
    ...(curves && { ecdhCurve: curves }),
  };
}

/** A TLS connection cannot be reset: without the last record of its kind the other side knows that it broke off. */
function connOf(socket: TLSSocket, writes: TurnWrites): Conn {
  Object.assign(socket, { resetAndDestroy: () => socket.destroy() });
  return new SocketConn(socket, writes);
}

type Target = ConnectOptions & { readonly address: Address };

function connectTls(options: TlsNetworkOptions, writes: TurnWrites, target: Target): Promise<Conn> {
  const { trust, clock, settings } = options;
  const { address, timeoutMs, http2 } = target;
  const where = `connect ${address.ip}:${address.port}`;
  if (trust === undefined) return Promise.reject(new SocketError("ENOTRUST", `${where}: nothing is trusted`));
  const ca = trust.authorities?.();
  const names = trust.acceptedNames ?? [trust.serverName];
  const { connect, checkServerIdentity } = tlsLibrary();
  const { promise, resolve, reject } = Promise.withResolvers<Conn>();
  const socket = connect({
    ...secureOptions(settings),
    host: address.ip,
    port: address.port,
    ...(trust.serverName !== "" && { servername: trust.serverName }),
    rejectUnauthorized: trust.isBlind !== true,
    ALPNProtocols: [http2 ? "h2" : "http/1.1"],
    ...(ca !== undefined && { ca }),
    checkServerIdentity: (_host, certificate) => {
      if (names.some((name) => checkServerIdentity(name, certificate) === undefined)) return undefined;
      return new EbbError("ENAME", `the certificate is for none of ${names.join(", ")}`);
    },
  });
  socket.allowHalfOpen = true;
  socket.setNoDelay();
  const timer = clock.schedule(timeoutMs, () => {
    socket.destroy();
    reject(new SocketError("ETIMEDOUT", `${where}: no answer within ${timeoutMs} ms`));
  });
  const onError = (error: NodeJS.ErrnoException) => {
    timer.cancel();
    reject(new SocketError(error.code ?? "EUNKNOWN", `${where}: ${messageOf(error)}`, { cause: error }));
  };
  socket.once("error", onError);
  socket.once("secureConnect", () => {
    timer.cancel();
    socket.off("error", onError);
    resolve(connOf(socket, writes));
  });
  return promise;
}

/** Throws unless the two belong together and can be used: to be asked before an identity is changed. */
export function checkIdentity(identity: TlsIdentity): void {
  tlsLibrary().createSecureContext({ ...identity });
}
