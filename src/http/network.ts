import { createServer, connect as netConnect, type Socket } from "node:net";
import type { Clock } from "../base/clock.ts";
import { EbbError } from "../base/errors.ts";
import type { Address, Conn, ConnHandler, Listener, Network } from "./conn.ts";

/** A socket could not be had; `code` is the system's (ECONNREFUSED, ETIMEDOUT, EADDRINUSE…). */
export class SocketError extends EbbError {}

const READ_BUFFER_BYTES = 64 * 1024;
const KEEP_ALIVE_MS = 5_000;
const BACKLOG = 4_096;

/** Real TCP over node:net. */
export function systemNetwork(clock: Clock): Network {
  return {
    listen,
    connect: (address, options) => connect(clock, address, options.timeoutMs),
  };
}

function listen(address: Address, onConn: (conn: Conn) => void): Promise<Listener> {
  const server = createServer({ allowHalfOpen: true, noDelay: true, keepAlive: true }, (socket) => {
    onConn(new SocketConn(socket));
  });
  return new Promise((resolve, reject) => {
    server.once("error", (error: NodeJS.ErrnoException) => {
      reject(socketError(error, `cannot listen on ${address.ip}:${address.port}`));
    });
    server.listen({ host: address.ip, port: address.port, backlog: BACKLOG }, () => {
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

function connect(clock: Clock, address: Address, timeoutMs: number): Promise<Conn> {
  return new Promise((resolve, reject) => {
    // One buffer for a connection's life: what Node gives otherwise is a new 64 KiB allocation for every read.
    const buffer = Buffer.allocUnsafeSlow(READ_BUFFER_BYTES);
    let conn: SocketConn | undefined;
    const socket = netConnect({
      host: address.ip,
      port: address.port,
      allowHalfOpen: true,
      noDelay: true,
      keepAlive: true,
      keepAliveInitialDelay: KEEP_ALIVE_MS,
      autoSelectFamily: false,
      onread: {
        buffer,
        callback: (size) => {
          conn?.received(buffer.subarray(0, size));
          return true;
        },
      },
    });
    const timer = clock.schedule(timeoutMs, () => {
      socket.destroy();
      reject(
        new SocketError(
          "ETIMEDOUT",
          `connect ${address.ip}:${address.port}: no answer within ${timeoutMs} ms`,
        ),
      );
    });
    const onError = (error: NodeJS.ErrnoException) => {
      timer.cancel();
      reject(socketError(error, `connect ${address.ip}:${address.port}`));
    };
    socket.once("error", onError);
    socket.once("connect", () => {
      timer.cancel();
      socket.off("error", onError);
      conn = new SocketConn(socket);
      resolve(conn);
    });
  });
}

function socketError(error: NodeJS.ErrnoException, what: string): SocketError {
  return new SocketError(error.code ?? "EUNKNOWN", `${what}: ${error.message}`, { cause: error });
}

/** An IPv4 client of a socket for both families is named by its IPv4 address. */
function plainAddress(address: string): string {
  return address.startsWith("::ffff:") && address.includes(".") ? address.slice(7) : address;
}

/** A node:net (or node:tls) socket as Conn. */
export class SocketConn implements Conn {
  readonly remoteAddress: string;
  readonly remotePort: number | undefined;
  readonly localAddress: string;
  readonly #socket: Socket;
  #handler: ConnHandler | undefined;
  #error: Error | undefined;
  /** Arrived before anyone listened; only what one read brings, since the socket is paused until then. */
  #waiting: Buffer[] = [];
  #ended = false;
  #closed = false;

  constructor(socket: Socket) {
    this.#socket = socket;
    this.remoteAddress = plainAddress(socket.remoteAddress ?? "");
    this.remotePort = socket.remotePort;
    this.localAddress = socket.localAddress ?? "";
    socket.on("error", this.#onError);
    socket.on("end", this.#onEnd);
    socket.on("drain", this.#onDrain);
    socket.on("close", this.#onClose);
  }

  readonly #onError = (error: Error): void => {
    this.#error = error;
  };

  readonly #onEnd = (): void => {
    this.#ended = true;
    this.#handler?.end();
  };

  readonly #onDrain = (): void => this.#handler?.drain();

  readonly #onClose = (): void => {
    this.#closed = true;
    this.#handler?.closed(this.#error);
  };

  setHandler(handler: ConnHandler): void {
    const first = this.#handler === undefined;
    this.#handler = handler;
    if (!first) return;
    for (const chunk of this.#waiting) handler.data(chunk);
    this.#waiting = [];
    if (this.#ended) handler.end();
    if (this.#closed) handler.closed(this.#error);
    this.#socket.on("data", this.#onData);
  }

  readonly #onData = (chunk: Buffer): void => {
    this.#handler?.data(chunk);
  };

  /** Bytes read into a buffer that is used again. */
  received(chunk: Buffer): void {
    if (this.#handler) this.#handler.data(chunk);
    else this.#waiting.push(Buffer.from(chunk));
  }

  write(chunk: Uint8Array): boolean {
    return this.#socket.writable ? this.#socket.write(chunk) : true;
  }

  end(): void {
    this.#socket.end();
  }

  reset(): void {
    // libuv refuses a reset while a shutdown is pending, and Node leaks the handle then.
    if (this.#socket.writableEnded) this.#socket.destroy();
    else this.#socket.resetAndDestroy();
  }

  pause(): void {
    this.#socket.pause();
  }

  resume(): void {
    this.#socket.resume();
  }

  detach(early: Uint8Array): Socket {
    const socket = this.#socket;
    socket.off("data", this.#onData);
    socket.off("error", this.#onError);
    socket.off("end", this.#onEnd);
    socket.off("drain", this.#onDrain);
    socket.off("close", this.#onClose);
    this.#handler = undefined;
    // Not one that fills a buffer of ours: it flows nowhere, and would not be read again.
    if (socket.readableFlowing) socket.pause();
    // Whoever reads from now on has no use for half a connection.
    socket.allowHalfOpen = false;
    const bytes = Buffer.concat([...this.#waiting, early]);
    this.#waiting = [];
    if (bytes.length > 0) socket.unshift(bytes);
    return socket;
  }
}
