import type { Clock } from "../base/clock.ts";
import type { Log } from "../base/log.ts";
import type { Conn } from "./conn.ts";
import type { HttpLimits } from "./limits.ts";
import type { Handler } from "./message.ts";

export interface HttpServerOptions {
  readonly clock: Clock;
  readonly handler: Handler;
  readonly limits?: Partial<HttpLimits>;
  readonly log?: Log;
}

/** The server side of the HTTP engine: give it connections, it gives exchanges to the handler. */
export class HttpServer {
  constructor(_options: HttpServerOptions) {}

  /** Bound: `network.listen(address, server.accept)`. */
  readonly accept = (_conn: Conn): void => {
    throw new Error("not built yet");
  };

  /** Connections that are open, idle ones included. */
  get connectionCount(): number {
    return 0;
  }

  /** Requests that are being answered (upgraded connections are their owner's). */
  get inFlight(): number {
    return 0;
  }

  /** Ends idle connections, answers what is in flight with `Connection: close`; resolves when none is left. */
  drain(): Promise<void> {
    throw new Error("not built yet");
  }

  /** Resets every connection and raises `cancel` on every exchange. */
  closeNow(): void {}
}
