import type { Conn } from "./conn.ts";
import type { ServerContext } from "./server-context.ts";
import type { ServerExchange } from "./server-exchange.ts";

const CONTINUE = "HTTP/1.1 100 Continue\r\n\r\n";
/** For clients near and far. */
const ASK_AGAIN_MS = [20, 300, 3_000];

export interface AskedConnection {
  readonly paused: boolean;
  /** The exchange is the present one and the connection is not over. */
  serves(exchange: ServerExchange): boolean;
  writeText(text: string): void;
}

/**
 * Is the client of a connection of HTTP/1 still there? A FIN is sent by one that left and by one that only has nothing
 * more to say. 100 Continue tells them apart: the former's system answers with a reset, the latter skips it, as every
 * client of HTTP/1.1 must.
 */
export class ClientPresence {
  readonly #conn: Conn;
  readonly #context: ServerContext;
  readonly #connection: AskedConnection;
  /** The client has sent its FIN. */
  ended = false;

  constructor(conn: Conn, context: ServerContext, connection: AskedConnection) {
    this.#conn = conn;
    this.#context = context;
    this.#connection = connection;
  }

  /** A socket that has ended is read no more and only a further write meets the reset, so it is asked again later. */
  ask(exchange: ServerExchange, attempt = 0): void {
    if (!this.#connection.serves(exchange) || exchange.responded || exchange.request.version === "1.0")
      return;
    this.#connection.writeText(CONTINUE);
    const againMs = ASK_AGAIN_MS[attempt];
    if (againMs === undefined) return;
    this.#context.wheel.schedule(againMs, () => this.ask(exchange, attempt + 1));
  }

  /** Looks again: a paused transport reports neither FIN nor reset. */
  async check(exchange: ServerExchange): Promise<boolean> {
    const connection = this.#connection;
    if (!connection.serves(exchange)) return false;
    if (connection.paused) {
      this.#conn.resume();
      await this.#context.nextTurn();
      if (connection.paused && connection.serves(exchange)) this.#conn.pause();
    }
    // The first write brings the reset of a client that has gone, the second one meets it.
    for (let writes = 0; writes < 2 && this.ended && connection.serves(exchange); writes++) {
      if (exchange.request.version !== "1.0") connection.writeText(CONTINUE);
      await this.#context.nextTurn();
    }
    return !exchange.over && !exchange.cancel.raised;
  }
}
