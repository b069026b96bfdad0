import type { Clock } from "../base/clock.ts";
import { EbbError } from "../base/errors.ts";
import { Allowance } from "./allowance.ts";
import type { Conn } from "./conn.ts";
import { HeadBudget } from "./head-budget.ts";
import { HTTP2_PREFACE_HEAD } from "./head-parser.ts";
import { Http2ServerConnection } from "./http2-server-connection.ts";
import { DEFAULT_LIMITS, type HttpLimits } from "./limits.ts";
import type { Handler } from "./message.ts";
import type { OnRefusal } from "./refusal.ts";
import { ServerConnection } from "./server-connection.ts";
import type { ServedConnection, ServerContext } from "./server-context.ts";
import { TimerWheel } from "./timer-wheel.ts";

export interface HttpServerOptions {
  readonly clock: Clock;
  readonly handler: Handler;
  readonly limits?: Partial<HttpLimits>;
  /** Shared by what lives together; default one of the server's own. */
  readonly wheel?: TimerWheel;
  /** HTTP/2 is spoken with clients that begin with its preface (prior knowledge, or agreed by ALPN); default false. */
  readonly http2?: boolean;
  /** Default: nobody is told. */
  readonly onRefusal?: OnRefusal;
}

/** The server is being closed, as the reason of `Exchange.cancel`. */
class ServerClosed extends EbbError {
  constructor() {
    super("server-closed", "the server is being closed");
  }
}

/** The server side of the HTTP engine: give it connections, it gives exchanges to the handler. */
export class HttpServer implements ServerContext {
  readonly limits: HttpLimits;
  readonly handler: Handler;
  readonly heads: HeadBudget;
  readonly unreadHttp2Bodies: Allowance;
  readonly wideHttp2: Allowance;
  readonly wheel: TimerWheel;
  readonly onRefusal: OnRefusal;
  readonly #clock: Clock;
  readonly #http2: boolean;
  readonly #connections = new Set<ServedConnection>();
  readonly #tunnels = new Set<Conn>();
  #draining = false;
  #drained: (() => void)[] = [];
  #inFlight = 0;
  #dateSecond = 0;
  #date = "";

  constructor(options: HttpServerOptions) {
    this.#clock = options.clock;
    this.handler = options.handler;
    this.onRefusal = options.onRefusal ?? (() => []);
    this.#http2 = options.http2 ?? false;
    this.limits = { ...DEFAULT_LIMITS, ...options.limits };
    this.heads = new HeadBudget(this.limits.unfinishedHeadBytesMax);
    this.unreadHttp2Bodies = new Allowance(this.limits.unreadHttp2BodiesMax);
    this.wideHttp2 = new Allowance(this.limits.wideHttp2Max);
    this.wheel = options.wheel ?? new TimerWheel(options.clock);
  }

  /** Bound: `network.listen(address, server.accept)`. */
  readonly accept = (conn: Conn): void => {
    this.#connections.add(new ServerConnection(conn, this));
  };

  get draining(): boolean {
    return this.#draining;
  }

  /** Connections that are open, idle ones included, tunnels not. */
  get connectionCount(): number {
    return this.#connections.size;
  }

  /** Connections that were upgraded and are not over. */
  get tunnelCount(): number {
    return this.#tunnels.size;
  }

  /** Exchanges that are not over, tunnels included. */
  get inFlight(): number {
    return this.#inFlight;
  }

  /**
   * The next request of each connection is its last. Idle connections stay open: a client may be sending on one right
   * now. `drain` ends them.
   */
  lastRequests(): void {
    this.#draining = true;
  }

  /** Ends idle connections, answers what is in flight with `Connection: close`; resolves when only tunnels are left. */
  drain(): Promise<void> {
    this.#draining = true;
    for (const connection of [...this.#connections]) connection.stopKeepAlive();
    return new Promise((resolve) => {
      this.#drained.push(resolve);
      this.#checkDrained();
    });
  }

  /** Resets every connection, tunnels included, and raises `cancel` on every exchange. */
  closeNow(): void {
    this.#draining = true;
    const reason = new ServerClosed();
    for (const connection of [...this.#connections]) connection.closeNow(reason);
    for (const tunnel of [...this.#tunnels]) tunnel.reset();
  }

  date(): string {
    const second = Math.floor(this.#clock.wall() / 1000);
    if (second !== this.#dateSecond) {
      this.#dateSecond = second;
      this.#date = new Date(second * 1000).toUTCString();
    }
    return this.#date;
  }

  nextTurn(): Promise<void> {
    return new Promise((resolve) => this.#clock.schedule(0, resolve));
  }

  exchangeBegan(): void {
    this.#inFlight++;
  }

  exchangeEnded(): void {
    this.#inFlight--;
  }

  connectionGone(connection: ServedConnection): void {
    this.#connections.delete(connection);
    this.#checkDrained();
  }

  becameHttp2(connection: ServedConnection, conn: Conn, rest: Uint8Array): boolean {
    const early = Buffer.concat([Buffer.from(HTTP2_PREFACE_HEAD), rest]);
    const socket = this.#http2 ? conn.detach?.(early) : undefined;
    if (socket === undefined) return false;
    const peer = { address: conn.remoteAddress, port: conn.remotePort, secure: conn.secure === true };
    const successor = new Http2ServerConnection(socket, peer, this);
    this.#connections.delete(connection);
    this.#connections.add(successor);
    if (this.#draining) successor.stopKeepAlive();
    return true;
  }

  tunnelOpened(tunnel: Conn): void {
    this.#tunnels.add(tunnel);
  }

  tunnelClosed(tunnel: Conn): void {
    this.#tunnels.delete(tunnel);
  }

  #checkDrained(): void {
    if (!this.#draining || this.#connections.size > 0) return;
    const drained = this.#drained;
    this.#drained = [];
    for (const resolve of drained) resolve();
  }
}
