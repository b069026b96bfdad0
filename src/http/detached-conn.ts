import type { Conn, ConnHandler } from "./conn.ts";

/** Who handed the connection over may still want to know of it. */
export interface TunnelWatcher {
  wrote(): void;
  closed(bytesWritten: number): void;
}

/** A connection that left HTTP: bytes that came with the handshake are delivered first. */
export class DetachedConn implements Conn {
  readonly remoteAddress: string;
  readonly localAddress: string;
  readonly #conn: Conn;
  readonly #watcher: TunnelWatcher;
  #early: Buffer | undefined;
  #endSeen = false;
  #over: { error: Error | undefined } | undefined;
  #handler: ConnHandler | undefined;
  #paused = false;
  #bytesWritten = 0;

  /** `conn` must be unpaused by nobody else; its handler is set here. */
  constructor(conn: Conn, watcher: TunnelWatcher) {
    this.#conn = conn;
    this.remoteAddress = conn.remoteAddress;
    this.localAddress = conn.localAddress;
    this.#watcher = watcher;
    conn.pause();
    conn.setHandler({
      data: (chunk) => this.#data(chunk),
      end: () => this.#end(),
      drain: () => this.#handler?.drain(),
      closed: (error) => this.#closed(error),
    });
  }

  setHandler(handler: ConnHandler): void {
    this.#handler = handler;
    queueMicrotask(this.#deliver);
  }

  readonly #deliver = (): void => {
    const handler = this.#handler;
    if (!handler) return;
    if (this.#over) {
      const { error } = this.#over;
      this.#handler = undefined;
      handler.closed(error);
      return;
    }
    if (this.#paused) return;
    const early = this.#early;
    this.#early = undefined;
    if (early) handler.data(early);
    if (this.#endSeen && !this.#paused) {
      this.#endSeen = false;
      handler.end();
    }
    if (!this.#paused && !this.#over) this.#conn.resume();
  };

  write(chunk: Uint8Array): boolean {
    this.#bytesWritten += chunk.length;
    this.#watcher.wrote();
    return this.#conn.write(chunk);
  }

  end(): void {
    this.#conn.end();
  }

  reset(): void {
    this.#conn.reset();
  }

  pause(): void {
    this.#paused = true;
    this.#conn.pause();
  }

  resume(): void {
    this.#paused = false;
    if (this.#early || this.#endSeen) queueMicrotask(this.#deliver);
    else this.#conn.resume();
  }

  /** Bytes that came after the handshake in the same chunk. */
  addEarly(chunk: Uint8Array): void {
    if (chunk.length === 0) return;
    this.#early = Buffer.concat([this.#early ?? Buffer.alloc(0), chunk]);
  }

  /** The other side has ended already. */
  noteEnd(): void {
    this.#endSeen = true;
  }

  #data(chunk: Uint8Array): void {
    if (this.#handler && !this.#early && !this.#paused) this.#handler.data(chunk);
    else this.addEarly(chunk);
  }

  #end(): void {
    if (this.#handler && !this.#early && !this.#paused) this.#handler.end();
    else this.#endSeen = true;
  }

  #closed(error?: Error): void {
    if (this.#over) return;
    this.#over = { error };
    this.#watcher.closed(this.#bytesWritten);
    this.#deliver();
  }
}
