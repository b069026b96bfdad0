import type { Socket } from "node:net";
import type { Cancel } from "../base/cancel.ts";

/**
 * A byte stream in both directions, as the HTTP engine sees it: a TCP or TLS socket, one end of a simulated
 * link, or an in-memory pair. The engine never touches a net.Socket (DESIGN §4, Conn).
 */
export interface Conn {
  /** Where the other side is, for X-Forwarded-For and messages; "" when unknown. */
  readonly remoteAddress: string;
  /** Absent where the transport has none. */
  readonly remotePort?: number | undefined;
  readonly localAddress: string;
  /** Encrypted (TLS). */
  readonly secure?: boolean;
  readonly localPort?: number | undefined;
  /** Set exactly once by the owner; bytes that arrived before are delivered then. May be replaced on upgrade. */
  setHandler(handler: ConnHandler): void;
  /** Returns false when the writer should wait for `drain`. The chunk must not be changed afterwards. */
  write(chunk: Uint8Array): boolean;
  /** Within `data`: so many bytes of one body are sure to follow it. */
  expect?(bytes: number): void;
  /** Within `data` of another connection: whether its chunk may be written as it is, though it is used again later. */
  canWriteAsIs?(chunk: Uint8Array): boolean;
  /** Half-close: nothing more will be written. */
  end(): void;
  /** Drops the connection now (RST where the transport has one); `closed` follows. */
  reset(): void;
  /** Stops delivering `data` (bytes stay in the transport); neither `end` nor `closed` may be seen while paused. */
  pause(): void;
  resume(): void;
  /**
   * Gives the stream under this Conn away, to an engine that reads it itself: `early` comes first out of it. The Conn
   * is over then, without a further call to its handler. Absent where there is no such stream.
   */
  detach?(early: Uint8Array): Socket;
}

export interface ConnHandler {
  /** The chunk may be reused by the transport after the call returns: copy what must stay. */
  data(chunk: Uint8Array): void;
  /** The other side half-closed. */
  end(): void;
  /** The write buffer ran empty after `write` had returned false. */
  drain(): void;
  /** The last call: both directions are over; `error` when not by agreement. */
  closed(error?: Error): void;
}

/** A TCP address of this machine's world: never implies port 8012 (DESIGN §4, Addresses). */
export interface Address {
  readonly ip: string;
  readonly port: number;
}

export interface Listener {
  /** The port really bound, when 0 was asked for. */
  readonly address: Address;
  /** Stops accepting; open connections go on. */
  close(): Promise<void>;
}

/** Sockets as a port: real TCP in production, a seeded network in simulation. */
export interface Network {
  /** Rejects with the system's code in `code` (EADDRINUSE, EACCES…). */
  listen(address: Address, onConn: (conn: Conn) => void): Promise<Listener>;
  /** Rejects with `code` ECONNREFUSED, ETIMEDOUT (after `timeoutMs`)…; the caller owns the Conn. */
  connect(address: Address, options: ConnectOptions): Promise<Conn>;
}

export interface ConnectOptions {
  readonly timeoutMs: number;
  /** Gives the attempt up at once, so that those who come and go fast leave nothing behind; where sockets are real. */
  readonly cancel?: Cancel;
  /** HTTP/2 is going to be spoken; where protocols are agreed on (TLS), it is asked for. */
  readonly http2?: boolean;
}
