import type { Conn } from "../../src/http/conn.ts";
import { memoryConnPair } from "../../src/http/memory-conn.ts";

/** One end of a connection in a test's hand: what came, as latin1 text, and what happened. */
export class RawConn {
  readonly conn: Conn;
  received = "";
  ended = false;
  closed = false;
  error: Error | undefined;

  constructor(conn: Conn) {
    this.conn = conn;
    conn.setHandler({
      data: (chunk) => {
        this.received += Buffer.from(chunk).toString("latin1");
      },
      end: () => {
        this.ended = true;
      },
      drain() {},
      closed: (error) => {
        this.closed = true;
        this.error = error;
      },
    });
  }

  send(text: string): void {
    this.conn.write(Buffer.from(text, "latin1"));
  }

  /** What was received since the last call. */
  take(): string {
    const text = this.received;
    this.received = "";
    return text;
  }
}

/** A raw client whose connection `accept` serves. */
export function rawClient(accept: (conn: Conn) => void): RawConn {
  const [client, server] = memoryConnPair({ client: "192.0.2.7", server: "192.0.2.1" });
  accept(server);
  return new RawConn(client);
}

/** Lets every microtask run. */
export function settled(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}
