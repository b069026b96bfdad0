import { EbbError } from "../base/errors.ts";
import type { Allowance } from "./allowance.ts";
import type { Conn } from "./conn.ts";
import type { HeadBudget } from "./head-budget.ts";
import type { HttpLimits } from "./limits.ts";
import type { Handler } from "./message.ts";
import type { OnRefusal } from "./refusal.ts";
import type { TimerWheel } from "./timer-wheel.ts";

/** A client connection, as its server sees it. */
export interface ServedConnection {
  /** No further request will be read; an idle connection ends now. */
  stopKeepAlive(): void;
  closeNow(reason: Error): void;
}

/** What all connections of a server share. */
export interface ServerContext {
  readonly limits: HttpLimits;
  readonly handler: Handler;
  readonly heads: HeadBudget;
  readonly unreadHttp2Bodies: Allowance;
  readonly wideHttp2: Allowance;
  readonly wheel: TimerWheel;
  readonly draining: boolean;
  readonly onRefusal: OnRefusal;
  /** Value of the Date field. */
  date(): string;
  /** Resolves after the transport had a chance to tell what it knows. */
  nextTurn(): Promise<void>;
  exchangeBegan(): void;
  exchangeEnded(): void;
  /** The connection is closed, or became a tunnel. */
  connectionGone(connection: ServedConnection): void;
  /** The client speaks HTTP/2: `conn` goes over, `rest` came behind the preface's first line. False = not here. */
  becameHttp2(connection: ServedConnection, conn: Conn, rest: Uint8Array): boolean;
  tunnelOpened(tunnel: Conn): void;
  tunnelClosed(tunnel: Conn): void;
}

/** The client went away, as the reason of `Exchange.cancel`. */
export class ClientGone extends EbbError {
  constructor(cause?: unknown) {
    super("client-gone", "the client closed the connection before its answer was complete", { cause });
  }
}
