import { createServer, connect as netConnect, type Server, type Socket } from "node:net";
import type { Clock } from "../base/clock.ts";
import { EbbError } from "../base/errors.ts";
import type { Address, Conn, ConnectOptions, Listener, Network } from "./conn.ts";
import { listenAt } from "./listen-at.ts";
import { READ_BUFFERS } from "./read-buffers.ts";
import { SocketConn, TurnWrites } from "./socket-conn.ts";
import { type OwnReads, readingInto } from "./socket-handle.ts";

/** A socket could not be had; `code` is the system's (ECONNREFUSED, ETIMEDOUT, EADDRINUSE…). */
export class SocketError extends EbbError {}

const KEEP_ALIVE_MS = 5_000;
const BACKLOG = 4_096;

/** Real TCP over node:net. */
export function systemNetwork(clock: Clock): SystemNetwork {
  return new SystemNetwork(clock);
}

export class SystemNetwork implements Network {
  readonly #clock: Clock;
  readonly #writes: TurnWrites;

  constructor(clock: Clock) {
    this.#clock = clock;
    this.#writes = new TurnWrites(clock);
  }

  /** A server that gives its connections to `onConn` and does not listen yet. */
  serverFor(onConn: (conn: Conn) => void): Server {
    const options = { allowHalfOpen: true, noDelay: true, keepAlive: true, pauseOnConnect: true };
    const server = createServer(options, (socket) => onConn(accepted(socket, server, this.#writes)));
    return server;
  }

  listen(address: Address, onConn: (conn: Conn) => void): Promise<Listener> {
    const server = this.serverFor(onConn);
    return new Promise((resolve, reject) => {
      server.once("error", (error: NodeJS.ErrnoException) => {
        reject(socketError(error, `cannot listen on ${address.ip}:${address.port}`));
      });
      listenAt(server, { host: address.ip, port: address.port, backlog: BACKLOG }, () => {
        server.removeAllListeners("error");
        const bound = server.address();
        const port = typeof bound === "object" && bound ? bound.port : address.port;
        resolve({
          address: { ip: address.ip, port },
          // Node's callback would wait for every open connection; the port is free at once.
          close: async () => void server.close(),
        });
      });
    });
  }

  connect(address: Address, options: ConnectOptions): Promise<Conn> {
    return connect({ clock: this.#clock, writes: this.#writes }, address, options);
  }
}

/** The same connection as a socket that reads into our buffer, where that can be had. */
function accepted(socket: Socket, server: Server, writes: TurnWrites): SocketConn {
  let conn: SocketConn | undefined;
  const own = readingInto(
    socket,
    server,
    ownReads(() => conn),
  );
  conn = new SocketConn(own ?? socket, writes);
  return conn;
}

/** Node's option `onread`; nothing is read before there is a Conn. */
function ownReads(conn: () => SocketConn | undefined): OwnReads {
  return {
    buffer: () => conn()?.nextBuffer() ?? READ_BUFFERS.shared,
    callback: (size, buffer) => conn()?.received(buffer, size) ?? true,
  };
}

interface ConnectPorts {
  readonly clock: Clock;
  readonly writes: TurnWrites;
}

function connect({ clock, writes }: ConnectPorts, address: Address, options: ConnectOptions): Promise<Conn> {
  const { timeoutMs, cancel } = options;
  return new Promise((resolve, reject) => {
    let conn: SocketConn | undefined;
    const socket = netConnect({
      host: address.ip,
      port: address.port,
      allowHalfOpen: true,
      noDelay: true,
      keepAlive: true,
      keepAliveInitialDelay: KEEP_ALIVE_MS,
      autoSelectFamily: false,
      onread: ownReads(() => conn),
    });
    const what = `connect ${address.ip}:${address.port}`;
    let stopListening: (() => void) | undefined;
    const settled = () => {
      timer.cancel();
      stopListening?.();
    };
    const giveUp = (code: string, why: string) => {
      settled();
      socket.destroy();
      reject(new SocketError(code, `${what}: ${why}`));
    };
    const timer = clock.schedule(timeoutMs, () => giveUp("ETIMEDOUT", `no answer within ${timeoutMs} ms`));
    stopListening = cancel?.onRaise(() => giveUp("ECANCELED", "nobody wants it any more"));
    const onError = (error: NodeJS.ErrnoException) => {
      settled();
      reject(socketError(error, what));
    };
    socket.once("error", onError);
    socket.once("connect", () => {
      settled();
      socket.off("error", onError);
      conn = new SocketConn(socket, writes);
      resolve(conn);
    });
  });
}

function socketError(error: NodeJS.ErrnoException, what: string): SocketError {
  return new SocketError(error.code ?? "EUNKNOWN", `${what}: ${error.message}`, { cause: error });
}
